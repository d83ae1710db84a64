//! What the handling of one event reads and changes.

use crate::{
    CallId, Effect, Note, Run, Settings, TimerId,
    eval::{Evaluator, FUEL},
    run::{Fiber, FiberId, Progress, StepState, Wait},
};
use flowmesh_ir::{Program, StateId, StepId, Value, expr::Expr, flow::Flow, value::Variant};
use flowmesh_stdlib::Fault;
use jiff::{SignedDuration, Timestamp};
use std::{collections::VecDeque, sync::Arc};

/// What the handling of one event reads and changes.
pub(super) struct Turn<'p, 'r> {
    pub(super) program: &'p Program,
    pub(super) settings: &'p Settings,
    pub(super) flow: &'p Flow,
    pub(super) run: &'r mut Run,
    pub(super) effects: &'r mut Vec<Effect>,
    /// Fibers that are awake, in the order in which they go on.
    pub(super) ready: VecDeque<FiberId>,
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

    pub(super) fn begin(&mut self, parent: Option<FiberId>, state: StateId) {
        let id = FiberId(self.run.next.fiber);
        self.run.next.fiber += 1;
        self.run.fibers.insert(
            id,
            Fiber {
                parent,
                state,
                wait: Wait::Nothing,
            },
        );
        self.ready.push_back(id);
    }

    /// Wakes a fiber at a state.
    pub(super) fn wake(&mut self, id: FiberId, state: StateId) {
        if let Some(fiber) = self.run.fibers.get_mut(&id) {
            fiber.state = state;
            fiber.wait = Wait::Nothing;
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

    /// The number of the next call.
    pub(super) fn next_call(&mut self) -> CallId {
        let call = CallId(self.run.next.call);
        self.run.next.call += 1;
        call
    }

    /// Asks for a timer.
    pub(super) fn arm(&mut self, after: SignedDuration) -> (TimerId, Timestamp) {
        let timer = TimerId(self.run.next.timer);
        self.run.next.timer += 1;
        let at = self.run.context.now.checked_add(after).unwrap_or(Timestamp::MAX);
        self.effects.push(Effect::Timer { timer, at });
        (timer, at)
    }

    pub(super) fn disarm(&mut self, timer: TimerId) {
        self.run.timers.remove(&timer);
        self.effects.push(Effect::Disarm { timer });
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

    pub(super) fn mark(&mut self, step: StepId, state: StepState) {
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
