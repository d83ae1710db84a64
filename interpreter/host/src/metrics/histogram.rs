//! How often something took how long.

use super::{add, get};
use std::{sync::atomic::AtomicU64, time::Instant};

/// Counts by upper bounds, and the sum of all.
#[derive(Debug)]
pub(crate) struct Histogram {
    bounds: &'static [u64],
    /// One more than there are bounds.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Histogram {
    pub(crate) fn new(bounds: &'static [u64]) -> Self {
        Self {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    pub(crate) fn observe(&self, value: u64) {
        let at = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(at) {
            add(count, 1);
        }
        add(&self.sum, value);
    }

    /// The time since something, in microseconds.
    pub(crate) fn since(&self, began: Instant) {
        self.observe(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
    }

    /// Each bound with how many are not greater; the last one is that of all.
    pub(crate) fn cumulative(&self) -> Vec<(Option<u64>, u64)> {
        let bounds = self.bounds.iter().copied().map(Some).chain([None]);
        let mut below = 0u64;
        let counted = self.counts.iter().map(|count| {
            below = below.saturating_add(get(count));
            below
        });
        bounds.zip(counted).collect()
    }

    pub(crate) fn sum(&self) -> u64 {
        get(&self.sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_for_its_bound_and_all_above() {
        let histogram = Histogram::new(&[1, 10]);
        [0, 1, 2, 10, 11]
            .into_iter()
            .for_each(|value| histogram.observe(value));
        assert_eq!(histogram.cumulative(), [(Some(1), 2), (Some(10), 4), (None, 5)]);
        assert_eq!(histogram.sum(), 24);
    }
}
