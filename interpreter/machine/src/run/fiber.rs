//! A fiber: one line of control within a run, and what it waits for.

use super::{CleanupId, FrameId, ScopeId, Undo};
use crate::{Ask, CallId, Recall, TimerId};
use flowmesh_ir::{StateId, call::Request};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A fiber of one run, numbered in the order in which they began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct FiberId(pub(crate) u32);

/// One line of control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fiber {
    /// What it runs in.
    pub(crate) scope: ScopeId,
    /// Which of the branches of its scope it is.
    pub(crate) branch: u64,
    /// The values that it has for itself.
    pub(crate) frame: Option<FrameId>,
    /// The state that it is at, or that it goes to next.
    pub(crate) state: StateId,
    /// What it waits for there.
    pub(crate) wait: Wait,
    /// What undoes the calls that it made, the last on top.
    pub(crate) undo: Vec<Undo>,
    /// What the result of the call that it waits for is recorded as.
    pub(crate) record: Option<Box<Recall>>,
}

/// What a fiber waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Wait {
    /// Nothing: it goes on as soon as it is its turn.
    Nothing,
    /// The end of a call; the request is kept to be sent again after a crash.
    Call(CallId, Arc<Request>),
    /// Something else that was asked for.
    Ask(CallId, Box<Ask>),
    /// The next item of a stream, or its end.
    Item,
    /// A time.
    Time(TimerId, Timestamp),
    /// Whichever arm comes first; those that are times have timers.
    Arms(Vec<ArmTimer>),
    /// The end of a region.
    Region(ScopeId),
    /// That what it left behind is cleaned up, so far as it must be.
    Cleanup(CleanupId),
    /// The branches that the last round of this region left behind.
    Later,
    /// That somebody decides how its call has ended.
    Decision(CallId),
}

/// The timer of an arm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ArmTimer {
    /// Which arm.
    pub(crate) arm: u32,
    pub(crate) timer: TimerId,
    pub(crate) at: Timestamp,
}

impl Wait {
    /// The timers that were armed for it.
    pub(crate) fn timers(&self) -> impl Iterator<Item = (TimerId, Timestamp)> {
        let (one, many) = match self {
            Self::Time(timer, at) => (Some((*timer, *at)), &[][..]),
            Self::Arms(arms) => (None, arms.as_slice()),
            _ => (None, &[][..]),
        };
        one.into_iter().chain(many.iter().map(|arm| (arm.timer, arm.at)))
    }
}
