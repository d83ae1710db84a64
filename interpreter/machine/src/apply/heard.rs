//! An event was told: every fiber that waits for it now hears it, and nobody later.

use super::{Turn, turn::Thrown};
use crate::{
    border::decode_fields,
    run::{FiberId, Wait},
};
use flowmesh_ir::{
    EventId, Value,
    flow::{Arm, End, On},
};

impl Turn<'_, '_> {
    pub(super) fn heard(&mut self, name: &str, payload: &[u8]) {
        if !self.lives() {
            return;
        }
        let events = (0u32..).map(EventId).zip(&self.program.events);
        let Some((event, def)) = events.into_iter().find(|(_, event)| event.name == name) else {
            return;
        };
        let Ok(fields) = decode_fields(self.program, &def.fields, payload) else {
            return;
        };
        let value = Value::record(fields);
        let waiting = self.run.fibers.iter();
        let waiting: Vec<FiberId> = waiting
            .filter(|(_, fiber)| matches!(fiber.wait, Wait::Arms(_)))
            .map(|(id, _)| *id)
            .collect();
        for id in waiting {
            self.tell(id, event, &value);
        }
    }

    fn tell(&mut self, id: FiberId, told: EventId, value: &Value) {
        // One that heard it may have cancelled another.
        let fiber = self
            .run
            .fibers
            .get(&id)
            .filter(|fiber| matches!(fiber.wait, Wait::Arms(_)));
        let Some(state) = fiber.and_then(|fiber| self.state(fiber.state)) else {
            return;
        };
        let End::Wait(wait) = &state.end else {
            return;
        };
        self.seat_fiber(id);
        for arm in &wait.arms {
            match self.wants(arm, told, value) {
                Ok(false) => {}
                Ok(true) => return self.take_arm(id, state, arm, value.clone()),
                Err(Thrown(error)) => return self.raise(id, error),
            }
        }
    }

    fn wants(&mut self, arm: &Arm, told: EventId, value: &Value) -> Result<bool, Thrown> {
        let On::Event {
            event,
            slot,
            condition,
        } = &arm.on
        else {
            return Ok(false);
        };
        if *event != told {
            return Ok(false);
        }
        let mut evaluator = self.evaluator();
        evaluator.set(*slot, value.clone())?;
        match condition {
            Some(condition) => Ok(evaluator.holds(condition)?),
            None => Ok(true),
        }
    }
}
