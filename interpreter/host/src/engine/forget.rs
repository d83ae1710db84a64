//! A run that is kept no longer, of which nothing is left in memory; and what simulated worlds forget.

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

    /// For a world in which a restart loses something: the timers.
    pub(crate) fn forget_timers(&mut self) {
        self.timers.clear();
        self.dormant.forget_timers();
    }

    /// For a world in which a restart loses something: who holds locks and pools.
    pub(crate) fn forget_holders(&mut self) {
        self.ledger.guards.forget_holders();
    }

    /// For a world in which a move loses something: what was done before it is not undone.
    pub(crate) fn forget_undo_in_moves(&mut self) {
        self.moves_forget = true;
    }
}
