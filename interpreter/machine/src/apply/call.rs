//! A state that ends with a call: asking for it, and what its end means for the fiber.

use super::{
    Turn,
    turn::{Thrown, built_in, error_of},
};
use crate::{
    CallId, Effect,
    run::{Caller, CleanupId, FiberId, Orphan, Undo, Wait, Way},
};
use flowmesh_ir::{
    StateId, StepId, Value,
    call::{Reply, Request},
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
    ) -> Result<Option<StateId>, Thrown> {
        match self.recall(id, at, state) {
            Ok(true) => return Ok(None),
            Ok(false) => {}
            Err(fault) => return Ok(self.caught(id, &call.catch, &error_of(&fault))),
        }
        let request = match self.request(&call.target) {
            Ok(request) => Arc::new(request),
            // An argument without a value is an error of this call, which may catch it.
            Err(fault) => return Ok(self.caught(id, &call.catch, &error_of(&fault))),
        };
        self.send(id, at, state, request);
        Ok(None)
    }

    /// Asks for a call; the fiber waits for its end.
    pub(super) fn send(&mut self, id: FiberId, at: StateId, state: &State, request: Arc<Request>) {
        self.step_started(state.step);
        self.transmit(id, at, state, request);
    }

    /// The same for a step that has begun.
    pub(super) fn transmit(&mut self, id: FiberId, at: StateId, state: &State, request: Arc<Request>) {
        let number = self.next_call(Caller::Fiber(id));
        self.rest(id, at, Wait::Call(number, Arc::clone(&request)));
        let step = state.step.unwrap_or(StepId(0));
        self.effects.push(Effect::Call {
            call: number,
            step,
            undo: false,
            request,
        });
    }

    /// The end of a fiber's call was heard.
    pub(super) fn call_heard(&mut self, id: FiberId, number: CallId, reply: &Reply) {
        let request = self.run.fibers.get(&id).and_then(|fiber| match &fiber.wait {
            Wait::Call(_, request) => Some(Arc::clone(request)),
            _ => None,
        });
        if let (Some(request), Reply::Failed(failure)) = (request, reply)
            && self.must_park(id, &request, reply)
        {
            let error = built_in(failure.error_name(), failure.reason());
            return self.park_fiber(id, (number, request), error);
        }
        self.end_wait(id);
        self.call_ended(id, reply);
    }

    /// The call of a fiber has ended.
    pub(super) fn call_ended(&mut self, id: FiberId, reply: &Reply) {
        let Some(state) = self.run.fibers.get(&id).and_then(|fiber| self.state(fiber.state)) else {
            return;
        };
        let End::Call(call) = &state.end else {
            return;
        };
        match self.outcome(&call.target, reply) {
            Ok(value) => {
                self.step_done(state.step);
                self.record(id, &state.end, &value);
                self.succeeded(id, call.bind, value, call.undo.as_ref(), call.next);
            }
            Err(error) => {
                self.record_nothing(id);
                self.step_failed(state.step, &error);
                if let Some(next) = self.caught(id, &call.catch, &error) {
                    self.wake(id, next);
                }
            }
        }
    }

    /// The result goes where it belongs, what undoes the call onto the stack, and the fiber goes on.
    pub(super) fn succeeded(
        &mut self,
        id: FiberId,
        bind: Option<flowmesh_ir::SlotId>,
        value: Value,
        undo: Option<&'p flow::Undo>,
        next: StateId,
    ) {
        self.wake(id, next);
        self.bind(id, bind, value);
        let Some(undo) = undo else {
            return;
        };
        self.seat_fiber(id);
        match self.undo_of(undo) {
            Ok(undo) => {
                if let Some(fiber) = self.run.fibers.get_mut(&id) {
                    fiber.undo.push(undo);
                }
            }
            Err(fault) => self.raise(id, error_of(&fault)),
        }
    }

    /// How a call is undone, with the arguments as they are now.
    fn undo_of(&mut self, undo: &'p flow::Undo) -> Result<Undo, Fault> {
        let request = Arc::new(self.request(&undo.target)?);
        Ok(Undo {
            order: self.next_undo(),
            step: undo.step,
            way: Way::Call(request),
        })
    }

    /// The end of a call was heard whose fiber is gone.
    pub(super) fn orphan_heard(&mut self, id: CleanupId, number: CallId, reply: &Reply) {
        if let Reply::Failed(failure) = reply
            && self.must_park_orphan(number, reply)
        {
            let error = built_in(failure.error_name(), failure.reason());
            return self.park_orphan(id, number, error);
        }
        self.orphan_ended(id, number, reply);
    }

    /// A call has ended whose fiber is gone. If it succeeded, it is undone.
    pub(super) fn orphan_ended(&mut self, id: CleanupId, number: CallId, reply: &Reply) {
        let Some(orphan) = self.run.orphans.remove(&number) else {
            return;
        };
        let Some(state) = self.state(orphan.state) else {
            return;
        };
        if let End::Call(call) = &state.end {
            match self.outcome(&call.target, reply) {
                Ok(value) => {
                    self.step_done(state.step);
                    self.orphan_succeeded(id, orphan, call.bind, value, call.undo.as_ref());
                }
                Err(error) => self.step_failed(state.step, &error),
            }
        }
        self.orphan_over(id);
    }

    /// What undoes a late success is computed over the frame as it was when its fiber ended.
    pub(super) fn orphan_succeeded(
        &mut self,
        id: CleanupId,
        mut orphan: Orphan,
        bind: Option<flowmesh_ir::SlotId>,
        value: Value,
        undo: Option<&'p flow::Undo>,
    ) {
        let Some(undo) = undo else {
            return;
        };
        self.seat(None);
        std::mem::swap(&mut self.run.frame, &mut orphan.frame);
        let bound = match bind {
            Some(slot) => self.evaluator().set(slot, value),
            None => Ok(()),
        };
        let made = bound.and_then(|()| self.undo_of(undo));
        std::mem::swap(&mut self.run.frame, &mut orphan.frame);
        match made {
            Ok(undo) => self.undo_with(id, vec![undo]),
            Err(fault) => self.log(format!("a call that came late cannot be undone: {fault}")),
        }
    }

    pub(super) fn orphan_over(&mut self, id: CleanupId) {
        if let Some(cleanup) = self.run.cleanups.get_mut(&id) {
            cleanup.calls = cleanup.calls.saturating_sub(1);
        }
        self.tidy(id);
    }
}
