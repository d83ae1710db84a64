//! Undoing: one thing at a time in each cleanup, each tried again with growing waits until it has succeeded.

use super::{Turn, reply, turn::built_in};
use crate::{
    Answer, Ask, CallId, Effect,
    run::{Caller, CleanupId, Retry, Sleeper, Undo, Undoing, Way},
};
use flowmesh_ir::{call::Reply, value::Variant};
use jiff::SignedDuration;
use std::sync::Arc;

const WAIT_FIRST_SECS: i64 = 1;
const WAIT_MAX_SECS: i64 = 300;

impl Turn<'_, '_> {
    /// Begins to undo one thing.
    pub(super) fn undo(&mut self, id: CleanupId, current: Undo) {
        let call = self.send_undo(id, &current);
        if let Some(cleanup) = self.run.cleanups.get_mut(&id) {
            cleanup.undoing = Some(Undoing {
                current,
                failures: 0,
                retry: Retry::Call(call),
            });
        }
    }

    fn send_undo(&mut self, id: CleanupId, undo: &Undo) -> CallId {
        self.step_started(Some(undo.step));
        let call = self.next_call(Caller::Undo(id));
        self.effects.push(undo.effect(call));
        call
    }

    /// A call that undoes another has ended.
    pub(super) fn undo_heard(&mut self, id: CleanupId, reply: &Reply) {
        self.undo_ended(id, failure(reply));
    }

    /// Something else that undoes has ended.
    pub(super) fn undo_answered(&mut self, id: CleanupId, answer: &Answer) {
        let error = match answer {
            Answer::Refused(why) => Some(built_in("Unavailable", why)),
            _ => None,
        };
        self.undo_ended(id, error);
    }

    fn undo_ended(&mut self, id: CleanupId, error: Option<Arc<Variant>>) {
        let undoing = self
            .run
            .cleanups
            .get_mut(&id)
            .and_then(|cleanup| cleanup.undoing.take());
        let Some(mut undoing) = undoing else {
            return;
        };
        let step = Some(undoing.current.step);
        let Some(error) = error else {
            self.step_done(step);
            return self.tidy(id);
        };
        self.step_failed(step, &error);
        let (timer, at) = self.arm(wait(undoing.failures), Sleeper::Undo(id));
        undoing.failures = undoing.failures.saturating_add(1);
        undoing.retry = Retry::Time(timer, at);
        if let Some(cleanup) = self.run.cleanups.get_mut(&id) {
            cleanup.undoing = Some(undoing);
        }
    }

    /// The time to try again has come.
    pub(super) fn undo_again(&mut self, id: CleanupId) {
        let undoing = self
            .run
            .cleanups
            .get_mut(&id)
            .and_then(|cleanup| cleanup.undoing.take());
        let Some(mut undoing) = undoing else {
            return;
        };
        undoing.retry = Retry::Call(self.send_undo(id, &undoing.current));
        if let Some(cleanup) = self.run.cleanups.get_mut(&id) {
            cleanup.undoing = Some(undoing);
        }
    }
}

impl Undo {
    /// What is asked for to undo it.
    pub(super) fn effect(&self, call: CallId) -> Effect {
        match &self.way {
            Way::Call(request) => Effect::Call {
                call,
                step: self.step,
                undo: true,
                request: Arc::clone(request),
            },
            Way::Shift(service, weights) => Effect::Ask {
                call,
                step: Some(self.step),
                ask: Ask::Shift {
                    service: *service,
                    weights: weights.clone(),
                },
            },
        }
    }
}

/// Why an undo has not succeeded. What a successful answer says does not matter.
fn failure(reply: &Reply) -> Option<Arc<Variant>> {
    match reply {
        Reply::Answer { status, .. } if (200..300).contains(status) => None,
        Reply::Answer { status, body } => Some(reply::unexpected(*status, body)),
        Reply::Failed(failure) => Some(built_in(failure.error_name(), failure.reason())),
    }
}

/// 1 s, doubled up to 5 min.
fn wait(failures: u32) -> SignedDuration {
    let seconds = WAIT_FIRST_SECS
        .checked_shl(failures.min(20))
        .unwrap_or(WAIT_MAX_SECS);
    SignedDuration::from_secs(seconds.min(WAIT_MAX_SECS))
}

#[cfg(test)]
mod tests {
    use super::wait;

    #[test]
    fn waits_double_up_to_five_minutes() {
        let seconds: Vec<_> = (0..11).map(|failures| wait(failures).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(wait(u32::MAX).as_secs(), 300);
    }
}
