//! What a follower sees: journal events with what came of them, and notes that are lost when nobody listens.

use crate::{
    RunId,
    engine::{Deployment, Happened, view::Ending},
};
use flowmesh_ir::{FlowId, Name, call::Reply};
use flowmesh_machine::{Answer, Ended, EventKind, Note};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;

/// One thing that a follower sees.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Item {
    /// An event of the journal. These come in order and without gaps.
    Event(Arc<Happening>),
    /// An attempt at a call that did not end the call, or ended it badly.
    Attempt(Arc<Attempt>),
    /// The follower was too slow and has missed something; it can follow again from where it is.
    Lagged,
}

/// An event of the journal, and what came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Happening {
    /// The run.
    pub run: RunId,
    /// The how manyth of its events, from 0.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
    /// What came of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<NoteItem>,
    /// How the run ended, if it ended with this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

/// What happened.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// The run began.
    Started {
        /// What it began with.
        input: Box<RawValue>,
        /// Its key.
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// A call was answered.
    Answered {
        /// Which of the run's calls.
        call: u32,
        /// The status.
        status: u16,
        /// The body: as it is if it is JSON, else as a text.
        body: Box<RawValue>,
    },
    /// A call ended without an answer.
    Unanswered {
        /// Which of the run's calls.
        call: u32,
        /// The name of the error.
        error: &'static str,
        /// What happened.
        reason: String,
    },
    /// A timer came due.
    Fired {
        /// Which of the run's timers.
        timer: u32,
    },
    /// A signal came.
    Signalled {
        /// Its name.
        signal: Name,
        /// What it carries.
        payload: Box<RawValue>,
    },
    /// Something else than a call, that the run asked for, came out.
    Done {
        /// Which of the run's calls.
        call: u32,
        /// How: `done`, `started`, `ended`, `failed`, `cancelled`, `found`, `missing`, `refused`.
        how: &'static str,
        /// The identifier of a run, the result or error of a child, or the reason.
        detail: Box<RawValue>,
    },
    /// An event was told.
    Heard {
        /// Its name.
        name: Name,
        /// What it carries.
        payload: Box<RawValue>,
    },
    /// An item of a stream came.
    Streamed {
        /// Which of the run's calls.
        call: u32,
        /// The item.
        item: Box<RawValue>,
    },
    /// Somebody wants the run to stop.
    Cancelled {
        /// Why.
        reason: String,
    },
}

/// Something for people.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum NoteItem {
    /// A step began.
    StepStarted {
        /// Its title.
        step: String,
    },
    /// A step ended well.
    StepDone {
        /// Its title.
        step: String,
    },
    /// A step ended with an error.
    StepFailed {
        /// Its title.
        step: String,
        /// The error: an object with `name` and `fields`.
        error: Box<RawValue>,
    },
    /// A step was given up.
    StepStopped {
        /// Its title.
        step: String,
    },
    /// The run got a tag.
    Tagged {
        /// The key.
        key: Name,
        /// The text.
        value: String,
    },
    /// The run began anew.
    Restarted,
    /// Everything done so far is being undone.
    Undoing {
        /// The error; none if somebody cancelled the run.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Box<RawValue>>,
    },
    /// `log "..."`
    Log {
        /// The text.
        text: String,
    },
}

/// An attempt at a call.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    /// The run.
    pub run: RunId,
    /// The title of the step.
    pub step: String,
    /// Which of the run's calls.
    pub call: u32,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Where it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// What came of it, for people.
    pub outcome: String,
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// After how many milliseconds there is another one, if there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
}

impl Happening {
    /// What happened, in the words of the program.
    pub(crate) fn new(happened: &Happened) -> Self {
        let words = Words {
            deployment: &happened.deployment,
            flow: happened.flow,
        };
        Self {
            run: happened.run,
            sequence: happened.sequence,
            at: happened.event.at,
            what: what(&happened.event.kind),
            notes: happened.notes.iter().map(|note| words.note(note)).collect(),
            ending: happened.ending.clone(),
        }
    }
}

