//! A run that is kept no longer: nothing of it is left in memory.

use super::Engine;
use crate::RunId;

impl Engine {
    /// Takes a run out of all tables, and its key.
    pub(super) fn forget_run(&mut self, run: RunId) {
        self.parents.remove(&run);
        self.ledger.results.forget_run(run);
        // What it left was told so long ago; and what is not there needs not be told.
        self.ledger
            .orphans
            .retain(|orphan, (_, by)| *orphan != run && *by != run);
        let Some(held) = self.runs.remove(&run) else {
            return;
        };
        if let Some(key) = held.key.clone().filter(|_| !held.superseded) {
            self.keys.remove(&(held.scope(), key));
        }
        for (timer, at) in held.alive().into_iter().flat_map(|live| &live.timers) {
            self.timers.disarm(*at, run, *timer);
        }
    }
}
