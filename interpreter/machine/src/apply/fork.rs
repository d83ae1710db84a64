//! States that begin fibers and those that end them.

use super::Turn;
use crate::run::{FiberId, Wait};
use flowmesh_ir::{StateId, flow::End};
use flowmesh_stdlib::Fault;

impl Turn<'_, '_> {
    pub(super) fn fork(
        &mut self,
        id: FiberId,
        at: StateId,
        branches: &[StateId],
        next: StateId,
    ) -> Option<StateId> {
        if branches.is_empty() {
            return Some(next);
        }
        self.rest(id, at, Wait::Branches(branches.len()));
        for branch in branches {
            self.begin(Some(id), *branch);
        }
        None
    }

    pub(super) fn join(&mut self, id: FiberId) -> Result<Option<StateId>, Fault> {
        let parent = self.run.fibers.remove(&id).and_then(|fiber| fiber.parent);
        let waiting = parent.and_then(|parent| self.run.fibers.get_mut(&parent).map(|fiber| (parent, fiber)));
        let Some((parent, fiber)) = waiting else {
            return Err(Fault::BadValue("the flow joins what it did not fork".to_owned()));
        };
        let Wait::Branches(left) = &mut fiber.wait else {
            return Err(Fault::BadValue("the flow joins what has gone on".to_owned()));
        };
        *left = left.saturating_sub(1);
        if *left > 0 {
            return Ok(None);
        }
        let fork = fiber.state;
        if let Some(End::Fork { next, .. }) = self.state(fork).map(|state| &state.end) {
            self.wake(parent, *next);
        }
        Ok(None)
    }
}
