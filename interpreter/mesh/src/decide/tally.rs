//! How a version of a service did of late: requests, failures, and what 99 of 100 stayed below. Plain data; time is passed
//! in.

use std::time::Duration;

/// A slot of the window.
const SLOT: Duration = Duration::from_secs(5);
/// How many slots are kept: five minutes.
const SLOTS: usize = 60;
/// Each power of two is cut into so many parts, so that a time is known to an eighth.
const PARTS: usize = 8;
/// Times up to 2^30 microseconds, 18 minutes, are told apart.
const BUCKETS: usize = 30 * PARTS;

/// How far back can be looked at most.
pub const LAST_MAX: Duration = Duration::from_secs(SLOT.as_secs() * SLOTS as u64);

/// What was seen of a version within a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many attempts ended.
    pub requests: u64,
    /// How many of them failed.
    pub errors: u64,
    /// What 99 of 100 of those that were answered stayed below, to the next eighth of a power of two; none, and it is zero.
    pub p99: Duration,
}

impl Seen {
    /// Both together; the slower of the two is the bound for both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            errors: self.errors.saturating_add(other.errors),
            p99: self.p99.max(other.p99),
        }
    }
}

/// A window over what was seen of late.
#[derive(Debug, Default)]
pub struct Tally {
    /// By the number of the slot modulo [`SLOTS`].
    slots: Vec<Slot>,
}

#[derive(Clone, Debug, Default)]
struct Slot {
    number: u64,
    requests: u64,
    errors: u64,
    times: Vec<u32>,
}

impl Tally {
    /// An attempt ended at `now`, in `took` if it was answered.
    pub fn note(&mut self, now: Duration, failed: bool, took: Option<Duration>) {
        let number = number(now);
        if self.slots.is_empty() {
            self.slots = vec![Slot::default(); SLOTS];
        }
        let Some(slot) = usize::try_from(number)
            .ok()
            .and_then(|at| self.slots.get_mut(at % SLOTS))
        else {
            return;
        };
        if slot.number != number {
            *slot = Slot {
                number,
                ..Slot::default()
            };
        }
        slot.requests = slot.requests.saturating_add(1);
        slot.errors = slot.errors.saturating_add(u64::from(failed));
        if let Some(took) = took {
            slot.times.resize(BUCKETS, 0);
            if let Some(count) = slot.times.get_mut(bucket(took)) {
                *count = count.saturating_add(1);
            }
        }
    }

    /// What was seen within the last time, to the next slot; at most [`LAST_MAX`].
    #[must_use]
    pub fn seen(&self, now: Duration, last: Duration) -> Seen {
        let from = number(now.saturating_sub(last.min(LAST_MAX)));
        let oldest = number(now).saturating_sub(SLOTS as u64 - 1);
        let fresh = |slot: &&Slot| slot.requests > 0 && slot.number >= from.max(oldest);
        let (mut seen, mut times) = (Seen::default(), vec![0u64; BUCKETS]);
        for slot in self.slots.iter().filter(fresh) {
            seen.requests = seen.requests.saturating_add(slot.requests);
            seen.errors = seen.errors.saturating_add(slot.errors);
            for (sum, count) in times.iter_mut().zip(&slot.times) {
                *sum = sum.saturating_add(u64::from(*count));
            }
        }
        seen.p99 = p99(&times);
        seen
    }
}

fn number(now: Duration) -> u64 {
    now.as_secs() / SLOT.as_secs()
}

/// Where a time is counted: the power of two, and which eighth of it.
fn bucket(took: Duration) -> usize {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
    let power = micros.ilog2();
    let part = match power {
        0..3 => 0,
        _ => (micros >> (power - 3)) & 7,
    };
    let at = u64::from(power) * PARTS as u64 + part;
    usize::try_from(at).unwrap_or(usize::MAX).min(BUCKETS - 1)
}

/// What the times of a bucket stay below.
fn end(at: usize) -> Duration {
    let (power, part) = (at / PARTS, at as u64 % PARTS as u64);
    let whole = 1u64 << power;
    let micros = match power {
        0..3 => whole * 2,
        _ => whole + (part + 1) * (whole >> 3),
    };
    Duration::from_micros(micros)
}

fn p99(times: &[u64]) -> Duration {
    let all: u64 = times.iter().sum();
    let wanted = all - all / 100;
    let mut below = 0;
    for (at, count) in times.iter().enumerate() {
        below += count;
        if *count > 0 && below >= wanted {
            return end(at);
        }
    }
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::{LAST_MAX, Seen, Tally, bucket, end};
    use std::time::Duration;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_is_in_the_window_counts_and_nothing_else() {
        let mut tally = Tally::default();
        assert_eq!(tally.seen(at(0), at(60)), Seen::default());
        tally.note(at(100), false, Some(Duration::from_millis(10)));
        tally.note(at(104), true, None);
        tally.note(at(120), true, Some(Duration::from_millis(10)));
        let seen = |now, last| {
            let seen = tally.seen(at(now), at(last));
            (seen.requests, seen.errors)
        };
        assert_eq!(seen(120, 10), (1, 1));
        assert_eq!(seen(120, 30), (3, 2));
        assert_eq!(seen(399, 10_000), (3, 2));
        assert_eq!(seen(401, 10_000), (1, 1));
        assert_eq!(seen(10_000, 10_000), (0, 0));
    }

    #[test]
    fn a_slot_is_used_again_when_its_time_has_passed() {
        let mut tally = Tally::default();
        tally.note(at(10), true, None);
        let later = at(10) + LAST_MAX;
        tally.note(later, false, None);
        assert_eq!(tally.seen(later, LAST_MAX).errors, 0);
        assert_eq!(tally.seen(later, LAST_MAX).requests, 1);
    }

    #[test]
    fn of_a_hundred_the_slowest_is_left_aside() {
        let mut tally = Tally::default();
        for _ in 0..99 {
            tally.note(at(1), false, Some(Duration::from_micros(1000)));
        }
        tally.note(at(1), false, Some(Duration::from_secs(9)));
        let fast = tally.seen(at(1), at(5)).p99;
        assert!(
            fast > Duration::from_micros(1000) && fast <= Duration::from_micros(1125),
            "{fast:?}"
        );
        tally.note(at(1), false, Some(Duration::from_secs(9)));
        assert!(tally.seen(at(1), at(5)).p99 >= Duration::from_secs(9));
    }

    #[test]
    fn a_time_is_known_to_an_eighth() {
        for micros in [1, 7, 8, 9, 15, 16, 1000, 12_345, 999_999, 1 << 29] {
            let took = Duration::from_micros(micros);
            let end = end(bucket(took));
            assert!(end > took || micros < 8, "{took:?} is not below {end:?}");
            assert!(
                micros < 8 || end <= took + took / 8 + Duration::from_micros(1),
                "{took:?}: {end:?}"
            );
        }
    }

    #[test]
    fn what_took_for_ever_is_in_the_last_bucket() {
        assert_eq!(bucket(Duration::MAX), bucket(Duration::from_secs(2000)));
    }
}
