//! Drawing by chance.

use crate::decide::chance::{Chance, below};

/// One of several, each as often as its weight says. `None` where all weights are 0.
pub(super) fn by_weight<T, I: Iterator<Item = (T, u64)>>(
    all: impl Fn() -> I,
    chance: &mut Chance<'_>,
) -> Option<T> {
    let mut left = below(chance, all().map(|(_, weight)| weight).sum());
    for (one, weight) in all() {
        match left.checked_sub(weight) {
            Some(rest) => left = rest,
            None => return Some(one),
        }
    }
    None
}

/// Two different numbers below `count`, each pair as likely as any other. `count` is at least 2.
pub(super) fn two_of(count: usize, chance: &mut Chance<'_>) -> (usize, usize) {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let one = below(chance, count);
    let other = below(chance, count.saturating_sub(1));
    let other = if other >= one {
        other.saturating_add(1)
    } else {
        other
    };
    (
        usize::try_from(one).unwrap_or_default(),
        usize::try_from(other).unwrap_or_default(),
    )
}
