//! The values that a fiber has for itself: the slots of one round of a loop, of a task, of a handler.

use flowmesh_ir::{SlotId, Value};
use serde::{Deserialize, Serialize};

/// A frame of one run, numbered in the order in which they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct FrameId(pub(crate) u32);

/// Values that lie in their places only while a fiber that has them runs; then what lay there before lies here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Frame {
    /// The frame around it.
    pub(crate) outer: Option<FrameId>,
    /// How many frames are around it.
    pub(crate) depth: u32,
    /// Whose values these are.
    pub(crate) slots: Vec<SlotId>,
    /// The values, in the order of the slots.
    pub(crate) values: Vec<Value>,
    /// How many fibers, frames and others need it.
    pub(crate) users: u32,
}
