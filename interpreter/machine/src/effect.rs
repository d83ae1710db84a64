//! What a run asks the world for. Performed only after the event that led to it is on stable storage.

use crate::{CallId, TimerId};
use flowmesh_ir::{StepId, Value, call::Request, value::Variant};
use jiff::Timestamp;
use std::sync::Arc;

/// Something asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Send a request; the answer comes back as [`crate::EventKind::Replied`].
    Call {
        /// Its number.
        call: CallId,
        /// What people see it as.
        step: StepId,
        /// Whether it undoes an earlier one.
        undo: bool,
        /// What is sent.
        request: Arc<Request>,
    },
    /// Wake the run at a time, with [`crate::EventKind::Fired`].
    Timer {
        /// Its number.
        timer: TimerId,
        /// When.
        at: Timestamp,
    },
    /// The timer is not needed any more; if it fires all the same, nothing happens.
    Disarm {
        /// Which.
        timer: TimerId,
    },
    /// Something for people; not repeated when the run is replayed.
    Note(Note),
    /// The run has ended.
    Finished(Outcome),
}

/// Something for people: progress and logs. Lost notes do no harm.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// A step began: a call, a sleep, a wait.
    StepStarted {
        /// Which.
        step: StepId,
    },
    /// A step ended well.
    StepDone {
        /// Which.
        step: StepId,
    },
    /// A step ended with an error, caught or not.
    StepFailed {
        /// Which.
        step: StepId,
        /// The error.
        error: Arc<Variant>,
    },
    /// Everything done so far is being undone, and why.
    Undoing {
        /// The error, or `None` if somebody cancelled the run.
        error: Option<Arc<Variant>>,
    },
    /// `log "..."`
    Log {
        /// The text.
        text: String,
    },
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// With a result.
    Done(Value),
    /// With an error, after everything was undone.
    Failed(Arc<Variant>),
    /// Because somebody wanted it, after everything was undone.
    Cancelled(String),
}
