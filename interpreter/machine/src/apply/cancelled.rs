//! Somebody wants the run to stop and be undone.

use super::Turn;
use crate::run::Why;

impl Turn<'_, '_> {
    pub(super) fn cancelled(&mut self, reason: &str) {
        // Undoing is going on: a pause ends here. What came meanwhile is heard after it, by those who undo.
        self.resumed();
        // A run that already has its end keeps it.
        self.stop(Why::Cancelled(reason.to_owned()));
    }
}
