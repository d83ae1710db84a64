//! The retry budget: retries are paid for by calls, so that a failing service is not beaten while it is down.

use flowmesh_ir::{PolicyId, Program, policy::Budget};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// How long a call pays for, in seconds. A service that was busy an hour ago has no retries left from then.
const WINDOW: usize = 10;

/// A hundredth of a retry, so that a percentage is a whole number.
const RETRY: u64 = 100;

/// A thousand-millionth of a retry, so that a rate per second times nanoseconds is a whole number.
const MINIMUM: u64 = 1_000_000_000;

/// The budgets of one service, for each policy of the program: policies that say the same about budgets share one.
#[derive(Debug)]
pub struct Budgets {
    /// For each policy which bucket; `None` where retries cost nothing.
    of: Vec<Option<usize>>,
    buckets: Vec<Mutex<Bucket>>,
}

/// The clone has what the other has now, and shares nothing with it.
impl Clone for Budgets {
    fn clone(&self) -> Self {
        let copy = |bucket: &Mutex<Bucket>| bucket.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self {
            of: self.of.clone(),
            buckets: self.buckets.iter().map(copy).map(Mutex::new).collect(),
        }
    }
}

impl Budgets {
    /// The budgets of a service that begins now.
    #[must_use]
    pub fn new(program: &Program, now: Duration) -> Self {
        let mut kinds: Vec<Budget> = Vec::new();
        let of = program.policies.iter().map(|policy| {
            let budget = match (&policy.retry, policy.hedge) {
                (Some(retry), _) => retry.budget?,
                // What is asked for twice is paid for too.
                (None, Some(_)) => Budget::default(),
                (None, None) => return None,
            };
            let known = kinds.iter().position(|known| *known == budget);
            Some(known.unwrap_or_else(|| {
                kinds.push(budget);
                kinds.len().saturating_sub(1)
            }))
        });
        let of = of.collect();
        let buckets = kinds.into_iter().map(|budget| Bucket::new(budget, now));
        let buckets = buckets.map(Mutex::new).collect();
        Self { of, buckets }
    }

    /// A call under this policy was made.
    pub fn deposit(&self, policy: PolicyId, now: Duration) {
        if let Some(bucket) = self.bucket(policy) {
            bucket.lock().unwrap_or_else(PoisonError::into_inner).deposit(now);
        }
    }

    /// Pays for a retry under this policy, if there is enough.
    pub fn withdraw(&self, policy: PolicyId, now: Duration) -> bool {
        self.bucket(policy).is_none_or(|bucket| {
            bucket
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .withdraw(now)
        })
    }

    fn bucket(&self, policy: PolicyId) -> Option<&Mutex<Bucket>> {
        self.buckets.get((*self.of.get(policy.index())?)?)
    }
}

/// What calls have paid in and retries have not yet taken out.
#[derive(Clone, Debug)]
pub struct Bucket {
    budget: Budget,
    /// What the calls of each of the last seconds paid in, in hundredths of a retry; the present second comes first.
    earned: [u64; WINDOW],
    /// The present second.
    second: u64,
    /// What is left of the minimum per second; at most what one second brings.
    minimum: u64,
    /// Up to when the minimum was filled.
    filled: Duration,
}

impl Bucket {
    /// Empty but for the minimum of one second.
    #[must_use]
    pub fn new(budget: Budget, now: Duration) -> Self {
        let minimum = u64::from(budget.min_per_second) * MINIMUM;
        Self {
            budget,
            earned: [0; WINDOW],
            second: now.as_secs(),
            minimum,
            filled: now,
        }
    }

    /// A call was made: it pays for a part of a retry.
    pub fn deposit(&mut self, now: Duration) {
        self.advance(now);
        if let Some(present) = self.earned.first_mut() {
            *present = present.saturating_add(u64::from(self.budget.percent));
        }
    }

