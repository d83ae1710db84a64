//! A call has ended: that of a fiber, one whose fiber is gone, one that undoes another, or a stream.

use super::Turn;
use crate::{CallId, run::Caller};
use flowmesh_ir::call::Reply;

impl Turn<'_, '_> {
    pub(super) fn replied(&mut self, call: CallId, reply: &Reply) {
        if !self.expects_reply(call) {
            return;
        }
        match self.run.calls.remove(&call) {
            Some(Caller::Fiber(_)) if self.run.streams.contains_key(&call) => self.stream_ended(call, reply),
            Some(Caller::Fiber(fiber)) => self.call_heard(fiber, call, reply),
            Some(Caller::Orphan(cleanup)) => self.orphan_heard(cleanup, call, reply),
            Some(Caller::Undo(cleanup)) => self.undo_heard(cleanup, call, reply),
            Some(Caller::Entrance | Caller::Guard(_)) | None => {}
        }
    }
}
