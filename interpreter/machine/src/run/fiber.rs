//! A fiber: one line of control within a run, and what it waits for.

use crate::{CallId, TimerId};
use flowmesh_ir::{StateId, call::Request};
use jiff::Timestamp;
use std::sync::Arc;

/// A fiber of one run, numbered in the order in which they began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FiberId(pub(crate) u32);

/// One line of control.
#[derive(Clone, Debug)]
pub(crate) struct Fiber {
    /// Who forked it, and waits for it.
    pub(crate) parent: Option<FiberId>,
    /// The state that it is at, or that it goes to next.
    pub(crate) state: StateId,
    /// What it waits for there.
    pub(crate) wait: Wait,
}

/// What a fiber waits for.
#[derive(Clone, Debug)]
pub(crate) enum Wait {
    /// Nothing: it goes on as soon as it is its turn.
    Nothing,
    /// The end of a call; the request is kept to be sent again after a crash.
    Call(CallId, Arc<Request>),
    /// A time.
    Time(TimerId, Timestamp),
    /// A signal, perhaps with a limit.
    Signal(Option<(TimerId, Timestamp)>),
    /// So many fibers that it forked.
    Branches(usize),
}
