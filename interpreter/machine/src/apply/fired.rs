//! A timer has come due: the end of a sleep, the limit of a wait, or the time to try an undo again.

use super::Turn;
use crate::{
    TimerId,
    run::{Phase, Retry},
};
use flowmesh_ir::flow::End;

impl Turn<'_, '_> {
    pub(super) fn fired(&mut self, timer: TimerId) {
        if let Some(id) = self.run.timers.remove(&timer) {
            let Some(state) = self.run.fibers.get(&id).and_then(|fiber| self.state(fiber.state)) else {
                return;
            };
            match &state.end {
                End::Sleep { next, .. } => {
                    self.step_done(state.step);
                    self.wake(id, *next);
                }
                End::Await(wait) => {
                    self.step_done(state.step);
                    if let Some((_, otherwise)) = &wait.within {
                        self.wake(id, *otherwise);
                    }
                }
                _ => {}
            }
            return;
        }
        if let Phase::Undoing(undoing) = &self.run.phase
            && matches!(undoing.retry, Retry::Time(waiting, _) if waiting == timer)
        {
            self.undo_again();
        }
    }
}
