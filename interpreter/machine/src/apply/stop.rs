//! How a run comes to its end: fibers that only wait end at once, calls that are on their way are heard first.

use super::Turn;
use crate::{
    Effect,
    run::{FiberId, Phase, StepState, Wait, Why},
};

impl Turn<'_, '_> {
    /// Stops the run. The first reason counts.
    pub(super) fn stop(&mut self, why: Why) {
        if !self.forward() {
            return;
        }
        self.run.phase = Phase::Stopping(why);
        self.ready.clear();
        let waiting: Vec<FiberId> = self
            .run
            .fibers
            .iter()
            .filter(|(_, fiber)| !matches!(fiber.wait, Wait::Call(..)))
            .map(|(id, _)| *id)
            .collect();
        for id in waiting {
            self.give_up(id);
        }
    }

    fn give_up(&mut self, id: FiberId) {
        let Some(fiber) = self.run.fibers.remove(&id) else {
            return;
        };
        let timer = match fiber.wait {
            Wait::Time(timer, _) => Some(timer),
            Wait::Signal(timer) => timer.map(|(timer, _)| timer),
            Wait::Nothing | Wait::Branches(_) | Wait::Call(..) => return,
        };
        if let Some(timer) = timer {
            self.disarm(timer);
        }
        if let Some(step) = self.state(fiber.state).and_then(|state| state.step) {
            self.mark(step, StepState::Stopped);
        }
    }

    /// Goes on to undoing, or to the end, when nothing is left to wait for.
    pub(super) fn settle(&mut self) {
        if !self.run.calls.is_empty() || !matches!(self.run.phase, Phase::Stopping(_)) {
            return;
        }
        match std::mem::replace(&mut self.run.phase, Phase::New) {
            Phase::Stopping(why) => self.leave(why),
            other => self.run.phase = other,
        }
    }

    fn leave(&mut self, why: Why) {
        match &why {
            Why::Returned(_) => self.finish(why),
            _ if self.run.undo.is_empty() => self.finish(why),
            _ => self.undo_all(why),
        }
    }

    /// The end. Nothing of the work is kept but what people look at.
    pub(super) fn finish(&mut self, why: Why) {
        let outcome = crate::Outcome::from(why);
        self.effects.push(Effect::Finished(outcome.clone()));
        self.run.phase = Phase::Ended(outcome);
        self.run.frame = Vec::new();
        self.run.fibers.clear();
        self.run.inbox.clear();
        self.run.undo = Vec::new();
    }
}
