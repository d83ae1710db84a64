//! What runs beside: tasks, and handlers of signals.

use super::{FrameId, ScopeId};
use flowmesh_ir::{StateId, Value, value::Variant};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A task of one run, numbered in the order in which they began: the int that the flow has of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct TaskId(pub(crate) u32);

/// How a task stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Task {
    /// It runs, in this scope.
    Running(ScopeId),
    /// Its cleanup is under way.
    Failing,
    /// It ended with a value.
    Done(Value),
    /// It ended with an error. Where nobody has looked yet, that is the error of a run that comes to its end.
    Failed { error: Arc<Variant>, seen: bool },
}

/// A handler of one run, numbered in the order in which they began to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct HandlerId(pub(crate) u32);

/// Something that hears a signal until its scope ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Handler {
    /// What it ends with.
    pub(crate) scope: ScopeId,
    /// The frame of the fiber that began it.
    pub(crate) frame: Option<FrameId>,
    /// The state that says what it is.
    pub(crate) state: StateId,
    /// Whether a round is under way; the others queue.
    pub(crate) busy: bool,
}
