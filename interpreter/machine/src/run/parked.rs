//! A run that is parked: it cannot go on by itself, and waits for a person to decide.

use super::{CleanupId, FiberId};
use crate::{CallId, Decision};
use flowmesh_ir::{StepId, call::Request, value::Variant};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// At the end of which call a run is parked. There is one at a time: whatever else comes is kept until it goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Parked {
    pub(crate) call: CallId,
    pub(crate) step: StepId,
    pub(crate) error: Arc<Variant>,
    pub(crate) since: Timestamp,
    pub(crate) stuck: Stuck,
    /// How it goes on, once somebody has decided. A paused run does so when it is resumed.
    pub(crate) decision: Option<Decision>,
    /// Whether values were edited since.
    pub(crate) edited: bool,
}

/// What is stuck.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Stuck {
    /// A fiber whose call ended with `Unknown`; what it sent.
    Fiber(FiberId, Arc<Request>),
    /// A call that ended with `Unknown`, whose fiber is gone, and that would have to be undone if it succeeded.
    Orphan(CleanupId),
    /// A cleanup, at an undo that does not succeed.
    Undo(CleanupId),
}

/// What a person can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    /// [`Decision::Retry`]
    Retry,
    /// [`Decision::Done`]
    Done,
    /// [`Decision::Fail`]
    Fail,
    /// [`Decision::Skip`]
    Skip,
}

/// Where a run is parked, for people.
#[derive(Clone, Copy, Debug)]
pub struct Stand<'r> {
    /// At the end of which of its calls: this names it.
    pub call: CallId,
    /// What people see the call as.
    pub step: StepId,
    /// What it ended with.
    pub error: &'r Arc<Variant>,
    /// Since when.
    pub since: Timestamp,
    /// What can be chosen.
    pub choices: &'static [Choice],
}

impl Parked {
    /// What can be chosen.
    pub(crate) fn choices(&self) -> &'static [Choice] {
        match self.stuck {
            Stuck::Fiber(..) => &[Choice::Retry, Choice::Done, Choice::Fail],
            // Nobody wants its result any more: it matters only whether there is something to undo.
            Stuck::Orphan(_) => &[Choice::Done, Choice::Fail],
            Stuck::Undo(_) => &[Choice::Retry, Choice::Skip],
        }
    }
}

impl Choice {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Done => "done",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }
}

impl Decision {
    /// Which choice it is.
    #[must_use]
    pub fn choice(&self) -> Choice {
        match self {
            Self::Retry => Choice::Retry,
            Self::Done(_) => Choice::Done,
            Self::Fail => Choice::Fail,
            Self::Skip => Choice::Skip,
        }
    }
}
