//! What reaches beyond the calls of a run: other runs, events, signals with answers, traffic, streams.

use super::{Catch, Target};
use crate::{EventId, FlowId, ServiceId, SignalId, SlotId, StateId, StepId, SubsetId, expr::Expr};
use serde::{Deserialize, Serialize};

/// A start of another flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Which flow.
    pub flow: FlowId,
    /// A value for each of its parameters, in order.
    pub arguments: Vec<Expr>,
    /// How the two runs hang together.
    pub tie: Tie,
    /// Where its result may be there already; only of a child.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<super::Reuse>,
    /// Where the result goes (of a child), or the identifier of the run, a text.
    pub bind: Option<SlotId>,
    /// How to undo it, once it has ended well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<super::Undo>,
    /// What happens on errors of a child.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Catch>,
    /// Where to go on.
    pub next: StateId,
}

/// How a run hangs together with the one that started it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tie {
    /// The starter waits for it; cancelling the starter cancels it.
    Child,
    /// It lives on its own; the starter goes on when it is durable.
    Apart,
}

/// `on NAME(params) { }`: a fiber for each signal that comes, one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listen {
    /// Which signal.
    pub signal: SignalId,
    /// Where its parameters go, in order: each one of `own`.
    pub params: Vec<SlotId>,
    /// The slots that each round has for itself.
    pub own: Vec<SlotId>,
    /// Where a round begins. It ends with [`super::End::Give`].
    pub entry: StateId,
    /// Where to go on.
    pub next: StateId,
}

/// `emit OrderPaid(order: "1")`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Emit {
    /// Which event.
    pub event: EventId,
    /// Its record.
    pub value: Expr,
    /// Where to go on, once it is durable that all who wait will hear it.
    pub next: StateId,
}

/// `shift payments { v1: 75%, v2: 25% }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// Which service.
    pub service: ServiceId,
    /// The new weights, ints that add up to 100.
    pub weights: Vec<(SubsetId, Expr)>,
    /// What people see undoing it as: it moves the traffic back to where it was.
    pub undo: StepId,
    /// Where to go on.
    pub next: StateId,
}

/// `for x in svc.tail(id) { }`: this state is met again after each item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stream {
    /// What is called.
    pub target: Target,
    /// Where the item goes.
    pub item: SlotId,
    /// Where to go with an item; it leads back to this state.
    pub body: StateId,
    /// What happens on errors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Catch>,
    /// Where to go on when the stream has ended.
    pub next: StateId,
}
