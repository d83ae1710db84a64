//! Events and notes in the words of the program: for its numbers there are names.

use super::item::{Edit, NoteItem, What};
use crate::engine::Deployment;
use flowmesh_ir::{FlowId, call::Reply};
use flowmesh_machine::{Answer, Change, Decision, Ended, EventKind, Note};
use serde_json::value::RawValue;

/// The program's words for its numbers.
pub(super) struct Words<'a> {
    pub(super) deployment: &'a Deployment,
    pub(super) flow: FlowId,
}

impl Words<'_> {
    pub(super) fn what(&self, kind: &EventKind) -> What {
        let EventKind::Edited { changes } = kind else {
            return what(kind);
        };
        let flow = self.deployment.program.flow(self.flow);
        let edit = |change: &Change| {
            let slot = flow.and_then(|flow| flow.slots.get(change.slot.index()));
            Edit {
                variable: slot.map(|slot| slot.name.clone()).unwrap_or_default(),
                value: raw(&change.value),
            }
        };
        What::Edited {
            set: changes.iter().map(edit).collect(),
        }
    }

    pub(super) fn note(&self, note: &Note) -> NoteItem {
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
            Note::Parked {
                step,
                error: why,
                choices,
            } => NoteItem::Parked {
                step: title(*step),
                error: error(why),
                choices: choices.iter().map(|choice| choice.as_str()).collect(),
            },
            Note::StepReused { step, run, at } => NoteItem::StepReused {
                step: title(*step),
                run: run.clone(),
                at: *at,
            },
            Note::StepSkipped { step } => NoteItem::StepSkipped { step: title(*step) },
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

fn what(kind: &EventKind) -> What {
    match kind {
        EventKind::Started {
            input, key, terms, ..
        } => What::Started {
            input: raw(input),
            key: key.clone(),
            priority: terms.priority,
            delay: terms.delay.map(|delay| format!("{delay:#}")),
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
        EventKind::Answered {
            call,
            answer: Answer::Recalled(recorded),
        } => What::Reused {
            call: call.0,
            run: recorded.run.clone(),
            recorded: recorded.at,
            result: raw(&recorded.result),
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
        EventKind::Paused { reason } => What::Paused {
            reason: reason.clone(),
        },
        EventKind::Resumed => What::Resumed,
        EventKind::Decided { call, decision } => What::Decided {
            call: call.0,
            choice: decision.choice().as_str(),
            result: match decision {
                Decision::Done(result) => Some(raw(result)),
                _ => None,
            },
        },
        // The words of the program are needed for it.
        EventKind::Edited { .. } => What::Edited { set: Vec::new() },
        EventKind::Continued { .. } => What::Continued,
        EventKind::Moved { program, .. } => What::Moved {
            program: program.to_string(),
        },
        EventKind::Terminated { reason } => What::Terminated {
            reason: reason.clone(),
        },
    }
}

fn answered(answer: &Answer) -> (&'static str, Vec<u8>) {
    match answer {
        Answer::Done(_) => ("done", Vec::new()),
        Answer::Granted(token) => ("granted", token.to_string().into_bytes()),
        Answer::Run(id) => ("started", id.clone().into_bytes()),
        Answer::Ended(Ended::Done(result)) => ("ended", result.to_vec()),
        Answer::Ended(Ended::Failed(error, _)) => ("failed", error.as_bytes().to_vec()),
        Answer::Ended(Ended::Cancelled(reason)) => ("cancelled", reason.clone().into_bytes()),
        Answer::Ended(Ended::Terminated(reason)) => ("terminated", reason.clone().into_bytes()),
        Answer::Found(true) => ("found", Vec::new()),
        Answer::Found(false) => ("missing", Vec::new()),
        // It has words of its own.
        Answer::Recalled(_) => ("reused", Vec::new()),
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
