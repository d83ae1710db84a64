//! Which endpoint is picked: one after the other, or the better of two drawn by chance.

mod ewma;

pub use ewma::Ewma;

use super::chance::{Chance, below};
use flowmesh_ir::policy::Balance;

/// What there is to pick from, by index. Loads are asked for only where they matter.
pub trait Candidates {
    /// How many there are.
    fn count(&self) -> usize;
    /// Lower ones are picked before higher ones: SRV's priority.
    fn priority(&self, at: usize) -> u16;
    /// How often it is drawn, beside the others of its priority: SRV's weight.
    fn weight(&self, at: usize) -> u32;
    /// Whether it must not be picked at all.
    fn shut(&self, at: usize) -> bool {
        let _ = at;
        false
    }
    /// Whether it failed a short while ago.
    fn failing(&self, at: usize) -> bool;
    /// What one more request would cost there.
    fn load(&self, at: usize) -> f64;
}

/// Picks one: among those of the lowest priority that has one which is not failing, as `balance` says. `avoid` failed
/// this very call a moment ago and is picked only if there is no other; `turn` counts the picks.
///
/// Weights that differ are the wish of whoever runs the service, and hold for both ways of picking: each draw is by
/// weight, so that of endpoints that are equally good each gets its share.
pub fn pick(
    candidates: &impl Candidates,
    balance: Balance,
    avoid: Option<usize>,
    turn: u64,
    chance: &mut Chance<'_>,
) -> Option<usize> {
    let open = || (0..candidates.count()).filter(|at| !candidates.shut(*at));
    let avoid = avoid.filter(|avoid| open().any(|at| at != *avoid));
    let usable = || open().filter(move |at| Some(*at) != avoid);
    let priority = |at: usize| candidates.priority(at);
    let healthy = usable().filter(|at| !candidates.failing(*at)).map(priority).min();
    let best = healthy.or_else(|| usable().map(priority).min())?;
    among(
        candidates,
        balance,
        || usable().filter(|at| priority(*at) == best),
        turn,
        chance,
    )
}

/// Picks one of those that are eligible, which are all of one priority.
fn among<I: Iterator<Item = usize>>(
    candidates: &impl Candidates,
    balance: Balance,
    eligible: impl Fn() -> I,
    turn: u64,
    chance: &mut Chance<'_>,
) -> Option<usize> {
    let count = eligible().count();
    if count < 2 {
        return eligible().next();
    }
    match (balance, weights_are_even(candidates, eligible())) {
        (Balance::RoundRobin, true) => {
            let turn = turn.checked_rem(u64::try_from(count).ok()?)?;
            eligible().nth(usize::try_from(turn).ok()?)
        }
        // The hashes and weights of policies are not carried out yet, which is said when the program starts.
        (
            Balance::RoundRobin | Balance::Random | Balance::Weights | Balance::RingHash | Balance::Maglev,
            _,
        ) => by_weight(candidates, &eligible, chance),
        (Balance::Ewma | Balance::LeastRequests, true) => {
            let (one, other) = two_of(count, chance);
            better(candidates, eligible().nth(one)?, eligible().nth(other)?)
        }
        (Balance::Ewma | Balance::LeastRequests, false) => {
            let one = by_weight(candidates, &eligible, chance)?;
            better(candidates, one, by_weight(candidates, &eligible, chance)?)
        }
    }
}

/// The one with less load; the first where they are equal.
fn better(candidates: &impl Candidates, one: usize, other: usize) -> Option<usize> {
    Some(
        if one == other || candidates.load(one) <= candidates.load(other) {
            one
        } else {
            other
        },
    )
}

/// Two different numbers below `count`, each pair as likely as any other. `count` is at least 2.
fn two_of(count: usize, chance: &mut Chance<'_>) -> (usize, usize) {
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

fn weights_are_even(candidates: &impl Candidates, mut of: impl Iterator<Item = usize>) -> bool {
    let first = of.next().map(|at| candidates.weight(at));
    of.all(|at| Some(candidates.weight(at)) == first)
}

fn by_weight<I: Iterator<Item = usize>>(
    candidates: &impl Candidates,
    eligible: impl Fn() -> I,
    chance: &mut Chance<'_>,
) -> Option<usize> {
    let weight = |at: usize| share(candidates.weight(at));
    let mut left = below(chance, eligible().map(weight).sum());
    for at in eligible() {
        match left.checked_sub(weight(at)) {
            Some(rest) => left = rest,
            None => return Some(at),
        }
    }
    None
}

/// A weight of 0 beside others means "hardly ever" (RFC 2782): a hundredth of SRV's least weight, which counts as 100.
fn share(weight: u32) -> u64 {
    u64::from(weight).max(1)
}

#[cfg(test)]
mod tests;
