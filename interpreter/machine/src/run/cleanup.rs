//! A cleanup: what is left to do for fibers that were cancelled or have failed.

use super::{FiberId, FrameId, TaskId};
use crate::{CallId, TimerId};
use flowmesh_ir::{ServiceId, StateId, StepId, SubsetId, Value, call::Request, flow::Catch, value::Variant};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// A cleanup of one run, numbered in the order in which they began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct CleanupId(pub(crate) u32);

/// In this order: calls on their way are heard, `finally`s run, what was done is undone, guards are let go of. Only
/// where the flow goes on at once do the `finally`s come first and the rest goes on beside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cleanup {
    /// How many calls are still on their way.
    pub(crate) calls: usize,
    /// How many other cleanups must have ended.
    pub(crate) inner: usize,
    /// What is done whichever way a region ends, the innermost first.
    pub(crate) finallies: VecDeque<Finally>,
    /// How many of these run.
    pub(crate) running: usize,
    /// What the `finally`s failed with, the first.
    pub(crate) failed: Option<Arc<Variant>>,
    /// What was done, by the order in which it was.
    pub(crate) undo: BTreeMap<u32, Undo>,
    /// Whether what comes late stays done.
    pub(crate) keep: bool,
    /// What is held until all is undone.
    pub(crate) guards: Vec<CallId>,
    /// What is being undone now.
    pub(crate) undoing: Option<Undoing>,
    /// What comes after.
    pub(crate) then: Then,
}

/// A `finally` that is still to be run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Finally {
    pub(crate) entry: StateId,
    pub(crate) frame: Option<FrameId>,
}

/// What comes after a cleanup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Then {
    /// Nothing: it went on beside.
    Nothing,
    /// A fiber goes on as soon as the `finally`s have run.
    Go(FiberId, StateId),
    /// A task or a round ends with a value, as soon as the `finally`s have run.
    Give(FiberId, Value),
    /// The run begins anew with these parameters, as soon as the `finally`s have run.
    Restart(Vec<Value>),
    /// A fiber goes on with an error that it catches, when everything is undone.
    Catch(FiberId, Catch, Arc<Variant>),
    /// A task has failed, when everything is undone.
    Fail(TaskId, Arc<Variant>),
    /// Another cleanup goes on.
    Join(CleanupId),
    /// The run ends. Its own undoing begins when all others have ended, so that the last is undone first.
    End,
}

/// How one thing is undone: its arguments are already computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Undo {
    /// Its place in the order of all that was done.
    pub(crate) order: u32,
    pub(crate) step: StepId,
    pub(crate) way: Way,
}

/// By what something is undone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Way {
    /// By a call.
    Call(Arc<Request>),
    /// By moving the traffic of a service back.
    Shift(ServiceId, Vec<(SubsetId, u32)>),
}

/// One undo at a time, each repeated until it has succeeded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Undoing {
    pub(crate) current: Undo,
    /// How often it was tried without success.
    pub(crate) failures: u32,
    /// What it waits for.
    pub(crate) retry: Retry,
}

/// What the undoing waits for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Retry {
    /// The end of a call.
    Call(CallId),
    /// The time for the next one.
    Time(TimerId, Timestamp),
    /// That somebody decides what becomes of it.
    Decision,
}

impl Cleanup {
    pub(crate) fn new() -> Self {
        Self {
            calls: 0,
            inner: 0,
            finallies: VecDeque::new(),
            running: 0,
            failed: None,
            undo: BTreeMap::new(),
            keep: false,
            guards: Vec::new(),
            undoing: None,
            then: Then::Nothing,
        }
    }
}

impl Then {
    /// Whether calls are heard before anything else.
    pub(crate) fn in_sequence(&self) -> bool {
        !matches!(
            self,
            Self::Nothing | Self::Go(..) | Self::Give(..) | Self::Restart(_)
        )
    }
}
