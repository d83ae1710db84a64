//! What the handling of one event reads and changes.

use crate::{
    CallId, Effect, Note, Run, Settings, TimerId,
    eval::{Evaluator, FUEL},
    run::{Caller, Fiber, FiberId, FrameId, Kind, Progress, Scope, ScopeId, Sleeper, StepState, Wait},
};
use flowmesh_ir::{Program, StateId, StepId, Value, expr::Expr, flow::Flow, value::Variant};
use flowmesh_stdlib::Fault;
use jiff::{SignedDuration, Timestamp};
use std::{collections::VecDeque, sync::Arc};

/// How many fibers a run has at a time.
pub(super) const FIBERS_MAX: usize = 10_000;

/// How deep regions nest; closing them goes as deep.
const SCOPES_DEPTH_MAX: u32 = 128;

/// An error on its way to who catches it.
pub(super) struct Thrown(pub(super) Arc<Variant>);

impl From<Fault> for Thrown {
    fn from(fault: Fault) -> Self {
        Self(error_of(&fault))
    }
}

/// What the handling of one event reads and changes.
pub(super) struct Turn<'p, 'r> {
    pub(super) program: &'p Program,
    pub(super) settings: &'p Settings,
    pub(super) flow: &'p Flow,
    pub(super) run: &'r mut Run,
    pub(super) effects: &'r mut Vec<Effect>,
    /// Fibers that are awake, in the order in which they go on.
    pub(super) ready: VecDeque<FiberId>,
    /// Whether a handler has become free.
    pub(super) freed: bool,
    /// How much work expressions may still be.
    pub(super) fuel: u64,
}

impl<'p, 'r> Turn<'p, 'r> {
    pub(super) fn new(
        program: &'p Program,
        settings: &'p Settings,
        flow: &'p Flow,
        run: &'r mut Run,
        effects: &'r mut Vec<Effect>,
        at: Timestamp,
    ) -> Self {
        run.context.now = run.context.now.max(at);
        Self {
            program,
            settings,
            flow,
            run,
            effects,
            ready: VecDeque::new(),
            freed: false,
            fuel: FUEL,
        }
    }

