//! A run: one flow in motion. It changes only through [`crate::apply()`].

mod asked;
mod cleanup;
mod entrance;
mod fiber;
mod fingerprint;
mod frame;
mod parked;
mod phase;
mod progress;
mod scope;
mod still;
mod task;

pub use fingerprint::Sight;
pub use parked::{Choice, Stand};
pub use phase::Status;
pub use progress::{Progress, StepState};
pub use still::Pause;

pub(crate) use asked::{Caller, Held, Open, Orphan, Sleeper};
pub(crate) use cleanup::{Cleanup, CleanupId, Finally, Retry, Then, Undo, Undoing, Way};
pub(crate) use entrance::Entrance;
pub(crate) use fiber::{ArmTimer, Fiber, FiberId, Wait};
pub(crate) use frame::{Frame, FrameId};
pub(crate) use parked::{Parked, Stuck};
pub(crate) use phase::{Phase, Why};
pub(crate) use scope::{Inside, Items, Kind, Plan, ROOT, Scope, ScopeId, Stage};
pub(crate) use still::{Late, Still};
pub(crate) use task::{Handler, HandlerId, Task, TaskId};

use crate::{CallId, Outcome, Terms, TimerId, eval::Context};
use flowmesh_ir::{FlowId, Name, Program, SignalId, StateId, StepId, Value};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use uuid::Uuid;

/// One flow in motion.
///
/// INVARIANT: no fiber waits for a signal that lies in the inbox; every call and timer outstanding belongs to exactly
/// one fiber, region or cleanup; between events no fiber's own values lie in the frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub(crate) id: Uuid,
    pub(crate) flow: FlowId,
    pub(crate) phase: Phase,
    /// The time of the last event, chance, and what the run knows of itself.
    pub(crate) context: Context,
    /// The frame, shared by all fibers.
    pub(crate) frame: Vec<Value>,
    /// Whose own values lie in the frame now.
    pub(crate) seated: Option<FrameId>,
    pub(crate) frames: BTreeMap<FrameId, Frame>,
    pub(crate) fibers: BTreeMap<FiberId, Fiber>,
    /// Fibers that wait for a condition or a task, or for a region that is done when a condition holds.
    pub(crate) pollers: BTreeSet<FiberId>,
    pub(crate) scopes: BTreeMap<ScopeId, Scope>,
    pub(crate) cleanups: BTreeMap<CleanupId, Cleanup>,
    /// How many branches of an earlier round keep a region from beginning again.
    pub(crate) later: BTreeMap<(FiberId, StateId), u32>,
    pub(crate) tasks: BTreeMap<TaskId, Task>,
    pub(crate) handlers: BTreeMap<HandlerId, Handler>,
    /// Whom the end of which call concerns.
    pub(crate) calls: BTreeMap<CallId, Caller>,
    pub(crate) orphans: BTreeMap<CallId, Orphan>,
    pub(crate) guards: BTreeMap<CallId, Held>,
    pub(crate) streams: BTreeMap<CallId, Open>,
    /// Who waits for which timer.
    pub(crate) timers: BTreeMap<TimerId, Sleeper>,
    /// Signals that nobody has heard yet, by their number in the flow.
    pub(crate) inbox: BTreeMap<SignalId, VecDeque<Kept>>,
    pub(crate) tags: BTreeMap<Name, String>,
    pub(crate) progress: Vec<Progress>,
    pub(crate) next: Next,
    /// Whether the first fiber has come to the end of the flow's body.
    pub(crate) fallen: bool,
    /// Whether it has begun to undo everything.
    pub(crate) undone: bool,
    /// While it stands still, and until what came meanwhile was acted upon.
    pub(crate) still: Option<Box<Still>>,
    /// Where its flow says when its runs may begin.
    pub(crate) entrance: Option<Entrance>,
    /// What was said for it alone.
    pub(crate) terms: Terms,
}

/// A signal that nobody has heard yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) value: Value,
    /// The number by which its sender waits for an answer.
    pub(crate) answer: Option<u64>,
}

