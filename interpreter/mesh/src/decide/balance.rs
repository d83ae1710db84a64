//! Which endpoint is picked: one after the other, by chance, by load, or by what the request says.

mod draw;
mod ewma;
mod hash;
mod maglev;
mod near;
mod ring;
mod table;

pub use ewma::Ewma;
pub use hash::hash;
pub use near::{LEVELS, Level, apart, levels, shares};
pub use table::{Entry, Table};

use super::chance::Chance;
use draw::{by_weight, two_of};
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
    /// Whether some are nearer than others.
    fn apart(&self) -> bool {
        false
    }
    /// How far away it is: below [`LEVELS`], and 0 is nearest. Asked only where some are nearer than others.
    fn level(&self, at: usize) -> usize {
        let _ = at;
        0
    }
    /// Which address of the program led to it; those of one address stand beside each other.
    fn address(&self, at: usize) -> usize;
    /// Whether it said that it is not well, or nothing at all, when it was asked.
    fn unwell(&self, at: usize) -> bool;
    /// Whether it failed a short while ago.
    fn failing(&self, at: usize) -> bool;
    /// What one more request would cost there.
    fn load(&self, at: usize) -> f64;
    /// How many requests are on their way there.
    fn busy(&self, at: usize) -> u32;
}

/// What one pick goes by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rule<'r> {
    /// How one is picked.
    pub balance: Balance,
    /// What each address gets, where `balance` is by weights; one with 0 gets nothing. Without any, all get the same.
    pub weights: &'r [u32],
    /// Where the request stands in the table of all endpoints, where `balance` goes by one. Without it, which is what a
    /// request has that says nothing to go by, one is picked by chance.
    pub spot: Option<(&'r Table, u64)>,
    /// What failed this very call a moment ago; picked only if there is no other.
    pub avoid: Option<usize>,
    /// How many were picked before.
    pub turn: u64,
}

/// Picks one as the rule says: among those that are well, and of these among those of the lowest priority that has one
/// which is not failing. If none is well, all are used: what says so may be wrong, and what is asked for would fail
/// without being tried (Envoy's panic threshold, at 0 %).
///
/// SRV's weights that differ are the wish of whoever runs the service, and hold for all ways of picking: each draw is by
/// weight, so that of endpoints that are equally good each gets its share.
///
/// Where some are nearer than others, all this holds among those of one level of nearness.
pub fn pick(candidates: &impl Candidates, rule: &Rule<'_>, chance: &mut Chance<'_>) -> Option<usize> {
    match candidates.apart() {
        false => within(candidates, rule, |_| true, chance),
        true => near::pick(candidates, rule, chance),
    }
}

/// Picks one of those that are meant.
fn within(
    candidates: &impl Candidates,
    rule: &Rule<'_>,
    is_meant: impl Fn(usize) -> bool,
    chance: &mut Chance<'_>,
) -> Option<usize> {
    let all = || 0..candidates.count();
    let offered = |at: usize| is_meant(at) && !candidates.shut(at) && rule.weight(candidates.address(at)) > 0;
    let any_well = all().any(|at| offered(at) && !candidates.unwell(at));
    let well = |at: usize| offered(at) && !(any_well && candidates.unwell(at));
    let others = all().any(|at| well(at) && Some(at) != rule.avoid);
    let usable = |at: usize| well(at) && !(others && Some(at) == rule.avoid);
    let priority = |at: usize| candidates.priority(at);
    let good = all().filter(|at| usable(*at) && !candidates.failing(*at));
    let best = good.map(priority).min();
    let best = best.or_else(|| all().filter(|at| usable(*at)).map(priority).min())?;
    among(candidates, rule, |at| usable(at) && priority(at) == best, chance)
}

impl Rule<'_> {
    /// What an address gets of the traffic.
    pub(crate) fn weight(&self, address: usize) -> u64 {
        if self.balance != Balance::Weights || self.weights.is_empty() {
            return 1;
        }
        self.weights.get(address).copied().map_or(0, u64::from)
    }
}

/// Picks one of those that are eligible, which are all of one priority.
fn among(
    candidates: &impl Candidates,
    rule: &Rule<'_>,
    is_eligible: impl Fn(usize) -> bool,
    chance: &mut Chance<'_>,
) -> Option<usize> {
    let eligible = || (0..candidates.count()).filter(|at| is_eligible(*at));
    let count = eligible().count();
    if count < 2 {
        return eligible().next();
    }
    let even = weights_are_even(candidates, eligible());
    let shares = || eligible().map(|at| (at, share(candidates, at)));
    let two = |chance: &mut Chance<'_>| {
        if even {
            let (one, other) = two_of(count, chance);
            return Some((eligible().nth(one)?, eligible().nth(other)?));
        }
        Some((by_weight(shares, chance)?, by_weight(shares, chance)?))
    };
    match rule.balance {
        Balance::RoundRobin if even => {
            let turn = rule.turn.checked_rem(u64::try_from(count).ok()?)?;
            eligible().nth(usize::try_from(turn).ok()?)
        }
        Balance::RoundRobin | Balance::Random => by_weight(shares, chance),
        Balance::Ewma => Some(lesser(two(chance)?, |at| candidates.load(at))),
        Balance::LeastRequests => Some(lesser(two(chance)?, |at| candidates.busy(at))),
        Balance::Weights => by_address(candidates, rule, eligible, chance),
        Balance::RingHash | Balance::Maglev => {
            let spot = rule.spot;
            let found = spot.and_then(|(table, hash)| table.first(hash, &is_eligible));
            found.or_else(|| by_weight(shares, chance))
        }
    }
}

/// The one with less; the first where they are equal.
fn lesser<T: PartialOrd>((one, other): (usize, usize), of: impl Fn(usize) -> T) -> usize {
    if one == other || of(one) <= of(other) {
        one
    } else {
        other
    }
}

/// An address by its weight, and then one of those that it led to.
fn by_address<I: Iterator<Item = usize>>(
    candidates: &impl Candidates,
    rule: &Rule<'_>,
    eligible: impl Fn() -> I,
    chance: &mut Chance<'_>,
) -> Option<usize> {
    let addresses = || {
        let mut last = None;
        let each = eligible().map(|at| candidates.address(at));
        let each = each.filter(move |address| last.replace(*address) != Some(*address));
        each.map(|address| (address, rule.weight(address)))
    };
    let address = by_weight(addresses, chance)?;
    let here = || eligible().filter(|at| candidates.address(*at) == address);
    by_weight(|| here().map(|at| (at, share(candidates, at))), chance)
}

fn weights_are_even(candidates: &impl Candidates, mut of: impl Iterator<Item = usize>) -> bool {
    let first = of.next().map(|at| candidates.weight(at));
    of.all(|at| Some(candidates.weight(at)) == first)
}

/// A weight of 0 beside others means "hardly ever" (RFC 2782): a hundredth of SRV's least weight, which counts as 100.
fn share(candidates: &impl Candidates, at: usize) -> u64 {
    u64::from(candidates.weight(at)).max(1)
}

#[cfg(test)]
mod tests;
