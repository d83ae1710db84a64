//! A run: one flow in motion. It changes only through [`crate::apply()`].

mod fiber;
mod phase;
mod progress;

pub use phase::Status;
pub use progress::{Progress, StepState};

pub(crate) use fiber::{Fiber, FiberId, Wait};
pub(crate) use phase::{Phase, Retry, Undoing, Why};

use crate::{CallId, Outcome, TimerId, eval::Context};
use flowmesh_ir::{FlowId, Program, SignalId, StepId, Value, call::Request};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};
use uuid::Uuid;

/// One flow in motion.
///
/// INVARIANT: no fiber waits for a signal that lies in the inbox; every call and timer outstanding belongs to exactly
/// one fiber or to the undoing.
#[derive(Clone, Debug)]
pub struct Run {
    pub(crate) id: Uuid,
    pub(crate) flow: FlowId,
    pub(crate) phase: Phase,
    /// The time of the last event, chance, and what the run knows of itself.
    pub(crate) context: Context,
    /// The frame, shared by all fibers.
    pub(crate) frame: Vec<Value>,
    pub(crate) fibers: BTreeMap<FiberId, Fiber>,
    /// Who waits for which call.
    pub(crate) calls: BTreeMap<CallId, FiberId>,
    /// Who waits for which timer.
    pub(crate) timers: BTreeMap<TimerId, FiberId>,
    /// Signals that nobody has heard yet, by their number in the flow.
    pub(crate) inbox: BTreeMap<SignalId, VecDeque<Value>>,
    /// What undoes the calls that have succeeded, the last on top.
    pub(crate) undo: Vec<Undo>,
    pub(crate) progress: Vec<Progress>,
    pub(crate) next: Next,
}

/// The next number of each kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Next {
    pub(crate) fiber: u32,
    pub(crate) call: u32,
    pub(crate) timer: u32,
}

/// How one call is undone: its arguments are already computed.
#[derive(Clone, Debug)]
pub(crate) struct Undo {
    pub(crate) step: StepId,
    pub(crate) request: Arc<Request>,
}

impl Run {
    /// A run of a flow that nothing has happened to yet.
    #[must_use]
    pub fn new(id: Uuid, flow: FlowId) -> Self {
        Self {
            id,
            flow,
            phase: Phase::New,
            context: Context::default(),
            frame: Vec::new(),
            fibers: BTreeMap::new(),
            calls: BTreeMap::new(),
            timers: BTreeMap::new(),
            inbox: BTreeMap::new(),
            undo: Vec::new(),
            progress: Vec::new(),
            next: Next::default(),
        }
    }

    /// Its identifier.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Its flow.
    #[must_use]
    pub fn flow(&self) -> FlowId {
        self.flow
    }

    /// When it began; `None` before the first event.
    #[must_use]
    pub fn started(&self) -> Option<Timestamp> {
        self.context.run.as_ref().map(|run| run.started)
    }

    /// The key it was started with.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.context.run.as_ref()?.key.as_deref()
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        match &self.phase {
            Phase::New => Status::Running,
            Phase::Forward if self.calls.is_empty() => Status::Waiting,
            Phase::Forward | Phase::Stopping(Why::Returned(_)) => Status::Running,
            Phase::Stopping(_) | Phase::Undoing(_) => Status::Undoing,
            Phase::Ended(Outcome::Done(_)) => Status::Done,
            Phase::Ended(Outcome::Failed(_)) => Status::Failed,
            Phase::Ended(Outcome::Cancelled(_)) => Status::Cancelled,
        }
    }

    /// How it ended, once it has.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.phase {
            Phase::Ended(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// The result as JSON by the type of the flow, once it is done.
    #[must_use]
    pub fn result_json(&self, program: &Program) -> Option<String> {
        let Some(Outcome::Done(value)) = self.outcome() else {
            return None;
        };
        let flow = program.flow(self.flow)?;
        Some(crate::border::encode(program, &flow.result, value))
    }

    /// How each step of the flow stands that has been begun, in the order of the program.
    pub fn steps(&self) -> impl Iterator<Item = (StepId, &Progress)> {
        (0u32..)
            .map(StepId)
            .zip(&self.progress)
            .filter(|(_, progress)| progress.state != StepState::Untouched)
    }

    /// How many signals of this name nobody has heard yet.
    #[must_use]
    pub fn kept_signals(&self, program: &Program, name: &str) -> usize {
        let Some(flow) = program.flow(self.flow) else {
            return 0;
        };
        let ids = (0u32..).map(SignalId).zip(&flow.signals);
        ids.filter(|(_, signal)| signal.name == name)
            .filter_map(|(id, _)| self.inbox.get(&id))
            .map(VecDeque::len)
            .sum()
    }
}
