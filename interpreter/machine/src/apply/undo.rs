//! Undoing: one thing at a time in each cleanup, each tried again with growing waits until it has succeeded, or a person
//! has to step in.

use super::{Turn, reply, turn::built_in};
use crate::{
    Answer, Ask, CallId, Effect,
    run::{Caller, CleanupId, Retry, Sleeper, Stuck, Undo, Undoing, Way},
};
use flowmesh_ir::{call::Reply, value::Variant};
use jiff::SignedDuration;
use std::sync::Arc;

const WAIT_FIRST_SECS: i64 = 1;
const WAIT_MAX_SECS: i64 = 300;

/// How often in a row an undo is tried: an hour, with the waits in between. After that a person knows more than we do.
const TRIES_MAX: u32 = 20;

/// Statuses that say "not now" and not "no": request timeout, too early, too many requests.
const PASSING: [u16; 3] = [408, 425, 429];

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
    pub(super) fn undo_heard(&mut self, id: CleanupId, call: CallId, reply: &Reply) {
        let error = failure(reply);
        let final_word = error.is_some() && self.is_refusal(id, reply);
        self.undo_ended(id, call, error, final_word);
    }

    /// Something else that undoes has ended.
    pub(super) fn undo_answered(&mut self, id: CleanupId, call: CallId, answer: &Answer) {
        let error = match answer {
            Answer::Refused(why) => Some(built_in("Unavailable", why)),
            _ => None,
        };
        self.undo_ended(id, call, error, false);
    }

    /// Whether an answer says that trying again is no use: an error that the operation declares, or a refusal.
    fn is_refusal(&self, id: CleanupId, reply: &Reply) -> bool {
        let Reply::Answer { status, .. } = reply else {
            return false;
        };
        let undoing = self
            .run
            .cleanups
            .get(&id)
            .and_then(|cleanup| cleanup.undoing.as_ref());
        let request = match undoing.map(|undoing| &undoing.current.way) {
            Some(Way::Call(request)) => request,
            _ => return false,
        };
        let service = self.program.service(request.service);
        let operation = service.and_then(|service| service.operations.get(request.operation.index()));
        let declared = operation.is_some_and(|operation| operation.on.iter().any(|on| on.status == *status));
        declared || ((400..500).contains(status) && !PASSING.contains(status))
    }

    fn undo_ended(&mut self, id: CleanupId, call: CallId, error: Option<Arc<Variant>>, final_word: bool) {
        let undoing = self
            .run
            .cleanups
            .get_mut(&id)
            .and_then(|cleanup| cleanup.undoing.take());
        let Some(mut undoing) = undoing else {
            return;
        };
        let step = undoing.current.step;
        let Some(error) = error else {
            self.step_done(Some(step));
            return self.tidy(id);
        };
        undoing.failures = undoing.failures.saturating_add(1);
        if final_word || undoing.failures >= TRIES_MAX {
            undoing.retry = Retry::Decision;
            self.park(call, step, error, Stuck::Undo(id));
        } else {
            self.step_failed(Some(step), &error);
            let (timer, at) = self.arm(wait(undoing.failures), Sleeper::Undo(id));
            undoing.retry = Retry::Time(timer, at);
        }
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

/// 1 s after the first failure, doubled up to 5 min.
fn wait(failures: u32) -> SignedDuration {
    let seconds = WAIT_FIRST_SECS
        .checked_shl(failures.saturating_sub(1).min(20))
        .unwrap_or(WAIT_MAX_SECS);
    SignedDuration::from_secs(seconds.min(WAIT_MAX_SECS))
}

#[cfg(test)]
mod tests {
    use super::{TRIES_MAX, wait};

    #[test]
    fn waits_double_up_to_five_minutes() {
        let seconds: Vec<_> = (1..12).map(|failures| wait(failures).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(wait(u32::MAX).as_secs(), 300);
    }
    #[test]
    fn all_tries_together_take_an_hour() {
        let seconds: i64 = (1..TRIES_MAX).map(|failures| wait(failures).as_secs()).sum();
        assert_eq!(seconds, 511 + 10 * 300);
    }
}
