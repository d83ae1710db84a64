//! What was asked for and has not come, and whom it concerns.

use super::{CleanupId, FiberId, ScopeId, Wait};
use flowmesh_ir::{
    StateId, Value,
    call::{Reply, Request},
    traffic::Rate,
};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Arc};

/// Whom the end of a call concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Caller {
    /// The fiber that made it.
    Fiber(FiberId),
    /// The run, which is not let in yet.
    Entrance,
    /// The region that waits for its guard.
    Guard(ScopeId),
    /// A cleanup: the fiber that made it is gone.
    Orphan(CleanupId),
    /// A cleanup: it undoes something.
    Undo(CleanupId),
}

/// Whom a timer wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sleeper {
    /// A fiber.
    Fiber(FiberId),
    /// The run, which has not begun yet.
    Entrance,
    /// A region that is too late then.
    Region(ScopeId),
    /// A cleanup that tries an undo again.
    Undo(CleanupId),
}

/// A call whose fiber is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Orphan {
    /// The state that made it.
    pub(crate) state: StateId,
    /// What was asked for.
    pub(crate) wait: Wait,
    /// The frame as it was, for the arguments of what undoes it; the flow may have written to its own since.
    pub(crate) frame: Vec<Value>,
}

/// A guard that is held or waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) name: String,
    pub(crate) permits: Option<u32>,
    pub(crate) rate: Option<Rate>,
    /// Whether it is held.
    pub(crate) granted: bool,
}

/// A stream that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Open {
    pub(crate) request: Arc<Request>,
    /// What the request was made of.
    pub(crate) arguments: Vec<Value>,
    /// The fiber and the state that read it.
    pub(crate) reader: (FiberId, StateId),
    /// Items that came before they were asked for.
    pub(crate) items: VecDeque<Value>,
    /// How it ended, until somebody looks.
    pub(crate) ended: Option<Reply>,
}
