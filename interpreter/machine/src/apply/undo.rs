//! Undoing: the last call first, one at a time, each tried again with growing waits until it has succeeded.

use super::{Turn, reply, turn::built_in};
use crate::{
    CallId, Effect, Note,
    run::{Phase, Retry, Undo, Undoing, Why},
};
use flowmesh_ir::{call::Reply, value::Variant};
use jiff::SignedDuration;
use std::sync::Arc;

const WAIT_FIRST_SECS: i64 = 1;
const WAIT_MAX_SECS: i64 = 300;

impl Turn<'_, '_> {
    /// Begins to undo everything.
    pub(super) fn undo_all(&mut self, why: Why) {
        let error = match &why {
            Why::Failed(error) => Some(Arc::clone(error)),
            Why::Returned(_) | Why::Cancelled(_) => None,
        };
        self.effects.push(Effect::Note(Note::Undoing { error }));
        self.undo_next(why);
    }

    fn undo_next(&mut self, why: Why) {
        match self.run.undo.pop() {
            Some(current) => {
                let call = self.send_undo(&current);
                self.run.phase = Phase::Undoing(Undoing {
                    why,
                    current,
                    failures: 0,
                    retry: Retry::Call(call),
                });
            }
            None => self.finish(why),
        }
    }

    fn send_undo(&mut self, undo: &Undo) -> CallId {
        self.step_started(Some(undo.step));
        let call = self.next_call();
        let request = Arc::clone(&undo.request);
        self.effects.push(Effect::Call {
            call,
            step: undo.step,
            undo: true,
            request,
        });
        call
    }

    /// A call that undoes another has ended.
    pub(super) fn undo_heard(&mut self, reply: &Reply) {
        let Phase::Undoing(mut undoing) = std::mem::replace(&mut self.run.phase, Phase::New) else {
            return;
        };
        match failure(reply) {
            None => {
                self.step_done(Some(undoing.current.step));
                self.undo_next(undoing.why);
            }
            Some(error) => {
                self.step_failed(Some(undoing.current.step), &error);
                let (timer, at) = self.arm(wait(undoing.failures));
                undoing.failures = undoing.failures.saturating_add(1);
                undoing.retry = Retry::Time(timer, at);
                self.run.phase = Phase::Undoing(undoing);
            }
        }
    }

    /// The time to try again has come.
    pub(super) fn undo_again(&mut self) {
        let Phase::Undoing(mut undoing) = std::mem::replace(&mut self.run.phase, Phase::New) else {
            return;
        };
        undoing.retry = Retry::Call(self.send_undo(&undoing.current));
        self.run.phase = Phase::Undoing(undoing);
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
