//! What went wrong of late, in tenths of the time that a breaker looks back.

use flowmesh_ir::traffic::Breaker;
use std::time::Duration;

const SLICES: usize = 10;

/// What went wrong of late.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// How long a slice is, in milliseconds.
    slice_ms: u64,
    /// The number of the present slice.
    present: u64,
    /// The present slice comes first.
    slices: [Slice; SLICES],
}

#[derive(Clone, Copy, Debug, Default)]
struct Slice {
    ended: u64,
    failed: u64,
    /// Those that failed since the last success.
    in_a_row: u64,
}

impl Window {
    pub(super) fn new(breaker: &Breaker) -> Self {
        let slices = u64::try_from(SLICES).unwrap_or(u64::MAX);
        Self {
            slice_ms: breaker.within_ms.div_ceil(slices).max(1),
            present: 0,
            slices: [Slice::default(); SLICES],
        }
    }

    /// Something ended.
    pub(super) fn note(&mut self, now: Duration, failed: bool) {
        self.advance(now);
        if !failed {
            self.slices.iter_mut().for_each(|slice| slice.in_a_row = 0);
        }
        if let Some(slice) = self.slices.first_mut() {
            slice.ended = slice.ended.saturating_add(1);
            slice.failed = slice.failed.saturating_add(u64::from(failed));
            slice.in_a_row = slice.in_a_row.saturating_add(u64::from(failed));
        }
    }

    /// Whether the breaker does not bear it.
    pub(super) fn is_too_much(&self, breaker: &Breaker) -> bool {
        let sum = |of: fn(&Slice) -> u64| self.slices.iter().map(of).fold(0, u64::saturating_add);
        let in_a_row = breaker
            .failures
            .is_some_and(|failures| sum(|slice| slice.in_a_row) >= u64::from(failures));
        let ended = sum(|slice| slice.ended);
        let failed = sum(|slice| slice.failed);
        in_a_row
            || breaker.rate.is_some_and(|rate| {
                let percent = u64::from(rate.percent);
                ended >= u64::from(rate.of) && failed.saturating_mul(100) >= ended.saturating_mul(percent)
            })
    }

    /// Forgets what is too long ago.
    fn advance(&mut self, now: Duration) {
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let present = now.checked_div(self.slice_ms).unwrap_or_default();
        let passed = present.saturating_sub(self.present);
        let forgotten = usize::try_from(passed).unwrap_or(SLICES).min(SLICES);
        self.slices.rotate_right(forgotten);
        self.slices
            .iter_mut()
            .take(forgotten)
            .for_each(|slice| *slice = Slice::default());
        self.present = self.present.max(present);
    }
}
