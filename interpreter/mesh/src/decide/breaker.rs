//! When an endpoint that fails is left alone: a gate before it that shuts, and opens again for whoever proves it well.
//!
//! ```text
//! closed --- too many failures ---> open --- its time is over, and somebody comes ---> half open
//!    ^                               ^                                                    |
//!    |                               +---- that one fails (for twice as long), or leaves -+
//!    +---------------------------------------- that one succeeds -------------------------+
//! ```
//!
//! "Closed" is the word of the field for a gate that lets everything through: what is closed is an electric circuit.

mod window;

use super::{
    chance::{Chance, below},
    outcome::Outcome,
};
use flowmesh_ir::traffic::Breaker;
use std::time::Duration;
use window::Window;

/// An endpoint is not left alone for longer, unless the breaker itself says so.
const LONGEST: Duration = Duration::from_secs(60);

/// What chance adds to the time that an endpoint is left alone: up to one such part, so that those who left it together
/// do not come back together.
const JITTER: u64 = 4;

/// The least that an endpoint gets of its share, in a hundred.
const LEAST: u64 = 10;

/// The gate before an endpoint.
#[derive(Clone, Debug)]
pub struct Gate {
    breaker: Breaker,
    state: State,
    /// How often the state changed.
    era: u64,
}

/// Somebody who went through a gate, and who says how it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Entry(u64);

/// What a gate says to those who would go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Come: to so many of a hundred.
    Come(u64),
    /// One may come, as the proof.
    Prove,
    /// Do not come.
    Shut,
}

#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are closed, and a box would cost each of them a way"
)]
enum State {
    /// Everything is let through.
    Closed {
        window: Window,
        /// Since when, where it was shut before.
        again: Option<Duration>,
    },
    /// Nothing is, until then.
    Open { until: Duration, penalty: Duration },
    /// One is on its way, as the proof.
    HalfOpen { penalty: Duration },
}

impl Gate {
    /// Lets everything through.
    #[must_use]
    pub fn new(breaker: Breaker) -> Self {
        Self {
            state: State::Closed {
                window: Window::new(&breaker),
                again: None,
            },
            breaker,
            era: 0,
        }
    }

    /// By what it opens and closes.
    #[must_use]
    pub fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// What it says now. Only [`Gate::enter`] lets somebody through.
    #[must_use]
    pub fn sign(&self, now: Duration) -> Sign {
        match self.state {
            State::Closed { again, .. } => Sign::Come(self.share(again, now)),
            State::Open { until, .. } if until <= now => Sign::Prove,
            State::Open { .. } | State::HalfOpen { .. } => Sign::Shut,
        }
    }

    /// Goes through, if that is possible now. Whoever does says how it ended, by [`Gate::end`] or [`Gate::leave`].
    pub fn enter(&mut self, now: Duration) -> Option<Entry> {
        match self.state {
            State::Closed { .. } => {}
            State::Open { until, penalty } if until <= now => self.change(State::HalfOpen { penalty }),
            State::Open { .. } | State::HalfOpen { .. } => return None,
        }
        Some(Entry(self.era))
    }

    /// How it went for somebody. What began before the gate last changed says nothing about the time since.
    pub fn end(&mut self, entry: Entry, now: Duration, failed: bool, chance: &mut Chance<'_>) {
        if entry.0 != self.era {
            return;
        }
        match self.state {
            State::Closed { .. } => self.closed(now, failed, chance),
            State::Open { .. } => {}
            State::HalfOpen { penalty } => self.half_open(penalty, now, failed, chance),
        }
    }

    /// Somebody gave up before there was an end, which proves nothing: the next one may.
    pub fn leave(&mut self, entry: Entry) {
        if let (true, State::HalfOpen { penalty }) = (entry.0 == self.era, &self.state) {
            let (until, penalty) = (Duration::ZERO, *penalty);
            self.change(State::Open { until, penalty });
        }
    }

    fn closed(&mut self, now: Duration, failed: bool, chance: &mut Chance<'_>) {
        let State::Closed { window, .. } = &mut self.state else {
            return;
        };
        window.note(now, failed);
        if failed && window.is_too_much(&self.breaker) {
            let penalty = Duration::from_millis(self.breaker.open_ms);
            self.open(penalty, now, chance);
        }
    }

    fn open(&mut self, penalty: Duration, now: Duration, chance: &mut Chance<'_>) {
        let nanos = u64::try_from(penalty.as_nanos()).unwrap_or(u64::MAX);
        let more = Duration::from_nanos(below(chance, nanos / JITTER));
        let until = now.saturating_add(penalty).saturating_add(more);
        self.change(State::Open { until, penalty });
    }

    fn half_open(&mut self, penalty: Duration, now: Duration, failed: bool, chance: &mut Chance<'_>) {
        if failed {
            let longest = LONGEST.max(Duration::from_millis(self.breaker.open_ms));
            return self.open(penalty.saturating_mul(2).min(longest), now, chance);
        }
        self.change(State::Closed {
            window: Window::new(&self.breaker),
            again: Some(now),
        });
    }

    fn change(&mut self, state: State) {
        self.state = state;
        self.era = self.era.wrapping_add(1);
    }

    /// How many of a hundred it gets, more and more of them after it was shut.
    fn share(&self, again: Option<Duration>, now: Duration) -> u64 {
        let (Some(again), Some(slow)) = (again, self.breaker.slow_start_ms) else {
            return 100;
        };
        let passed = u64::try_from(now.saturating_sub(again).as_millis()).unwrap_or(u64::MAX);
        let share = passed.saturating_mul(100).checked_div(slow).unwrap_or(100);
        share.clamp(LEAST, 100)
    }
}

/// Whether an attempt says that its endpoint is not well: it cannot be reached, is too slow, or says itself that it
/// failed. What a service answers to a wrong request says nothing of that kind.
#[must_use]
pub fn is_failure(outcome: &Outcome) -> bool {
    match outcome {
        // Of gRPC: unknown, internal, data loss. Its other codes of this kind are no answers (see `code`).
        Outcome::Answer { status, .. } => matches!(status, 2 | 13 | 15 | 500..),
        Outcome::Unsent(_) | Outcome::TimedOut { .. } | Outcome::Broken(_) | Outcome::Malformed(_) => true,
    }
}

#[cfg(test)]
mod tests;
