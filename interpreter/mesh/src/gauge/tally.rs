//! How many there were, how they ended, how long they took, and how many are on their way.

use super::told::Spread;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Upper bounds of times, in microseconds: up to ten seconds.
pub(super) const BOUNDS_US: [u64; 14] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000,
];
/// By the first digit of the status, and last those that had none.
const CLASSES: usize = 6;

/// How many there were, how they ended, and how long they took.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    classes: [AtomicU64; CLASSES],
    /// One more than there are bounds.
    times: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

/// One that is on its way; counts while it lives.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<AtomicU64>);

impl InFlight {
    pub(crate) fn new(number: &Arc<AtomicU64>) -> Self {
        add(number, 1);
        Self(number.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Tally {
    /// Takes note of one that has ended, and of how long it took, where that can be said.
    pub(crate) fn ended(&self, status: Option<u16>, took: Option<Duration>) {
        let class = status.map_or(CLASSES, |status| usize::from(status / 100));
        let class = class.clamp(1, CLASSES).saturating_sub(1);
        if let Some(count) = self.classes.get(class) {
            add(count, 1);
        }
        let Some(took) = took else { return };
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let at = BOUNDS_US.partition_point(|bound| *bound < took_us);
        if let Some(count) = self.times.get(at) {
            add(count, 1);
        }
        add(&self.sum_us, took_us);
    }

    /// By class of status.
    pub(crate) fn classes(&self) -> [u64; CLASSES] {
        self.classes.each_ref().map(get)
    }

    /// How long they took.
    pub(crate) fn spread(&self) -> Spread {
        let mut below = 0u64;
        let counted = self.times.iter().map(|count| {
            below = below.saturating_add(get(count));
            below
        });
        let bounds = BOUNDS_US.into_iter().map(Some).chain([None]);
        Spread {
            below: bounds.zip(counted).collect(),
            sum_us: get(&self.sum_us),
        }
    }
}

pub(crate) fn add(number: &AtomicU64, by: u64) {
    number.fetch_add(by, Ordering::Relaxed);
}

pub(super) fn get(number: &AtomicU64) -> u64 {
    number.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::Tally;
    use std::time::Duration;

    #[test]
    fn each_counts_for_its_class_its_bound_and_all_above() {
        let tally = Tally::default();
        for (status, us) in [
            (Some(204), 500),
            (Some(101), 501),
            (Some(503), 10_000_001),
            (None, 0),
            (Some(999), 0),
            (Some(7), 0),
        ] {
            tally.ended(status, Some(Duration::from_micros(us)));
        }
        tally.ended(Some(404), None);
        assert_eq!(tally.classes(), [2, 1, 0, 1, 1, 2]);
        let spread = tally.spread();
        assert_eq!(spread.below[0], (Some(500), 4));
        assert_eq!(spread.below[1], (Some(1_000), 5));
        assert_eq!(spread.below[13], (Some(10_000_000), 5));
        assert_eq!(spread.below[14], (None, 6));
        assert_eq!(spread.sum_us, 500 + 501 + 10_000_001);
    }
}
