//! Takes every fiber that is awake through the states of the flow until it waits.

use super::{
    Turn,
    turn::{built_in, error_of},
};
use crate::{
    Effect, Note,
    run::{FiberId, Phase, Why},
};
use flowmesh_ir::{
    SlotId, StateId, Value,
    flow::{End, Instruction, State},
};
use flowmesh_stdlib::{Fault, text};

/// How many states one event may lead through; more is taken for a loop without end.
const STATES_MAX: u32 = 100_000;

impl<'p> Turn<'p, '_> {
    /// Goes on until every fiber waits, or the run stops.
    pub(super) fn advance(&mut self) {
        let mut states = 0;
        while let Some(id) = self.ready.pop_front() {
            let mut at = self.run.fibers.get(&id).map(|fiber| fiber.state);
            while let Some(state) = at {
                if !matches!(self.run.phase, Phase::Forward) {
                    return;
                }
                states += 1;
                at = match self.pass(id, state, states) {
                    Ok(next) => next,
                    Err(fault) => {
                        self.stop(Why::Failed(error_of(&fault)));
                        None
                    }
                };
            }
        }
    }

    /// Does what a state says; gives the next one if the fiber goes on at once.
    fn pass(&mut self, id: FiberId, at: StateId, states: u32) -> Result<Option<StateId>, Fault> {
        if states > STATES_MAX {
            return Err(Fault::BadValue(format!(
                "the flow did not come to rest within {STATES_MAX} states"
            )));
        }
        let Some(state) = self.state(at) else {
            return Err(Fault::BadValue(format!("the flow has no state number {at}")));
        };
        for instruction in &state.code {
            self.instruct(instruction)?;
        }
        self.end(id, at, state)
    }

    fn end(&mut self, id: FiberId, at: StateId, state: &'p State) -> Result<Option<StateId>, Fault> {
        match &state.end {
            End::Call(call) => self.call(id, at, state, call),
            End::Sleep { duration, next } => self.sleep(id, at, state, duration, *next),
            End::Await(wait) => self.wait(id, at, state, wait),
            End::Fork { branches, next } => Ok(self.fork(id, at, branches, *next)),
            End::Join => self.join(id),
            End::Branch { condition, yes, no } => {
                let holds = self.evaluator().holds(condition)?;
                Ok(Some(if holds { *yes } else { *no }))
            }
            End::Match { subject, arms } => {
                let mut evaluator = self.evaluator();
                let subject = evaluator.eval(subject)?;
                for (pattern, next) in arms {
                    if evaluator.fits(pattern, &subject)? {
                        return Ok(Some(*next));
                    }
                }
                Err(crate::eval::unfit("a value that one of the arms fits", &subject))
            }
            End::Jump(next) => Ok(Some(*next)),
            End::Return(value) => {
                let result = self.evaluator().eval(value)?;
                self.evaluator().weigh(value, &result)?;
                self.stop(Why::Returned(result));
                Ok(None)
            }
            End::Fail(raise) => {
                let error = self.error(raise)?;
                self.stop(Why::Failed(error));
                Ok(None)
            }
            _ => Err(Fault::BadValue(
                "this end of a state is not carried out yet".to_owned(),
            )),
        }
    }

    fn instruct(&mut self, instruction: &Instruction) -> Result<(), Fault> {
        match instruction {
            Instruction::Set(slot, expr) => {
                let mut evaluator = self.evaluator();
                let value = evaluator.eval(expr)?;
                evaluator.weigh(expr, &value)?;
                evaluator.set(*slot, value)
            }
            Instruction::Tag(key, expr) => {
                let value = text(&self.evaluator().eval(expr)?);
                let key = key.clone();
                self.effects.push(Effect::Note(Note::Tagged { key, value }));
                Ok(())
            }
            Instruction::Log(expr) => {
                let text = text(&self.evaluator().eval(expr)?);
                self.effects.push(Effect::Note(Note::Log { text }));
                Ok(())
            }
        }
    }

    /// A state of the flow.
    pub(super) fn state(&self, id: StateId) -> Option<&'p State> {
        self.flow.states.get(id.index())
    }

    /// Puts a value where it belongs, if anybody wants it.
    pub(super) fn bind(&mut self, slot: Option<SlotId>, value: Value) {
        if let Some(slot) = slot
            && let Err(fault) = self.evaluator().set(slot, value)
        {
            self.stop(Why::Failed(built_in(fault.error_name(), fault.reason())));
        }
    }
}
