//! What is known of the flow whose statements are checked.

use super::{fiber, region, state, task, trying};
use crate::check::{
    Ty,
    globals::{FieldInfo, Signature},
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{ErrorId, Name, SlotId, expr::Expr, flow::View};
use jiff::SignedDuration;
use std::collections::{HashMap, HashSet};

/// What is known of the flow at hand.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) name: Name,
    pub(super) span: Span,
    /// What `return` gives: the result of the flow, of the task or the handler at hand.
    pub(in crate::check) result: Ty,
    /// What it returns from, for messages.
    pub(super) returner: Name,
    /// It is that of a task or a handler.
    pub(super) giving: bool,
    /// Its parameters and result, for `restart`.
    pub(super) signature: Option<Signature>,
    /// The fiber at hand, and how many there are.
    pub(super) fiber: u32,
    pub(super) fibers: u32,
    /// The branches of `parallel` around, each with the number of its block: fibers too, within the one at hand.
    pub(super) branches: Vec<(u32, u32)>,
    /// How many `parallel` there were.
    pub(super) parallels: u32,
    /// How much around can end what stands here, such as a deadline.
    pub(super) endable: u32,
    /// Assignments to a `var`.
    pub(super) writes: Vec<fiber::Write>,
    pub(super) conditions: Vec<fiber::Condition>,
    pub(super) tasks: Vec<task::Spawning>,
    /// Errors of the tasks around, which are those of whoever awaits them.
    pub(super) collecting: Vec<Vec<ErrorId>>,
    pub(super) views: Vec<(View, Span)>,
    pub(super) fails: Vec<(ErrorId, Span)>,
    /// Errors that it may end with by its own statements.
    pub(super) raised: HashSet<ErrorId>,
    pub(super) signals: Vec<SignalInfo>,
    pub(super) by_name: HashMap<Name, u32>,
    pub(super) loops: Vec<Loop>,
    /// The `try`s around, the innermost last.
    pub(super) tries: Vec<trying::Try>,
    /// How many `finally`s are around.
    pub(super) finally: u32,
    /// The steps, and the names of what something cancels.
    pub(super) steps: Vec<region::Named>,
    pub(super) cancelled: HashSet<Name>,
    pub(super) states: state::States,
    /// The deadlines around, where they are known.
    pub(super) deadlines: Vec<(SignedDuration, Span)>,
    /// What is held.
    pub(super) guards: Vec<(Expr, Span)>,
    /// For each loop around whose rounds run side by side, the first slot that is a round's own.
    pub(super) rounds: Vec<usize>,
    /// Where the value of the round at hand is.
    pub(super) round: Option<(SlotId, Ty)>,
    /// Slots that rounds have for themselves.
    pub(super) owned: HashSet<SlotId>,
}

/// A signal that the flow can hear.
#[derive(Clone, Debug)]
pub(super) struct SignalInfo {
    pub(super) name: Name,
    pub(super) span: Span,
    pub(super) params: Vec<FieldInfo>,
    pub(super) result: Option<Ty>,
    pub(super) transient: bool,
    /// Where it is awaited first.
    pub(super) awaited: Option<Span>,
    /// Where its handler is.
    pub(super) handled: Option<Span>,
}

/// A loop around the statement at hand.
#[derive(Debug)]
pub(super) struct Loop {
    /// A `break` leads out of it.
    pub(super) broken: bool,
    /// A `return`, `fail` or `goto` leads out of it.
    pub(super) left: bool,
}
