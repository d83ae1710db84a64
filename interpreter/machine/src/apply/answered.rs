//! Something that was asked for has come about, or has not.

use super::Turn;
use crate::{
    Answer, Ask, CallId,
    run::{Caller, FiberId, Retry, Wait, Way},
};
use flowmesh_ir::flow::End;

impl Turn<'_, '_> {
    pub(super) fn answered(&mut self, call: CallId, answer: &Answer) {
        let Some(caller) = self.run.calls.get(&call).copied() else {
            return;
        };
        // A reply and an answer are told apart by what was asked for; what does not fit changes nothing.
        match caller {
            Caller::Guard(scope) => self.guard_answered(scope, call, answer),
            Caller::Entrance => self.admission_answered(call, answer),
            Caller::Undo(cleanup) if !self.expects_reply(call) => {
                self.run.calls.remove(&call);
                self.undo_answered(cleanup, call, answer);
            }
            Caller::Orphan(cleanup) if self.fits(call, caller, answer) => {
                self.run.calls.remove(&call);
                self.orphan_answered(cleanup, call, answer);
            }
            Caller::Fiber(fiber) if self.fits(call, caller, answer) => {
                self.run.calls.remove(&call);
                let recalls = self.recalls(fiber);
                self.end_wait(fiber);
                match recalls {
                    true => self.recalled(fiber, answer),
                    false => self.fiber_answered(fiber, answer),
                }
            }
            _ => {}
        }
    }

    fn fiber_answered(&mut self, id: FiberId, answer: &Answer) {
        let Some(state) = self.run.fibers.get(&id).and_then(|fiber| self.state(fiber.state)) else {
            return;
        };
        match &state.end {
            End::Start(start) => self.start_answered(id, state, start, answer),
            End::Emit(emit) => self.emit_answered(id, state, emit, answer),
            End::Shift(shift) => self.shift_answered(id, state, shift, answer),
            End::Probe { found, missing, .. } => self.probe_answered(id, state, answer, *found, *missing),
            _ => {}
        }
    }

    /// Whether a call ends with a reply, and not with an answer.
    pub(super) fn expects_reply(&self, call: CallId) -> bool {
        match self.run.calls.get(&call) {
            Some(Caller::Fiber(fiber)) => {
                let wait = self.run.fibers.get(fiber).map(|fiber| &fiber.wait);
                !matches!(wait, Some(Wait::Ask(asked, _)) if *asked == call)
            }
            Some(Caller::Orphan(_)) => {
                let orphan = self.run.orphans.get(&call);
                orphan.is_some_and(|orphan| matches!(orphan.wait, Wait::Call(..)))
            }
            Some(Caller::Undo(cleanup)) => {
                let undoing = self
                    .run
                    .cleanups
                    .get(cleanup)
                    .and_then(|cleanup| cleanup.undoing.as_ref());
                undoing.is_some_and(|undoing| {
                    matches!(undoing.current.way, Way::Call(_)) && matches!(undoing.retry, Retry::Call(_))
                })
            }
            Some(Caller::Entrance | Caller::Guard(_)) | None => false,
        }
    }

    /// Whether an answer is one to what was asked.
    fn fits(&self, call: CallId, caller: Caller, answer: &Answer) -> bool {
        let wait = match caller {
            Caller::Fiber(fiber) => self.run.fibers.get(&fiber).map(|fiber| &fiber.wait),
            _ => self.run.orphans.get(&call).map(|orphan| &orphan.wait),
        };
        let Some(Wait::Ask(asked, ask)) = wait else {
            return false;
        };
        *asked == call
            && match (&**ask, answer) {
                (_, Answer::Refused(_)) | (Ask::Emit { .. } | Ask::Shift { .. }, Answer::Done(_)) => true,
                (Ask::Probe { .. } | Ask::Recall(_), Answer::Found(_)) => true,
                (Ask::Recall(_), Answer::Recalled(_)) => true,
                (Ask::Start { tie, .. }, Answer::Run(_)) => *tie == flowmesh_ir::flow::Tie::Apart,
                (Ask::Start { tie, .. }, Answer::Ended(_)) => *tie == flowmesh_ir::flow::Tie::Child,
                _ => false,
            }
    }
}