impl What {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Answered { .. } => "answered",
            Self::Unanswered { .. } => "unanswered",
            Self::Fired { .. } => "fired",
            Self::Signalled { .. } => "signalled",
            Self::Done { .. } => "done",
            Self::Heard { .. } => "heard",
            Self::Streamed { .. } => "streamed",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

fn what(kind: &EventKind) -> What {
    match kind {
        EventKind::Started { input, key, .. } => What::Started {
            input: raw(input),
            key: key.clone(),
        },
        EventKind::Replied {
            call,
            reply: Reply::Answer { status, body },
        } => What::Answered {
            call: call.0,
            status: *status,
            body: raw(body),
        },
        EventKind::Replied {
            call,
            reply: Reply::Failed(failure),
        } => What::Unanswered {
            call: call.0,
            error: failure.error_name(),
            reason: failure.reason().to_owned(),
        },
        EventKind::Fired { timer } => What::Fired { timer: timer.0 },
        EventKind::Signalled { name, payload, .. } => What::Signalled {
            signal: name.clone(),
            payload: raw(payload),
        },
        EventKind::Answered { call, answer } => {
            let (how, detail) = answered(answer);
            What::Done {
                call: call.0,
                how,
                detail: raw(&detail),
            }
        }
        EventKind::Heard { event, payload } => What::Heard {
            name: event.clone(),
            payload: raw(payload),
        },
        EventKind::Streamed { call, item } => What::Streamed {
            call: call.0,
            item: raw(item),
        },
        EventKind::Cancelled { reason } => What::Cancelled {
            reason: reason.clone(),
        },
    }
}

fn answered(answer: &Answer) -> (&'static str, Vec<u8>) {
    match answer {
        Answer::Done(_) => ("done", Vec::new()),
        Answer::Run(id) => ("started", id.clone().into_bytes()),
        Answer::Ended(Ended::Done(result)) => ("ended", result.to_vec()),
        Answer::Ended(Ended::Failed(error, _)) => ("failed", error.as_bytes().to_vec()),
        Answer::Ended(Ended::Cancelled(reason)) => ("cancelled", reason.clone().into_bytes()),
        Answer::Found(true) => ("found", Vec::new()),
        Answer::Found(false) => ("missing", Vec::new()),
        Answer::Refused(reason) => ("refused", reason.clone().into_bytes()),
    }
}

/// JSON as it is; anything else as a JSON text; nothing as `null`.
fn raw(bytes: &[u8]) -> Box<RawValue> {
    if bytes.is_empty() {
        return RawValue::NULL.to_owned();
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(bytes);
        serde_json::value::to_raw_value(&text).unwrap_or_else(|_| RawValue::NULL.to_owned())
    })
}

/// The program's words for its numbers.
struct Words<'a> {
    deployment: &'a Deployment,
    flow: FlowId,
}

impl Words<'_> {
    fn note(&self, note: &Note) -> NoteItem {
        let title = |step| self.deployment.step_title(self.flow, step).to_owned();
        let error = |error| {
            let json = self.deployment.error_json(error);
            RawValue::from_string(json).unwrap_or_else(|_| RawValue::NULL.to_owned())
        };
        match note {
            Note::StepStarted { step } => NoteItem::StepStarted { step: title(*step) },
            Note::StepDone { step } => NoteItem::StepDone { step: title(*step) },
            Note::StepFailed { step, error: why } => NoteItem::StepFailed {
                step: title(*step),
                error: error(why),
            },
            Note::Undoing { error: why } => NoteItem::Undoing {
                error: why.as_deref().map(error),
            },
            Note::StepStopped { step } => NoteItem::StepStopped { step: title(*step) },
            Note::Tagged { key, value } => NoteItem::Tagged {
                key: key.clone(),
                value: value.clone(),
            },
            Note::Restarted => NoteItem::Restarted,
            Note::Log { text } => NoteItem::Log { text: text.clone() },
        }
    }
}