    /// An evaluator over the frame of the run.
    pub(super) fn evaluator(&mut self) -> Evaluator<'_> {
        let run = &mut *self.run;
        Evaluator::new(
            self.program,
            self.settings,
            &mut run.frame,
            &mut run.context,
            &mut self.fuel,
        )
    }

    /// An evaluator over another frame.
    pub(super) fn evaluator_over<'e>(&'e mut self, frame: &'e mut Vec<Value>) -> Evaluator<'e> {
        Evaluator::new(
            self.program,
            self.settings,
            frame,
            &mut self.run.context,
            &mut self.fuel,
        )
    }

    pub(super) fn duration(&mut self, expr: &Expr) -> Result<SignedDuration, Fault> {
        match self.evaluator().eval(expr)? {
            Value::Duration(duration) => Ok(duration),
            other => Err(crate::eval::unfit("a duration", &other)),
        }
    }

    /// Begins a fiber in a scope.
    pub(super) fn begin(
        &mut self,
        scope: ScopeId,
        branch: u64,
        frame: Option<FrameId>,
        state: StateId,
    ) -> Result<(), Thrown> {
        if self.run.fibers.len() >= FIBERS_MAX {
            let why = format!(
                "a run has at most {FIBERS_MAX} fibers at a time; a loop begins fewer with a `limit`"
            );
            return Err(Thrown(built_in("Overloaded", &why)));
        }
        let id = FiberId(self.run.next.fiber);
        self.run.next.fiber += 1;
        self.hold(frame);
        let fiber = Fiber {
            scope,
            branch,
            frame,
            state,
            wait: Wait::Nothing,
            undo: Vec::new(),
            record: None,
        };
        self.run.fibers.insert(id, fiber);
        if let Some(scope) = self.run.scopes.get_mut(&scope) {
            scope.fibers.insert(id);
        }
        self.ready.push_back(id);
        Ok(())
    }

    /// Takes a fiber out of the run, with all that ends with it.
    pub(super) fn take(&mut self, id: FiberId) -> Option<Fiber> {
        let fiber = self.run.fibers.remove(&id)?;
        if let Some(scope) = self.run.scopes.get_mut(&fiber.scope) {
            scope.fibers.remove(&id);
        }
        self.run.pollers.remove(&id);
        self.close_streams(id);
        self.release(fiber.frame);
        Some(fiber)
    }

    /// Wakes a fiber at a state.
    pub(super) fn wake(&mut self, id: FiberId, state: StateId) {
        if let Some(fiber) = self.run.fibers.get_mut(&id) {
            fiber.state = state;
            fiber.wait = Wait::Nothing;
            self.run.pollers.remove(&id);
            self.ready.push_back(id);
        }
    }

    /// Lets a fiber wait at a state.
    pub(super) fn rest(&mut self, id: FiberId, state: StateId, wait: Wait) {
        if let Some(fiber) = self.run.fibers.get_mut(&id) {
            fiber.state = state;
            fiber.wait = wait;
        }
    }

    /// Makes a scope.
    pub(super) fn open(&mut self, kind: Kind, outer: Option<ScopeId>) -> Result<ScopeId, Thrown> {
        let around = outer.and_then(|outer| self.run.scopes.get(&outer));
        let depth = around.map_or(0, |outer| outer.depth + 1);
        if depth > SCOPES_DEPTH_MAX {
            return Err(
                Fault::BadValue(format!("regions nest deeper than {SCOPES_DEPTH_MAX} levels")).into(),
            );
        }
        let id = ScopeId(self.run.next.scope);
        self.run.next.scope += 1;
        self.run.scopes.insert(id, Scope::new(kind, outer, depth));
        Ok(id)
    }

    /// The number of the next call.
    pub(super) fn next_call(&mut self, caller: Caller) -> CallId {
        let call = CallId(self.run.next.call);
        self.run.next.call += 1;
        self.run.calls.insert(call, caller);
        call
    }

    /// The place of the next thing done.
    pub(super) fn next_undo(&mut self) -> u32 {
        let order = self.run.next.undo;
        self.run.next.undo += 1;
        order
    }

    /// Asks for a timer.
    pub(super) fn arm(&mut self, after: SignedDuration, sleeper: Sleeper) -> (TimerId, Timestamp) {
        let at = self.run.context.now.checked_add(after).unwrap_or(Timestamp::MAX);
        self.arm_at(at, sleeper)
    }

    /// Asks for a timer at a time.
    pub(super) fn arm_at(&mut self, at: Timestamp, sleeper: Sleeper) -> (TimerId, Timestamp) {
        let timer = TimerId(self.run.next.timer);
        self.run.next.timer += 1;
        self.run.timers.insert(timer, sleeper);
        self.effects.push(Effect::Timer { timer, at });
        (timer, at)
    }

    pub(super) fn disarm(&mut self, timer: TimerId) {
        if self.run.timers.remove(&timer).is_some() {
            self.effects.push(Effect::Disarm { timer });
        }
    }

    pub(super) fn step_stopped(&mut self, step: StepId) {
        let active = self.run.progress.get(step.index());
        if active.is_some_and(|progress| progress.state == StepState::Active) {
            self.mark(step, StepState::Stopped);
            self.effects.push(Effect::Note(Note::StepStopped { step }));
        }
    }

    pub(super) fn step_started(&mut self, step: Option<StepId>) {
        let Some(step) = step else {
            return;
        };
        self.mark(step, StepState::Active);
        self.effects.push(Effect::Note(Note::StepStarted { step }));
    }

    pub(super) fn step_done(&mut self, step: Option<StepId>) {
        let Some(step) = step else {
            return;
        };
        self.mark(step, StepState::Done);
        self.effects.push(Effect::Note(Note::StepDone { step }));
    }

    pub(super) fn step_failed(&mut self, step: Option<StepId>, error: &Arc<Variant>) {
        let Some(step) = step else {
            return;
        };
        self.mark(step, StepState::Failed);
        let error = Arc::clone(error);
        self.effects.push(Effect::Note(Note::StepFailed { step, error }));
    }

    fn mark(&mut self, step: StepId, state: StepState) {
        let since = self.run.context.now;
        if let Some(progress) = self.run.progress.get_mut(step.index()) {
            let times = progress
                .times
                .saturating_add(u32::from(state == StepState::Active));
            *progress = Progress { state, times, since };
        }
    }
}

/// A fault as the error that a flow sees.
pub(super) fn error_of(fault: &Fault) -> Arc<Variant> {
    built_in(fault.error_name(), fault.reason())
}

/// A built-in error with a reason.
pub(super) fn built_in(name: &str, reason: &str) -> Arc<Variant> {
    let fields = std::iter::once(("reason".into(), Value::string(reason))).collect();
    Arc::new(Variant {
        name: name.into(),
        fields,
    })
}
