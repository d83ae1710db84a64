//! How long regions take: branches side by side, one after another where one waits for another, or for each item.

use super::{
    Time,
    walk::{Way, length},
};
use crate::{
    Value,
    expr::Expr,
    flow::{Branch, Branches, Each, Over, Region},
};

impl<'a> Way<'_, 'a> {
    /// A region ends at the latest when its deadline has passed.
    pub(super) fn region(&mut self, region: &'a Region) -> Time {
        let inside = self.branches(region);
        let own = match &region.within {
            Some((within, _)) => {
                let within = length(within);
                let bounded = self.walk.calls_only || !inside.open;
                if within.open || (bounded && inside.ms < within.ms) {
                    inside
                } else {
                    within
                }
            }
            None => inside,
        };
        let finally = region.finally.map_or(Time::default(), |entry| self.from(entry));
        own.then(finally)
    }

    /// What runs in a region.
    pub(super) fn branches(&mut self, region: &'a Region) -> Time {
        match &region.branches {
            Branches::Fixed(branches) => self.fixed(branches),
            Branches::Each(each) => self.each(each),
        }
    }

    fn fixed(&mut self, branches: &'a [Branch]) -> Time {
        let mut ends: Vec<Time> = Vec::with_capacity(branches.len());
        for branch in branches {
            let after = branch.after.iter().filter_map(|at| ends.get(*at as usize));
            let begins = after.copied().fold(Time::default(), Time::or);
            let own = self.from(branch.entry);
            ends.push(begins.then(own));
        }
        ends.into_iter().fold(Time::default(), Time::or)
    }

    fn each(&mut self, each: &'a Each) -> Time {
        let round = self.from(each.entry);
        let Some(count) = rounds(each) else {
            return round.then(Time::open());
        };
        let at_once = each.limit.as_ref().map_or(Some(count), int).unwrap_or(1).max(1);
        round.times(count.div_ceil(at_once))
    }
}

/// How many rounds there are, where it is known.
pub(super) fn rounds(each: &Each) -> Option<u64> {
    match &each.over {
        Over::List(Expr::List(items)) => u64::try_from(items.len()).ok(),
        Over::List(Expr::Constant(Value::List(items))) => u64::try_from(items.len()).ok(),
        Over::Range(from, to) => int(to)?.checked_sub(int(from)?),
        _ => None,
    }
}

fn int(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Constant(Value::Int(int)) => u64::try_from(*int).ok(),
        _ => None,
    }
}
