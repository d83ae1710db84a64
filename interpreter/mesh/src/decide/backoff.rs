//! How long to wait before the next attempt.

use super::chance::{Chance, below};
use flowmesh_ir::policy::{Backoff, Jitter};
use std::time::Duration;

/// The wait after attempt `attempt`, which counts from 1.
pub(super) fn wait(backoff: &Backoff, attempt: u32, chance: &mut Chance<'_>) -> Duration {
    let whole = nanos(backoff, attempt);
    Duration::from_nanos(match backoff.jitter {
        Jitter::Full => below(chance, whole.saturating_add(1)),
        Jitter::Equal => {
            let half = whole / 2;
            half.saturating_add(below(chance, (whole - half).saturating_add(1)))
        }
        Jitter::None => whole,
    })
}

/// `base * factor^(attempt-1)`, at most `max`; a product too large for the type is as good as `max`.
fn nanos(backoff: &Backoff, attempt: u32) -> u64 {
    let growth = u64::from(backoff.factor).saturating_pow(attempt.saturating_sub(1));
    backoff
        .base_ms
        .saturating_mul(growth)
        .min(backoff.max_ms)
        .saturating_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::chance::Source;

    fn backoff(jitter: Jitter) -> Backoff {
        Backoff {
            base_ms: 100,
            max_ms: 2_000,
            factor: 2,
            jitter,
        }
    }

    #[test]
    fn it_doubles_up_to_the_longest() {
        let waits = (1..=7).map(|n| wait(&backoff(Jitter::None), n, &mut || 0).as_millis());
        assert_eq!(
            waits.collect::<Vec<_>>(),
            [100, 200, 400, 800, 1_600, 2_000, 2_000]
        );
    }

    #[test]
    fn a_factor_of_one_is_constant() {
        let constant = Backoff {
            factor: 1,
            ..backoff(Jitter::None)
        };
        assert_eq!(wait(&constant, 9, &mut || 0).as_millis(), 100);
    }

    #[test]
    fn full_jitter_lies_between_nothing_and_the_whole_wait() {
        assert_eq!(wait(&backoff(Jitter::Full), 3, &mut || 0).as_millis(), 0);
        assert_eq!(wait(&backoff(Jitter::Full), 3, &mut || u64::MAX).as_millis(), 400);
    }

    #[test]
    fn equal_jitter_keeps_half_of_the_wait() {
        assert_eq!(wait(&backoff(Jitter::Equal), 3, &mut || 0).as_millis(), 200);
        assert_eq!(
            wait(&backoff(Jitter::Equal), 3, &mut || u64::MAX).as_millis(),
            400
        );
    }

    #[test]
    fn full_jitter_is_half_the_wait_on_average() {
        let source = Source::new(3);
        let sum: Duration = (0..10_000)
            .map(|_| wait(&backoff(Jitter::Full), 1, &mut || source.draw()))
            .sum();
        assert!((48..=52).contains(&(sum / 10_000).as_millis()), "{sum:?}");
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let huge = Backoff {
            base_ms: u64::MAX,
            max_ms: u64::MAX,
            factor: u32::MAX,
            jitter: Jitter::Equal,
        };
        assert!(wait(&huge, u32::MAX, &mut || u64::MAX) > Duration::from_secs(1 << 33));
    }
}
