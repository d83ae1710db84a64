//! Checked statements that wait, that run beside, and that reach beyond the run.

use super::{Catch, Statement};
use flowmesh_ir::{
    EventId, FlowId, Name, ServiceId, SignalId, SlotId, SubsetId,
    expr::Expr,
    flow::{On, Target},
};

/// A wait for whichever arm comes first.
#[derive(Clone, Debug)]
pub(crate) struct Wait {
    /// `await approve`
    pub(crate) title: String,
    pub(crate) arms: Vec<Arm>,
    /// On the errors of an awaited task.
    pub(crate) catch: Vec<Catch>,
}

/// One way on.
#[derive(Clone, Debug)]
pub(crate) struct Arm {
    pub(crate) on: On,
    pub(crate) bind: Option<SlotId>,
    pub(crate) body: Vec<Statement>,
}

/// A start of a run that is apart.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    /// `start report`
    pub(crate) title: String,
    pub(crate) flow: FlowId,
    pub(crate) arguments: Vec<Expr>,
    /// Where its identifier goes.
    pub(crate) bind: Option<SlotId>,
}

/// A fiber beside.
#[derive(Clone, Debug)]
pub(crate) struct Spawn {
    pub(crate) task: SlotId,
    pub(crate) own: Vec<SlotId>,
    pub(crate) body: Vec<Statement>,
}

/// A fiber for each signal that comes.
#[derive(Clone, Debug)]
pub(crate) struct Listen {
    pub(crate) signal: SignalId,
    pub(crate) params: Vec<SlotId>,
    pub(crate) own: Vec<SlotId>,
    pub(crate) body: Vec<Statement>,
}

/// An event that is told.
#[derive(Clone, Debug)]
pub(crate) struct Emit {
    /// `emit OrderPaid`
    pub(crate) title: String,
    pub(crate) event: EventId,
    pub(crate) value: Expr,
}

/// Traffic that is moved.
#[derive(Clone, Debug)]
pub(crate) struct Shift {
    pub(crate) name: Name,
    pub(crate) service: ServiceId,
    pub(crate) weights: Vec<(SubsetId, Expr)>,
}

/// A loop over what an operation answers, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    /// `logs.tail`
    pub(crate) title: String,
    pub(crate) target: Target,
    pub(crate) item: SlotId,
    pub(crate) body: Vec<Statement>,
}
