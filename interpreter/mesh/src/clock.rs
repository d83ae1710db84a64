//! The time of a mesh: how long since it was made.

use std::time::Duration;
use tokio::time::Instant;

/// Decisions are made on durations since an origin, never on a clock of their own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    /// Begins now.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// How long since the beginning.
    pub(crate) fn now(self) -> Duration {
        self.0.elapsed()
    }

    /// How long since the beginning it was then: the time need not be asked for twice.
    pub(crate) fn at(self, then: Instant) -> Duration {
        then.saturating_duration_since(self.0)
    }
}
