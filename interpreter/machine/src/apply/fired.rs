//! A timer has come due: the end of a sleep, the limit of a wait or of a region, or the time to try an undo again.

use super::Turn;
use crate::{
    TimerId,
    run::{FiberId, Sleeper},
};
use flowmesh_ir::flow::End;

impl Turn<'_, '_> {
    pub(super) fn fired(&mut self, timer: TimerId) {
        match self.run.timers.remove(&timer) {
            Some(Sleeper::Fiber(fiber)) => self.fiber_fired(fiber, timer),
            Some(Sleeper::Region(scope)) => self.too_late(scope),
            Some(Sleeper::Entrance) => self.delay_over(),
            Some(Sleeper::Undo(cleanup)) => self.undo_again(cleanup),
            None => {}
        }
    }

    fn fiber_fired(&mut self, id: FiberId, timer: TimerId) {
        let Some(state) = self.run.fibers.get(&id).and_then(|fiber| self.state(fiber.state)) else {
            return;
        };
        match &state.end {
            End::Sleep { next, .. } | End::SleepUntil { next, .. } => {
                self.step_done(state.step);
                self.wake(id, *next);
            }
            End::Wait(wait) => self.arm_fired(id, timer, state, wait),
            _ => {}
        }
    }
}