    /// Pays for a retry, if there is enough: first from what comes anyway, then from the oldest deposits.
    pub fn withdraw(&mut self, now: Duration) -> bool {
        self.advance(now);
        if self.minimum >= MINIMUM {
            self.minimum -= MINIMUM;
            return true;
        }
        if self.earned.iter().sum::<u64>() < RETRY {
            return false;
        }
        let mut due = RETRY;
        for deposit in self.earned.iter_mut().rev() {
            let taken = due.min(*deposit);
            *deposit -= taken;
            due -= taken;
        }
        true
    }

    fn advance(&mut self, now: Duration) {
        let passed = now.as_secs().saturating_sub(self.second);
        let forgotten = usize::try_from(passed).unwrap_or(WINDOW).min(WINDOW);
        self.earned.rotate_right(forgotten);
        self.earned
            .iter_mut()
            .take(forgotten)
            .for_each(|deposit| *deposit = 0);
        self.second = self.second.max(now.as_secs());

        let nanos = u64::try_from(now.saturating_sub(self.filled).as_nanos()).unwrap_or(u64::MAX);
        let rate = u64::from(self.budget.min_per_second);
        self.minimum = self
            .minimum
            .saturating_add(nanos.saturating_mul(rate))
            .min(rate * MINIMUM);
        self.filled = self.filled.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1_000);

    fn bucket(percent: u32, min_per_second: u32) -> Bucket {
        Bucket::new(
            Budget {
                percent,
                min_per_second,
            },
            START,
        )
    }

    fn withdrawals(bucket: &mut Bucket, now: Duration) -> u32 {
        (0..1_000).take_while(|_| bucket.withdraw(now)).count() as u32
    }

    #[test]
    fn a_fifth_of_the_calls_may_be_retried() {
        let mut bucket = bucket(20, 0);
        (0..100).for_each(|_| bucket.deposit(START));
        assert_eq!(withdrawals(&mut bucket, START), 20);
    }

    #[test]
    fn less_than_a_whole_retry_is_none() {
        let mut bucket = bucket(20, 0);
        (0..4).for_each(|_| bucket.deposit(START));
        assert!(!bucket.withdraw(START));
        bucket.deposit(START);
        assert!(bucket.withdraw(START));
    }

    #[test]
    fn the_minimum_comes_without_calls_and_does_not_pile_up() {
        let mut bucket = bucket(0, 10);
        assert_eq!(withdrawals(&mut bucket, START), 10);
        assert_eq!(withdrawals(&mut bucket, START + Duration::from_millis(500)), 5);
        assert_eq!(withdrawals(&mut bucket, START + Duration::from_secs(3_600)), 10);
    }

    #[test]
    fn deposits_are_forgotten_after_ten_seconds() {
        let mut bucket = bucket(100, 0);
        bucket.deposit(START);
        bucket.deposit(START + Duration::from_secs(5));
        assert_eq!(
            withdrawals(&mut bucket.clone(), START + Duration::from_secs(9)),
            2
        );
        assert_eq!(
            withdrawals(&mut bucket.clone(), START + Duration::from_secs(10)),
            1
        );
        assert_eq!(withdrawals(&mut bucket, START + Duration::from_secs(15)), 0);
    }

    #[test]
    fn the_oldest_deposits_are_spent_first() {
        let mut bucket = bucket(100, 0);
        bucket.deposit(START);
        bucket.deposit(START + Duration::from_secs(5));
        assert!(bucket.withdraw(START + Duration::from_secs(5)));
        assert_eq!(withdrawals(&mut bucket, START + Duration::from_secs(14)), 1);
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing_away() {
        let mut bucket = bucket(0, 1);
        assert_eq!(withdrawals(&mut bucket, START), 1);
        assert_eq!(withdrawals(&mut bucket, Duration::ZERO), 0);
        assert_eq!(withdrawals(&mut bucket, START), 0);
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let mut bucket = bucket(u32::MAX, u32::MAX);
        bucket.deposit(Duration::MAX);
        assert!(bucket.withdraw(Duration::MAX));
    }
}
