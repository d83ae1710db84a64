//! Runs that ended long ago are let go of while the host works.
//!
//! The thread of the index chooses and archives them; here it is decided, so that no run goes that somebody is about to
//! do something with, and that what was looked up of one before it went brings nothing back.

use super::{Engine, batch::Deferred, output::Output};
use crate::{RunId, store::Record};

/// What the record of a run that goes takes in a batch, about.
const RECORD_BYTES: usize = 32;

impl Engine {
    /// Lets those of these runs go that nobody needs, and says which when that is on stable storage.
    pub(super) fn retire(&mut self, runs: Vec<RunId>) {
        let gone: Vec<RunId> = runs.into_iter().filter(|run| self.may_go(*run)).collect();
        for run in &gone {
            self.batches.add(Record::Forgotten { run: *run }, RECORD_BYTES);
            self.ledger.results.forget_run(*run);
            self.rows.retire(*run, self.now);
            self.dormant.retired.insert(*run, None);
        }
        self.defer(Deferred::Output(Output::Retired(gone)));
    }

    /// Whether the run is not in memory, where all are to which something happens, and nothing waits that has looked for
    /// it.
    fn may_go(&self, run: RunId) -> bool {
        let mut waiting = self.dormant.waiting.values();
        let found = |known: Option<RunId>| known == Some(run);
        !self.runs.contains_key(&run)
            && !self.dormant.is_pinned(run)
            && !self.dormant.retired.contains_key(&run)
            && !waiting.any(|waiting| waiting.known.keys.values().copied().any(found))
            && !self.schedules.hears(run)
            && !self.tasks.iter().any(|task| task.run() == Some(run))
    }

    /// A run that was found, unless it was let go of meanwhile.
    pub(super) fn unless_retired(&self, run: Option<RunId>) -> Option<RunId> {
        run.filter(|run| !self.dormant.retired.contains_key(run))
    }

    /// The index knows them no longer. They are remembered until nothing is on its way that was looked up before.
    pub(super) fn retired_from_index(&mut self, runs: &[RunId]) {
        let next = self.dormant.next;
        for run in runs {
            self.dormant.retired.insert(*run, Some(next));
        }
        let oldest = self.dormant.oldest();
        let retired = &mut self.dormant.retired;
        retired.retain(|_, since| since.is_none_or(|since| since > oldest));
    }
}
