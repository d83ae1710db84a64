//! How a limit is lent that several processes hold together.
//!
//! Whoever keeps it counts what it lends at once, and what was lent may be spent up to [`LEASE_MS`] later. In any window of
//! time so much more can be spent than was lent in it. That is kept back: of the burst, and where that is too small, by
//! lending less often than the rate says. So all together never begin more than the limit lets one process alone.

use super::Rate;
use crate::Program;

/// For how long what is lent may be spent, in milliseconds.
pub const LEASE_MS: u64 = 250;

const LEASE_NS: u64 = LEASE_MS * 1_000_000;

/// How a limit is lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lent {
    /// The nanoseconds that one more needs until it is lent.
    pub interval: u64,
    /// The nanoseconds by which lending may be ahead of the rate.
    pub tolerance: u64,
}

impl Rate {
    /// The nanoseconds that one more needs. Rounded up: never more than the rate says.
    #[must_use]
    pub fn interval(self) -> u64 {
        let nanos = self.per_ms.saturating_mul(1_000_000);
        nanos.div_ceil(u64::from(self.count.max(1)))
    }

    /// How many may begin at once after a pause; as many as the rate says where it is not said.
    #[must_use]
    pub fn burst(self, said: Option<u32>) -> u64 {
        u64::from(said.unwrap_or(self.count).max(1))
    }

    /// How a limit of this rate is lent.
    #[must_use]
    pub fn lent(self, burst: Option<u32>) -> Lent {
        let (own, burst) = (self.interval(), self.burst(burst));
        let ahead = own.saturating_mul(burst);
        if let Some(tolerance) = ahead.checked_sub(LEASE_NS)
            && tolerance >= own
        {
            let interval = own;
            return Lent { interval, tolerance };
        }
        let short = LEASE_NS.saturating_sub(own.saturating_mul(burst.saturating_sub(1)));
        let interval = own.saturating_add(short.div_ceil(burst));
        Lent {
            interval,
            tolerance: interval,
        }
    }

    /// The smallest burst with which a limit of this rate is lent at four fifths of its rate or more.
    #[must_use]
    pub fn burst_to_share(self) -> u64 {
        let own = self.interval().max(1);
        // `interval + (LEASE - (burst - 1) * interval) / burst <= interval * 5 / 4`
        let least = LEASE_NS.saturating_add(own).saturating_mul(4);
        least.div_ceil(own.saturating_mul(5)).max(1)
    }
}

impl Program {
    /// Whether a limit of a call is shared with other processes.
    #[must_use]
    pub fn shares_calls(&self) -> bool {
        let of_policies = self.policies.iter().filter_map(|policy| policy.limit.as_ref());
        of_policies
            .chain(&self.mesh.limit)
            .any(|limit| limit.shared.is_some())
    }

    /// Whether a limit of a gateway is shared with other processes.
    #[must_use]
    pub fn shares_visits(&self) -> bool {
        let mut of_gateways = self.gateways.iter().filter_map(|gateway| gateway.limit.as_ref());
        of_gateways.any(|limit| limit.shared.is_some())
    }

    /// Whether one process has to keep something for all others: its runs, or the count of what is shared.
    #[must_use]
    pub fn needs_server(&self) -> bool {
        !self.flows.is_empty() || self.shares_calls() || self.shares_visits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(count: u32, per_ms: u64) -> Rate {
        Rate { count, per_ms }
    }

    #[test]
    fn what_can_be_spent_later_is_kept_back_of_the_burst() {
        let lent = rate(100, 1_000).lent(None);
        assert_eq!((lent.interval, lent.tolerance), (10_000_000, 750_000_000));
        let lent = rate(100, 1_000).lent(Some(26));
        assert_eq!((lent.interval, lent.tolerance), (10_000_000, 10_000_000));
    }

    #[test]
    fn where_the_burst_is_too_small_it_is_lent_less_often() {
        let lent = rate(1, 1_000).lent(None);
        assert_eq!((lent.interval, lent.tolerance), (1_250_000_000, 1_250_000_000));
        let lent = rate(1, 60_000).lent(None);
        assert_eq!(lent.interval, 60_250_000_000);
        let lent = rate(100, 1_000).lent(Some(1));
        assert_eq!(
            lent.interval, 260_000_000,
            "which is why the compiler does not take it"
        );
    }

    #[test]
    fn no_window_has_more_than_the_limit_says_whenever_it_is_spent() {
        for (count, per_ms, burst) in [(100, 1_000, 40), (100, 1_000, 7), (1, 1_000, 1), (3, 1_000, 2)] {
            let rate = rate(count, per_ms);
            let lent = rate.lent(Some(burst));
            let own = rate.interval();
            // So many may be lent within `window + LEASE`, and so many spent within `window`.
            for window in (0..5_000_000_000).step_by(9_999_991) {
                let most_lent = (lent.tolerance + window + LEASE_NS) / lent.interval;
                let most = (own * u64::from(burst) + window) / own;
                assert!(
                    most_lent <= most,
                    "{most_lent} of {most} in {window} ns at {rate:?}"
                );
            }
        }
    }

    #[test]
    fn the_smallest_burst_costs_a_fifth_of_the_rate_at_the_most() {
        for (count, per_ms) in [
            (1, 1_000),
            (2, 1_000),
            (100, 1_000),
            (7, 60_000),
            (1_000_000, 1_000),
        ] {
            let rate = rate(count, per_ms);
            let burst = u32::try_from(rate.burst_to_share()).unwrap();
            let slow = |burst| rate.lent(Some(burst)).interval * 4 > rate.interval() * 5;
            assert!(!slow(burst), "{burst} at {rate:?}");
            assert!(burst == 1 || slow(burst - 1), "{burst} at {rate:?}");
        }
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let rate = rate(1, u64::MAX);
        assert_eq!(rate.lent(Some(u32::MAX)).interval, u64::MAX);
        assert_eq!(rate.burst_to_share(), 1);
        assert_eq!(Rate { count: 0, per_ms: 0 }.burst_to_share(), 200_000_001);
    }
}
