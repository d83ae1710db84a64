//! How all of it stands: what those want to know who watch a host.

use super::Engine;
use jiff::Timestamp;
use std::time::Duration;

/// How an engine stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stand {
    /// How many timers are armed, of runs in memory.
    pub timers: usize,
    /// How long the next of any run has been due.
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
        let due = [self.timers.next(), self.dormant.wakes_next()]
            .into_iter()
            .flatten()
            .min();
        let behind = due.map(|due| now.duration_since(due));
        let (unindexed, indexed) = self.rows.unindexed();
        Stand {
            timers: self.timers.len(),
            behind: behind.and_then(|late| late.try_into().ok()).unwrap_or_default(),
            full: self.full_until.is_some(),
            unindexed,
            indexed,
        }
    }
}
