//! How all of it stands: what those want to know who watch a host.

use super::{Engine, view::State};
use jiff::Timestamp;
use std::{collections::BTreeMap, time::Duration};

/// How an engine stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stand {
    /// How many runs there are in each state, over all namespaces.
    pub states: BTreeMap<State, usize>,
    /// How many timers are armed, of runs in memory.
    pub timers: usize,
    /// How long the next of them has been due.
    pub behind: Duration,
    /// Whether there is no room for the journal.
    pub full: bool,
    /// How many changes the index was given and has not taken.
    pub unindexed: usize,
    /// Whether the index keeps up.
    pub indexed: bool,
}

impl Engine {
    pub(super) fn stand(&self, now: Timestamp) -> Stand {
        let mut states: BTreeMap<State, usize> = State::ALL.into_iter().map(|state| (state, 0)).collect();
        // With an index, it says how many there are: see `Search::Stand`.
        for held in self.runs.values().filter(|_| !self.rows.kept) {
            let count = states.entry(held.state()).or_default();
            *count = count.saturating_add(1);
        }
        let due = self.timers.next();
        let behind = due.map(|due| now.duration_since(due));
        let (unindexed, indexed) = self.rows.unindexed();
        Stand {
            states,
            timers: self.timers.len(),
            behind: behind.and_then(|late| late.try_into().ok()).unwrap_or_default(),
            full: self.full_until.is_some(),
            unindexed,
            indexed,
        }
    }
}
