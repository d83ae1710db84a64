//! States that end with `sleep` and `sleep until`.

use super::{Turn, turn::Thrown};
use crate::run::{FiberId, Sleeper, Wait};
use flowmesh_ir::{StateId, Value, expr::Expr, flow::State};
use flowmesh_stdlib::Fault;
use jiff::Timestamp;

impl Turn<'_, '_> {
    pub(super) fn sleep(
        &mut self,
        id: FiberId,
        at: StateId,
        state: &State,
        duration: &Expr,
        next: StateId,
    ) -> Result<Option<StateId>, Thrown> {
        let duration = self.duration(duration)?;
        if !duration.is_positive() {
            return Ok(Some(next));
        }
        let until = self.run.context.now.checked_add(duration);
        self.sleep_to(id, at, state, until.unwrap_or(Timestamp::MAX));
        Ok(None)
    }

    pub(super) fn sleep_until(
        &mut self,
        id: FiberId,
        at: StateId,
        state: &State,
        time: &Expr,
        next: StateId,
    ) -> Result<Option<StateId>, Thrown> {
        let time = self.time(time)?;
        if time <= self.run.context.now {
            return Ok(Some(next));
        }
        self.sleep_to(id, at, state, time);
        Ok(None)
    }

    fn sleep_to(&mut self, id: FiberId, at: StateId, state: &State, until: Timestamp) {
        self.step_started(state.step);
        let (timer, due) = self.arm_at(until, Sleeper::Fiber(id));
        self.rest(id, at, Wait::Time(timer, due));
    }

    pub(super) fn time(&mut self, time: &Expr) -> Result<Timestamp, Fault> {
        match self.evaluator().eval(time)? {
            Value::Time(time) => Ok(time),
            other => Err(crate::eval::unfit("a time", &other)),
        }
    }
}
