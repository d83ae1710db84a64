//! The end of a run.

use super::Turn;
use crate::{
    Effect,
    run::{Phase, Why},
};

impl Turn<'_, '_> {
    /// The end. Nothing of the work is kept but what people look at.
    pub(super) fn finish(&mut self, why: Why) {
        let outcome = crate::Outcome::from(why);
        for kept in std::mem::take(&mut self.run.inbox).into_values().flatten() {
            self.refuse(kept.answer, "the run has ended");
        }
        self.drop_backlog();
        self.effects.push(Effect::Finished(outcome.clone()));
        self.run.phase = Phase::Ended(outcome);
        self.run.entrance = None;
        // Views are over the frame and can be read at any time.
        if self.flow.views.is_empty() {
            self.run.frame = Vec::new();
        }
        self.run.scopes.clear();
        self.run.tasks.clear();
        self.run.handlers.clear();
        self.run.frames.clear();
    }

    /// Tells the sender of a signal that it will not be answered, and why.
    pub(super) fn refuse(&mut self, answer: Option<u64>, why: &str) {
        if let Some(signal) = answer {
            let answer = Err(why.to_owned());
            self.effects.push(Effect::Answer { signal, answer });
        }
    }
}
