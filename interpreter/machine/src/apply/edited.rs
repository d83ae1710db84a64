//! Somebody has given variables new values, while the run stands still.

use super::Turn;
use crate::{
    Change,
    border::{Strictness, decode},
    variables::place,
};
use flowmesh_ir::Value;

impl Turn<'_, '_> {
    pub(super) fn edited(&mut self, changes: &[Change]) {
        if !self.run.stands_still() {
            return;
        }
        self.edit(changes);
        if let Some(parked) = &mut self.still().parked {
            parked.edited = true;
        }
    }

    /// Gives variables new values. They were checked; the store may have been written by another version all the same.
    pub(super) fn edit(&mut self, changes: &[Change]) {
        self.seat(None);
        let program = self.program;
        for change in changes {
            let slot = self.flow.slots.get(change.slot.index());
            let Some(ty) = slot.and_then(|slot| slot.ty.as_ref()) else {
                continue;
            };
            if let Ok(value) = decode(program, ty, &change.value, Strictness::Strict) {
                self.put_variable(change, value);
            }
        }
    }

    fn put_variable(&mut self, change: &Change, value: Value) {
        match place(self.run, change.slot) {
            Some(Some(frame)) => self.put(frame, change.slot, value),
            Some(None) => drop(self.evaluator().set(change.slot, value)),
            None => {}
        }
    }
}
