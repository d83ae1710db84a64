//! What a follower sees: journal events with what came of them, and notes that are lost when nobody listens.

use super::words::Words;
use crate::{
    RunId,
    engine::{Happened, view::Ending},
};
use flowmesh_ir::Name;
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
        /// Its priority, if one was said for it alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        priority: Option<i32>,
        /// For how long it waits first, if that was said for it alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delay: Option<String>,
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
        /// How: `done`, `started`, `ended`, `failed`, `cancelled`, `terminated`, `found`, `missing`, `refused`.
        how: &'static str,
        /// The identifier of a run, the result or error of a child, or the reason.
        detail: Box<RawValue>,
    },
    /// The result of the same call was there already.
    Reused {
        /// Which of the run's calls.
        call: u32,
        /// The run that it was recorded by.
        run: String,
        /// When it was.
        recorded: Timestamp,
        /// The result.
        result: Box<RawValue>,
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
    /// Somebody paused the run.
    Paused {
        /// Why.
        reason: String,
    },
    /// Somebody let it go on.
    Resumed,
    /// Somebody decided how a parked run goes on.
    Decided {
        /// At the end of which call it was parked.
        call: u32,
        /// How: `retry`, `done`, `fail`, `skip`.
        choice: &'static str,
        /// With `done`, the result.
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<Box<RawValue>>,
    },
    /// Somebody gave variables new values.
    Edited {
        /// Which, and what.
        set: Vec<Edit>,
    },
    /// Until here it shares the history of another run; from here on it goes on by itself.
    Continued,
    /// From here on it is a run of another program.
    Moved {
        /// The hash of the program.
        program: String,
    },
    /// Somebody ended it where it stood.
    Terminated {
        /// Why.
        reason: String,
    },
}

/// A variable with a new value.
#[derive(Clone, Debug, Serialize)]
pub struct Edit {
    /// The name of the variable.
    pub variable: Name,
    /// The whole value.
    pub value: Box<RawValue>,
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
    /// The result of a step was there already.
    StepReused {
        /// Its title.
        step: String,
        /// The run that it was recorded by.
        run: String,
        /// When it was.
        at: Timestamp,
    },
    /// The run is parked at a step, until somebody decides.
    Parked {
        /// Its title.
        step: String,
        /// Why: an error, an object with `name` and `fields`.
        error: Box<RawValue>,
        /// What can be chosen.
        choices: Vec<&'static str>,
    },
    /// What is to be undone counts as undone, because somebody decided so.
    StepSkipped {
        /// Its title.
        step: String,
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
    /// Where it went instead and why, if it did not go where its policy sends it first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failover: Option<String>,
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
            what: words.what(&happened.event.kind),
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
            Self::Reused { .. } => "reused",
            Self::Heard { .. } => "heard",
            Self::Streamed { .. } => "streamed",
            Self::Cancelled { .. } => "cancelled",
            Self::Paused { .. } => "paused",
            Self::Resumed => "resumed",
            Self::Decided { .. } => "decided",
            Self::Edited { .. } => "edited",
            Self::Continued => "continued",
            Self::Moved { .. } => "moved",
            Self::Terminated { .. } => "terminated",
        }
    }
}
