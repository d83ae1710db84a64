//! How long runs stay in memory.

use super::world::World;
use crate::engine::Residence;
use jiff::SignedDuration;
use std::time::Duration;

/// For so long runs stay in memory in worlds in which they do not stay.
const IDLE_MAX: Duration = Duration::from_secs(2);
/// Machines are written down after at most so many events.
const SNAPSHOT_AFTER_MAX: u64 = 12;

impl World<'_> {
    /// In most worlds runs leave and come back all the time.
    pub(super) fn draw_residence(&mut self, seed: u64) -> Residence {
        if self.chance.happens(250) {
            return Residence::default();
        }
        Residence {
            runs_max: self.chance.index(4),
            idle: SignedDuration::try_from(self.draw(IDLE_MAX)).unwrap_or_default(),
            horizon: SignedDuration::try_from(self.draw(IDLE_MAX)).unwrap_or_default(),
            snapshot_after: 1 + seed % SNAPSHOT_AFTER_MAX,
        }
    }
}
