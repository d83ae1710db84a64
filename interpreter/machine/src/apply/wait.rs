//! A state that ends with `await`.

use super::Turn;
use crate::run::{FiberId, Wait};
use flowmesh_ir::{
    StateId, Value,
    flow::{Await, State},
};
use flowmesh_stdlib::Fault;
use std::collections::VecDeque;

impl Turn<'_, '_> {
    pub(super) fn wait(
        &mut self,
        id: FiberId,
        at: StateId,
        state: &State,
        wait: &Await,
    ) -> Result<Option<StateId>, Fault> {
        let limit = match &wait.within {
            Some((limit, otherwise)) => Some((self.duration(limit)?, *otherwise)),
            None => None,
        };
        if let Some(value) = self.kept(wait) {
            self.bind(wait.bind, value);
            return Ok(Some(wait.next));
        }
        if let Some((limit, otherwise)) = limit
            && !limit.is_positive()
        {
            return Ok(Some(otherwise));
        }
        self.step_started(state.step);
        let timer = limit.map(|(limit, _)| self.arm(limit));
        if let Some((timer, _)) = timer {
            self.run.timers.insert(timer, id);
        }
        self.rest(id, at, Wait::Signal(timer));
        Ok(None)
    }

    fn kept(&mut self, wait: &Await) -> Option<Value> {
        self.run.inbox.get_mut(&wait.signal).and_then(VecDeque::pop_front)
    }
}
