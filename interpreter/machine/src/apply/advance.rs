//! Takes every fiber that is awake through the states of the flow until it waits.

use super::{
    Turn,
    turn::{Thrown, error_of},
};
use crate::{
    Effect, Note,
    run::{FiberId, Wait},
};
use flowmesh_ir::{
    Name, SlotId, StateId, Value,
    expr::{Expr, Pattern},
    flow::{End, Instruction, State},
};
use flowmesh_stdlib::{Fault, text};

/// How many states one event may lead through; more is taken for a loop without end.
const STATES_MAX: u32 = 100_000;

impl<'p> Turn<'p, '_> {
    /// Goes on until every fiber waits.
    pub(super) fn advance(&mut self) {
        let mut states = 0;
        loop {
            while let Some(id) = self.ready.pop_front() {
                self.go_on(id, &mut states);
            }
            let handed = self.hand_out_freed();
            let polled = !self.run.pollers.is_empty() && self.poll(&mut states);
            if !handed && !polled {
                return;
            }
        }
    }

    /// Takes one fiber as far as it goes.
    fn go_on(&mut self, id: FiberId, states: &mut u32) {
        // A fiber may have been cancelled, or have begun to wait, since it was woken.
        let mut at = match self.run.fibers.get(&id).map(|fiber| (&fiber.wait, fiber.state)) {
            Some((Wait::Nothing, state)) => Some(state),
            Some((Wait::Later, state)) => return self.begin_later(id, state),
            _ => None,
        };
        while let Some(state) = at {
            *states += 1;
            at = match self.pass(id, state, *states) {
                Ok(next) => next,
                Err(Thrown(error)) => {
                    self.raise(id, error);
                    None
                }
            };
        }
    }

    /// Does what a state says; gives the next one if the fiber goes on at once.
    fn pass(&mut self, id: FiberId, at: StateId, states: u32) -> Result<Option<StateId>, Thrown> {
        if states > STATES_MAX {
            let why = format!("the flow did not come to rest within {STATES_MAX} states");
            return Err(Fault::BadValue(why).into());
        }
        let Some(state) = self.state(at) else {
            return Err(Fault::BadValue(format!("the flow has no state number {at}")).into());
        };
        self.seat_fiber(id);
        for instruction in &state.code {
            self.instruct(instruction)?;
        }
        self.end(id, at, state)
    }

    pub(super) fn end(
        &mut self,
        id: FiberId,
        at: StateId,
        state: &'p State,
    ) -> Result<Option<StateId>, Thrown> {
        match &state.end {
            End::Branch { condition, yes, no } => {
                let holds = self.evaluator().holds(condition)?;
                Ok(Some(if holds { *yes } else { *no }))
            }
            End::Match { subject, arms } => self.choose(subject, arms),
            End::Jump(next) => Ok(Some(*next)),
            End::Call(call) => self.call(id, at, state, call),
            End::Sleep { duration, next } => self.sleep(id, at, state, duration, *next),
            End::SleepUntil { time, next } => self.sleep_until(id, at, state, time, *next),
            End::Wait(wait) => self.wait_any(id, at, state, wait),
            End::Region(region) => self.region(id, at, state, region),
            End::Join => self.join(id),
            End::Leave { regions, next } => self.leave(id, *regions, *next),
            End::Start(start) => self.start(id, at, state, start),
            End::Spawn {
                task,
                own,
                entry,
                next,
            } => self.spawn(id, *task, own, *entry, *next),
            End::Give(value) => self.give(id, value),
            End::Listen(listen) => self.listen(id, at, listen),
            End::Emit(emit) => self.emit(id, at, state, emit),
            End::Shift(shift) => self.shift(id, at, state, shift),
            End::Stream(stream) => self.stream(id, at, state, stream),
            End::CancelStep { step, next } => Ok(self.cancel_step(id, *step, *next)),
            End::CancelTask { task, next } => self.cancel_task(id, task, *next),
            End::Probe { target, after, .. } => self.probe(id, at, state, target, *after),
            End::Restart(arguments) => self.restart(id, arguments),
            End::Return(value) => {
                let result = self.evaluator().eval(value)?;
                self.evaluator().weigh(value, &result)?;
                self.return_from(id, result);
                Ok(None)
            }
            End::Fail(raise) => Err(Thrown(self.error(raise)?)),
        }
    }

    fn choose(&mut self, subject: &Expr, arms: &[(Pattern, StateId)]) -> Result<Option<StateId>, Thrown> {
        let mut evaluator = self.evaluator();
        let subject = evaluator.eval(subject)?;
        for (pattern, next) in arms {
            if evaluator.fits(pattern, &subject)? {
                return Ok(Some(*next));
            }
        }
        Err(crate::eval::unfit("a value that one of the arms fits", &subject).into())
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
                self.tag(key.clone(), value);
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

    /// Takes note of a text by which the run is found.
    pub(super) fn tag(&mut self, key: Name, value: String) {
        self.run.tags.insert(key.clone(), value.clone());
        self.effects.push(Effect::Note(Note::Tagged { key, value }));
    }

    /// Puts a value of a fiber where it belongs, if anybody wants it.
    pub(super) fn bind(&mut self, id: FiberId, slot: Option<SlotId>, value: Value) {
        let Some(slot) = slot else {
            return;
        };
        self.seat_fiber(id);
        if let Err(fault) = self.evaluator().set(slot, value) {
            self.raise(id, error_of(&fault));
        }
    }
}
