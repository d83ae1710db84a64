//! What an endpoint costs: its latency as a moving average that jumps up at once and comes down slowly.

use std::time::Duration;

/// What an endpoint that nobody knows yet is taken to need. Nothing at all would send it everything.
const DEFAULT: Duration = Duration::from_millis(30);
/// How long it takes for what was measured to lose 63 % of its weight.
const DECAY: Duration = Duration::from_secs(10);
/// Differences below this are noise.
const FLOOR: Duration = Duration::from_millis(1);
/// What a failure counts as, unless the service says how long to leave it alone. Otherwise the endpoint that fails
/// fastest would look best.
const PENALTY: Duration = Duration::from_secs(5);

/// No service can have itself left alone for longer, whatever it asks for.
const PENALTY_MAX: Duration = Duration::from_secs(60);

/// Peak EWMA of an endpoint's round trips, after Finagle's balancer of that name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ewma {
    seconds: f64,
    at: Duration,
    failing_until: Duration,
}

impl Ewma {
    /// An endpoint that nobody knows yet.
    #[must_use]
    pub fn new(now: Duration) -> Self {
        Self {
            seconds: DEFAULT.as_secs_f64(),
            at: now,
            failing_until: Duration::ZERO,
        }
    }

    /// A request got its answer after this long.
    pub fn observe(&mut self, now: Duration, round_trip: Duration) {
        self.failing_until = Duration::ZERO;
        self.add(now, round_trip);
    }

    /// A request failed, and the service may have said how long to leave it alone.
    pub fn penalize(&mut self, now: Duration, retry_after: Option<Duration>) {
        let penalty = retry_after.unwrap_or(PENALTY).min(PENALTY_MAX);
        self.failing_until = self.failing_until.max(now.saturating_add(penalty));
        self.add(now, penalty);
    }

    /// Whether it failed a short while ago.
    #[must_use]
    pub fn failing(&self, now: Duration) -> bool {
        now < self.failing_until
    }

    /// What one more request would cost, beside those that are pending.
    #[must_use]
    pub fn load(&self, now: Duration, pending: u32) -> f64 {
        let seconds = self.seconds * self.kept(now);
        seconds.max(FLOOR.as_secs_f64()) * (f64::from(pending) + 1.0)
    }

    fn add(&mut self, now: Duration, measured: Duration) {
        let measured = measured.as_secs_f64();
        let kept = self.kept(now);
        let average = self.seconds * kept + measured * (1.0 - kept);
        self.seconds = average.max(measured);
        self.at = self.at.max(now);
    }

    /// Which part of what was known still counts.
    fn kept(&self, now: Duration) -> f64 {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        (-passed / DECAY.as_secs_f64()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn load_ms(ewma: Ewma, now: Duration) -> u64 {
        (ewma.load(now, 0) * 1_000.0).round() as u64
    }

    #[test]
    fn it_begins_at_thirty_milliseconds() {
        assert_eq!(load_ms(Ewma::new(ms(0)), ms(0)), 30);
    }

    #[test]
    fn a_peak_counts_at_once_and_fades() {
        let mut ewma = Ewma::new(ms(0));
        ewma.observe(ms(0), ms(400));
        assert_eq!(load_ms(ewma, ms(0)), 400);
        assert_eq!(load_ms(ewma, ms(10_000)), 147, "400 / e");
    }

    #[test]
    fn it_comes_down_only_with_time() {
        let mut ewma = Ewma::new(ms(0));
        ewma.observe(ms(0), ms(400));
        ewma.observe(ms(0), ms(10));
        assert_eq!(load_ms(ewma, ms(0)), 400);
        ewma.observe(ms(10_000), ms(10));
        assert_eq!(load_ms(ewma, ms(10_000)), 153, "400 / e + 10 * (1 - 1 / e)");
    }

    #[test]
    fn nothing_is_faster_than_a_millisecond() {
        assert_eq!(load_ms(Ewma::new(ms(0)), ms(1_000_000)), 1);
    }

    #[test]
    fn pending_requests_multiply() {
        assert!((Ewma::new(ms(0)).load(ms(0), 3) - 0.12).abs() < 1e-9);
    }

    #[test]
    fn a_failure_costs_five_seconds_or_what_the_service_asks_for() {
        let mut ewma = Ewma::new(ms(0));
        ewma.penalize(ms(0), None);
        assert_eq!(load_ms(ewma, ms(0)), 5_000);
        assert!(ewma.failing(ms(4_999)) && !ewma.failing(ms(5_000)));
        ewma.penalize(ms(0), Some(ms(9_000)));
        assert_eq!(load_ms(ewma, ms(0)), 9_000);
        assert!(ewma.failing(ms(8_999)));
        ewma.penalize(ms(0), Some(Duration::MAX));
        assert!(!ewma.failing(ms(60_000)), "no longer than a minute");
    }

    #[test]
    fn a_success_ends_failing() {
        let mut ewma = Ewma::new(ms(0));
        ewma.penalize(ms(0), None);
        ewma.observe(ms(10), ms(1));
        assert!(!ewma.failing(ms(11)));
    }
}
