//! A state that ends with a call: asking for it, and what its end means for the fiber.

use super::{Turn, turn::error_of};
use crate::{
    Effect,
    run::{FiberId, Phase, Undo, Wait, Why},
};
use flowmesh_ir::{
    StateId, StepId, Value,
    call::Reply,
    flow::{self, Call, End, State},
};
use flowmesh_stdlib::Fault;
use std::sync::Arc;

impl<'p> Turn<'p, '_> {
    pub(super) fn call(
        &mut self,
        id: FiberId,
        at: StateId,
        state: &'p State,
        call: &'p Call,
    ) -> Result<Option<StateId>, Fault> {
        let request = match self.request(&call.target) {
            Ok(request) => Arc::new(request),
            // An argument without a value is an error of this call, which may catch it.
            Err(fault) => return Ok(self.raise(call, &error_of(&fault))),
        };
        self.step_started(state.step);
        let number = self.next_call();
        self.run.calls.insert(number, id);
        self.rest(id, at, Wait::Call(number, Arc::clone(&request)));
        let step = state.step.unwrap_or(StepId(0));
        self.effects.push(Effect::Call {
            call: number,
            step,
            undo: false,
            request,
        });
        Ok(None)
    }

    /// The call of a fiber has ended.
    pub(super) fn heard(&mut self, id: FiberId, reply: &Reply) {
        let Some(state) = self.run.fibers.get(&id).and_then(|fiber| self.state(fiber.state)) else {
            return;
        };
        let End::Call(call) = &state.end else {
            return;
        };
        let next = match self.outcome(&call.target, reply) {
            Ok(value) => {
                self.step_done(state.step);
                self.succeeded(call, value);
                Some(call.next)
            }
            Err(error) => {
                self.step_failed(state.step, &error);
                // A run that stops anyway has its reason already.
                if self.forward() {
                    self.raise(call, &error)
                } else {
                    None
                }
            }
        };
        match next {
            Some(next) if self.forward() => self.wake(id, next),
            _ => drop(self.run.fibers.remove(&id)),
        }
    }

    /// The result goes where it belongs, and what undoes the call onto the stack.
    fn succeeded(&mut self, call: &'p Call, value: Value) {
        self.bind(call.bind, value);
        if let Some(undo) = &call.undo
            && let Err(fault) = self.push_undo(undo)
        {
            self.stop(Why::Failed(error_of(&fault)));
        }
    }

    fn push_undo(&mut self, undo: &'p flow::Undo) -> Result<(), Fault> {
        let request = Arc::new(self.request(&undo.target)?);
        self.run.undo.push(Undo {
            step: undo.step,
            request,
        });
        Ok(())
    }

    pub(super) fn forward(&self) -> bool {
        matches!(self.run.phase, Phase::Forward)
    }
}
