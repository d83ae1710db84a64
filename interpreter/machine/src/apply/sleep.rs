//! A state that ends with `sleep`.

use super::Turn;
use crate::run::{FiberId, Wait};
use flowmesh_ir::{StateId, expr::Expr, flow::State};
use flowmesh_stdlib::Fault;

impl Turn<'_, '_> {
    pub(super) fn sleep(
        &mut self,
        id: FiberId,
        at: StateId,
        state: &State,
        duration: &Expr,
        next: StateId,
    ) -> Result<Option<StateId>, Fault> {
        let duration = self.duration(duration)?;
        if !duration.is_positive() {
            return Ok(Some(next));
        }
        self.step_started(state.step);
        let (timer, due) = self.arm(duration);
        self.run.timers.insert(timer, id);
        self.rest(id, at, Wait::Time(timer, due));
        Ok(None)
    }
}
