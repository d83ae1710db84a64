//! A scope: fibers that end together, and what they have done that may have to be undone.

use super::{CleanupId, FiberId, HandlerId, TaskId, Undo};
use crate::{CallId, TimerId};
use flowmesh_ir::{SignalId, StateId, Value};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};

/// A scope of one run, numbered in the order in which they began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct ScopeId(pub(crate) u32);

/// The scope of the whole run.
pub(crate) const ROOT: ScopeId = ScopeId(0);

/// Fibers that end together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scope {
    pub(crate) kind: Kind,
    /// The scope around it; the root has none, and neither has what a cleanup runs.
    pub(crate) outer: Option<ScopeId>,
    /// How many scopes are around it.
    pub(crate) depth: u32,
    /// What runs in it.
    pub(crate) fibers: BTreeSet<FiberId>,
    /// Scopes in it that no fiber waits for: tasks, rounds of handlers, branches that are not needed any more.
    pub(crate) beside: BTreeSet<ScopeId>,
    /// What was done by fibers that have joined.
    pub(crate) undo: Vec<Undo>,
}

/// What a scope is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// The whole run.
    Root,
    /// A region, and the fiber that waits for it.
    Region(Box<Inside>),
    /// A task.
    Task(TaskId),
    /// One round of a handler, and who waits for its answer.
    Round(HandlerId, Option<u64>),
    /// A branch that is not needed any more; where it keeps the region from beginning again, by whom and at which state.
    Rest(Option<(FiberId, StateId)>),
    /// What is done whichever way a region ended.
    Finally(CleanupId),
}

/// A region in motion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Inside {
    /// The fiber that waits.
    pub(crate) waiting: FiberId,
    /// The state that says what the region is.
    pub(crate) state: StateId,
    /// When it is too late.
    pub(crate) within: Option<(TimerId, Timestamp)>,
    /// What it holds, or waits for.
    pub(crate) guard: Option<CallId>,
    pub(crate) plan: Plan,
    /// How many branches have joined.
    pub(crate) joined: u64,
    /// How many must.
    pub(crate) need: Option<u64>,
    /// The branches whose values are in the list, in order.
    pub(crate) gathered: Vec<u64>,
}

/// What of a region has begun, and what is still to come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Plan {
    /// Branches as written.
    Fixed(Vec<Stage>),
    /// One for each.
    Each {
        items: Items,
        /// How many have begun.
        begun: u64,
        /// How many may run at once.
        limit: Option<usize>,
    },
}

/// How a branch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// It waits for others to join.
    Waiting,
    /// It runs.
    Begun,
    /// It has joined, or does not run at all.
    Settled,
}

/// What there is a branch for each of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Items {
    List(Arc<Vec<Value>>),
    Range(i64, i64),
    Signals(SignalId),
}

impl Scope {
    pub(crate) fn new(kind: Kind, outer: Option<ScopeId>, depth: u32) -> Self {
        Self {
            kind,
            outer,
            depth,
            fibers: BTreeSet::new(),
            beside: BTreeSet::new(),
            undo: Vec::new(),
        }
    }

    /// The region, where it is one.
    pub(crate) fn inside(&self) -> Option<&Inside> {
        match &self.kind {
            Kind::Region(inside) => Some(inside),
            _ => None,
        }
    }

    /// The region, where it is one, to be changed.
    pub(crate) fn inside_mut(&mut self) -> Option<&mut Inside> {
        match &mut self.kind {
            Kind::Region(inside) => Some(inside),
            _ => None,
        }
    }
}
