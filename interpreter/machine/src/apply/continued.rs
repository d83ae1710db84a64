//! The run goes on from the middle of another one's history: some fibers do again what they waited for there.

use super::{Turn, share::can_enter, turn::Thrown};
use crate::{
    Effect, TimerId,
    run::{FiberId, Retry, Stuck, Wait},
};
use flowmesh_ir::flow::{End, On};
use jiff::Timestamp;

impl Turn<'_, '_> {
    pub(super) fn continued(&mut self, before: Timestamp, again: &[u32]) {
        if !self.forward() {
            return;
        }
        self.postpone(before);
        for id in again.iter().copied().map(FiberId) {
            self.enter_again(id);
        }
    }

    /// What a fiber waits for is given up and done once more. The straight-line code before it is not: what it computed
    /// stays as it is.
    fn enter_again(&mut self, id: FiberId) {
        if !can_enter(self.run, id) {
            return;
        }
        let Some((at, wait)) = self
            .run
            .fibers
            .get(&id)
            .map(|fiber| (fiber.state, fiber.wait.clone()))
        else {
            return;
        };
        if let Wait::Call(call, _) | Wait::Ask(call, _) | Wait::Decision(call) = wait {
            self.run.calls.remove(&call);
        }
        if let Some(still) = &mut self.run.still
            && still
                .parked
                .as_ref()
                .is_some_and(|parked| matches!(parked.stuck, Stuck::Fiber(stuck, _) if stuck == id))
        {
            still.parked = None;
        }
        self.end_wait(id);
        self.run.pollers.remove(&id);
        self.seat_fiber(id);
        let Some(state) = self.state(at) else { return };
        match self.end(id, at, state) {
            Ok(Some(next)) => self.wake(id, next),
            Ok(None) => {}
            Err(Thrown(error)) => self.raise(id, error),
        }
    }

    /// The time between the two runs does not count: what is left of each wait is left of it still. Only times that the
    /// flow itself names stay.
    fn postpone(&mut self, before: Timestamp) {
        let gap = self.run.context.now.duration_since(before);
        let states = &self.flow.states;
        let later = |at: Timestamp| at.checked_add(gap).unwrap_or(Timestamp::MAX);
        let mut timers: Vec<(TimerId, Timestamp)> = Vec::new();
        for fiber in self.run.fibers.values_mut() {
            let end = states.get(fiber.state.index()).map(|state| &state.end);
            match &mut fiber.wait {
                Wait::Time(timer, at) => {
                    if !matches!(end, Some(End::SleepUntil { .. })) {
                        *at = later(*at);
                    }
                    timers.push((*timer, *at));
                }
                Wait::Arms(arms) => {
                    for arm in arms {
                        let on = match end {
                            Some(End::Wait(wait)) => wait.arms.get(arm.arm as usize).map(|arm| &arm.on),
                            _ => None,
                        };
                        if !matches!(on, Some(On::At(_))) {
                            arm.at = later(arm.at);
                        }
                        timers.push((arm.timer, arm.at));
                    }
                }
                _ => {}
            }
        }
        let regions = self
            .run
            .scopes
            .values_mut()
            .filter_map(|scope| scope.inside_mut());
        for (timer, at) in regions.filter_map(|inside| inside.within.as_mut()) {
            *at = later(*at);
            timers.push((*timer, *at));
        }
        for cleanup in self.run.cleanups.values_mut() {
            if let Some(Retry::Time(timer, at)) = cleanup.undoing.as_mut().map(|undoing| &mut undoing.retry) {
                *at = later(*at);
                timers.push((*timer, *at));
            }
        }
        let armed = timers.into_iter().map(|(timer, at)| Effect::Timer { timer, at });
        self.effects.extend(armed);
    }
}
