//! A call has ended: that of a fiber, or one that undoes another.

use super::Turn;
use crate::{
    CallId,
    run::{Phase, Retry},
};
use flowmesh_ir::call::Reply;

impl Turn<'_, '_> {
    pub(super) fn replied(&mut self, call: CallId, reply: &Reply) {
        if let Some(fiber) = self.run.calls.remove(&call) {
            return self.heard(fiber, reply);
        }
        if let Phase::Undoing(undoing) = &self.run.phase
            && matches!(undoing.retry, Retry::Call(waiting) if waiting == call)
        {
            self.undo_heard(reply);
        }
    }
}
