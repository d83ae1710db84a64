//! Where chance comes from, so that a test or a simulation can say what it brings.

use std::sync::atomic::{AtomicU64, Ordering};

/// Each call gives 64 random bits.
pub type Chance<'a> = dyn FnMut() -> u64 + 'a;

/// Chance from a seed, drawn from by many calls at once without a lock: SplitMix64, whose state is a mere counter.
#[derive(Debug)]
pub struct Source(AtomicU64);

impl Source {
    /// The same seed gives the same numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next 64 bits.
    pub fn draw(&self) -> u64 {
        let step = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// A number from 0 up to and without `end`; 0 where `end` is 0. Every number is as likely as the others to within
/// `end / 2^64`, which no test can see.
pub fn below(chance: &mut Chance<'_>, end: u64) -> u64 {
    let wide = u128::from(chance()) * u128::from(end);
    u64::try_from(wide >> 64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_again() {
        let (a, b) = (Source::new(7), Source::new(7));
        assert_eq!([a.draw(), a.draw()], [b.draw(), b.draw()]);
        assert_ne!(Source::new(8).draw(), Source::new(7).draw());
    }

    #[test]
    fn below_reaches_both_ends_and_no_further() {
        assert_eq!(below(&mut || 0, 10), 0);
        assert_eq!(below(&mut || u64::MAX, 10), 9);
        assert_eq!(below(&mut || u64::MAX, 0), 0);
    }

    #[test]
    fn numbers_spread_evenly() {
        let source = Source::new(1);
        let mut counts = [0_u32; 8];
        for _ in 0..80_000 {
            counts[below(&mut || source.draw(), 8) as usize] += 1;
        }
        assert!(
            counts.iter().all(|count| (9_600..10_400).contains(count)),
            "{counts:?}"
        );
    }
}
