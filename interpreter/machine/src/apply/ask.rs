//! States that ask for something else than a call: an event to be told, traffic to be moved, whether something exists.

use super::{
    Turn,
    turn::{Thrown, built_in},
};
use crate::{
    Answer, Ask, Effect, border,
    run::{Caller, FiberId, Undo, Wait, Way},
};
use flowmesh_ir::{
    StateId, SubsetId, Value,
    expr::Expr,
    flow::{Emit, Shift, State},
};
use flowmesh_stdlib::{Fault, text};

impl<'p> Turn<'p, '_> {
    /// Asks for something; the fiber waits for the answer.
    pub(super) fn ask(&mut self, id: FiberId, at: StateId, state: &State, ask: Ask) {
        self.step_started(state.step);
        self.put_ask(id, at, state, ask);
    }

    /// The same for a step that has begun.
    pub(super) fn put_ask(&mut self, id: FiberId, at: StateId, state: &State, ask: Ask) {
        let call = self.next_call(Caller::Fiber(id));
        self.rest(id, at, Wait::Ask(call, Box::new(ask.clone())));
        let step = state.step;
        self.effects.push(Effect::Ask { call, step, ask });
    }

    pub(super) fn emit(
        &mut self,
        id: FiberId,
        at: StateId,
        state: &State,
        emit: &Emit,
    ) -> Result<Option<StateId>, Thrown> {
        let program = self.program;
        let event = program.event(emit.event);
        let event = event
            .ok_or_else(|| Fault::BadValue(format!("the program has no event number {}", emit.event)))?;
        let mut evaluator = self.evaluator();
        let value = evaluator.eval(&emit.value)?;
        evaluator.weigh(&emit.value, &value)?;
        let Value::Record(fields) = &value else {
            return Err(crate::eval::unfit("a record", &value).into());
        };
        let mut payload = String::new();
        border::write_fields(program, &event.fields, fields, &mut payload);
        let ask = Ask::Emit {
            event: event.name.clone(),
            payload: payload.into_bytes().into(),
        };
        self.ask(id, at, state, ask);
        Ok(None)
    }

    pub(super) fn emit_answered(&mut self, id: FiberId, state: &State, emit: &Emit, answer: &Answer) {
        if self.accepted(id, state, answer) {
            self.wake(id, emit.next);
        }
    }

    /// Whether what was asked for is done; if not, that is the error of the fiber.
    fn accepted(&mut self, id: FiberId, state: &State, answer: &Answer) -> bool {
        let Answer::Refused(why) = answer else {
            self.step_done(state.step);
            return true;
        };
        let error = built_in("Unavailable", why);
        self.step_failed(state.step, &error);
        self.raise(id, error);
        false
    }

    pub(super) fn shift(
        &mut self,
        id: FiberId,
        at: StateId,
        state: &State,
        shift: &Shift,
    ) -> Result<Option<StateId>, Thrown> {
        let weights = self.weights(&shift.weights)?;
        let service = shift.service;
        self.ask(id, at, state, Ask::Shift { service, weights });
        Ok(None)
    }

    fn weights(&mut self, weights: &[(SubsetId, Expr)]) -> Result<Vec<(SubsetId, u32)>, Fault> {
        let mut all = Vec::with_capacity(weights.len());
        let mut sum = 0i64;
        for (subset, expr) in weights {
            let weight = self.int(expr)?;
            sum = sum.saturating_add(weight);
            match u32::try_from(weight) {
                Ok(share) if share <= 100 => all.push((*subset, share)),
                _ => {
                    return Err(Fault::BadValue(format!(
                        "a weight is 0 to 100, this one is {weight}"
                    )));
                }
            }
        }
        if sum != 100 {
            return Err(Fault::BadValue(format!(
                "the weights add up to {sum}, and not to 100"
            )));
        }
        Ok(all)
    }

    pub(super) fn shift_answered(&mut self, id: FiberId, state: &State, shift: &Shift, answer: &Answer) {
        if !self.accepted(id, state, answer) {
            return;
        }
        if let Answer::Done(before) = answer {
            let undo = self.shift_back(shift, before);
            if let Some(fiber) = self.run.fibers.get_mut(&id) {
                fiber.undo.push(undo);
            }
        }
        self.wake(id, shift.next);
    }

    /// What moves the traffic back to where it was.
    pub(super) fn shift_back(&mut self, shift: &Shift, before: &[(SubsetId, u32)]) -> Undo {
        Undo {
            order: self.next_undo(),
            step: shift.undo,
            way: Way::Shift(shift.service, before.to_vec()),
        }
    }

    pub(super) fn probe(
        &mut self,
        id: FiberId,
        at: StateId,
        state: &State,
        target: &Expr,
        after: bool,
    ) -> Result<Option<StateId>, Thrown> {
        let target = text(&self.evaluator().eval(target)?);
        self.ask(id, at, state, Ask::Probe { target, after });
        Ok(None)
    }

    pub(super) fn probe_answered(
        &mut self,
        id: FiberId,
        state: &State,
        answer: &Answer,
        found: StateId,
        missing: StateId,
    ) {
        if self.accepted(id, state, answer) {
            let there = matches!(answer, Answer::Found(true));
            self.wake(id, if there { found } else { missing });
        }
    }
}
