//! A state that ends with `await` of one signal.

use super::{Turn, turn::Thrown};
use crate::run::{FiberId, Sleeper, Wait};
use flowmesh_ir::{
    StateId,
    flow::{Await, State},
};

impl Turn<'_, '_> {
    pub(super) fn wait(
        &mut self,
        id: FiberId,
        at: StateId,
        state: &State,
        wait: &Await,
    ) -> Result<Option<StateId>, Thrown> {
        let limit = match &wait.within {
            Some((limit, otherwise)) => Some((self.duration(limit)?, *otherwise)),
            None => None,
        };
        if let Some(value) = self.take_signal(wait.signal) {
            self.bind(id, wait.bind, value);
            return Ok(Some(wait.next));
        }
        if let Some((limit, otherwise)) = limit
            && !limit.is_positive()
        {
            return Ok(Some(otherwise));
        }
        self.step_started(state.step);
        let timer = limit.map(|(limit, _)| self.arm(limit, Sleeper::Fiber(id)));
        self.rest(id, at, Wait::Signal(timer));
        Ok(None)
    }
}