/// The next number of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Next {
    pub(crate) fiber: u32,
    pub(crate) frame: u32,
    pub(crate) scope: u32,
    pub(crate) cleanup: u32,
    pub(crate) task: u32,
    pub(crate) handler: u32,
    pub(crate) call: u32,
    pub(crate) timer: u32,
    pub(crate) undo: u32,
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
            seated: None,
            frames: BTreeMap::new(),
            fibers: BTreeMap::new(),
            pollers: BTreeSet::new(),
            scopes: BTreeMap::new(),
            cleanups: BTreeMap::new(),
            later: BTreeMap::new(),
            tasks: BTreeMap::new(),
            handlers: BTreeMap::new(),
            calls: BTreeMap::new(),
            orphans: BTreeMap::new(),
            guards: BTreeMap::new(),
            streams: BTreeMap::new(),
            timers: BTreeMap::new(),
            inbox: BTreeMap::new(),
            tags: BTreeMap::new(),
            progress: Vec::new(),
            next: Next::default(),
            fallen: false,
            undone: false,
            still: None,
            entrance: None,
            terms: Terms::default(),
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

    /// What was said for it alone.
    #[must_use]
    pub fn terms(&self) -> Terms {
        self.terms
    }

    /// When it began; `None` before the first event.
    #[must_use]
    pub fn started(&self) -> Option<Timestamp> {
        self.context.run.as_ref().map(|run| run.started)
    }

    /// When something happened to it last.
    #[must_use]
    pub fn updated(&self) -> Timestamp {
        self.context.now
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
            Phase::Forward | Phase::Ending(_) if self.stands_still() => Status::Paused,
            Phase::New => Status::Running,
            Phase::Forward if self.calls.is_empty() || self.is_outside() => Status::Waiting,
            Phase::Forward | Phase::Ending(Why::Returned(_)) => Status::Running,
            Phase::Ending(_) => Status::Undoing,
            Phase::Ended(Outcome::Done(_)) => Status::Done,
            Phase::Ended(Outcome::Failed(_)) => Status::Failed,
            Phase::Ended(Outcome::Cancelled(_)) => Status::Cancelled,
            Phase::Ended(Outcome::Terminated(_)) => Status::Terminated,
        }
    }

    /// For a world in which a move loses something: what would have to be undone.
    #[doc(hidden)]
    pub fn forget_undo(&mut self) {
        self.fibers.values_mut().for_each(|fiber| fiber.undo.clear());
        self.scopes.values_mut().for_each(|scope| scope.undo.clear());
    }

    /// Whether it does its work, and has not come to its end.
    pub(crate) fn is_forward(&self) -> bool {
        matches!(self.phase, Phase::Forward)
    }

    /// Whether it takes no new step whatever comes.
    pub(crate) fn stands_still(&self) -> bool {
        self.still.as_ref().is_some_and(|still| !still.is_over())
    }

    /// Who paused it, while it is paused.
    #[must_use]
    pub fn paused(&self) -> Option<&Pause> {
        self.still.as_ref()?.paused.as_ref()
    }

    /// Where it is parked, while nobody has decided how it goes on.
    #[must_use]
    pub fn parked(&self) -> Option<Stand<'_>> {
        let parked = self.still.as_ref()?.parked.as_ref();
        let parked = parked.filter(|parked| parked.decision.is_none())?;
        Some(Stand {
            call: parked.call,
            step: parked.step,
            error: &parked.error,
            since: parked.since,
            choices: parked.choices(),
        })
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

    /// What it holds: by which number it was asked for, its name, and how many may hold it where it is no lock.
    pub fn guards(&self) -> impl Iterator<Item = (CallId, &str, Option<u32>)> {
        let late = |call| self.still.as_ref().is_some_and(|still| still.has_granted(call));
        let held = self
            .guards
            .iter()
            .filter(move |(call, held)| held.granted || late(**call));
        held.map(|(call, held)| (*call, held.name.as_str(), held.permits))
    }

    /// The texts by which it is found, by their keys.
    #[must_use]
    pub fn tags(&self) -> &BTreeMap<Name, String> {
        &self.tags
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
            .sum::<usize>()
            + self.still.as_ref().map_or(0, |still| still.signals(name))
    }
}
