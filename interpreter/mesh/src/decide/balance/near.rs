//! How near endpoints are, and which of the levels of nearness takes a request: the nearest, as long as enough of it is
//! well; then what it cannot take goes to the next.

use super::{Candidates, Rule, within};
use crate::decide::chance::{Chance, Source, below};
use flowmesh_ir::locality::{NAMES, Zone};

/// How many levels there are: from all names in common with where we are, which is level 0, to none.
pub const LEVELS: usize = NAMES + 1;

/// All of the traffic, of which levels take parts.
const WHOLE: u64 = 1_000_000;

/// How much more than its part that is well a level takes, in hundredths: it keeps everything until more than two of
/// seven are not well, since what is left of it has room to spare (Envoy's overprovisioning factor).
const SPARE: u64 = 140;

/// The endpoints of a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// How many there are.
    pub all: u32,
    /// How many of them are well.
    pub well: u32,
}

/// The level of each address, by where its endpoints stand and where we are; nothing where none is nearer than another.
#[must_use]
pub fn levels(here: Option<&Zone>, zones: &[Zone]) -> Vec<u8> {
    let Some(here) = here else {
        return Vec::new();
    };
    let level = |zone: &Zone| u8::try_from(NAMES.saturating_sub(here.nearness(zone))).unwrap_or(u8::MAX);
    apart(zones.iter().map(level).collect())
}

/// The same levels; nothing where they are all one.
#[must_use]
pub fn apart(levels: Vec<u8>) -> Vec<u8> {
    let first = levels.first().copied();
    match levels.iter().all(|level| Some(*level) == first) {
        true => Vec::new(),
        false => levels,
    }
}

/// What each level takes, as parts of their sum; nothing at all where none is well. A level is looked at only if those
/// before it leave something.
pub fn shares(level: impl Fn(usize) -> Level) -> [u64; LEVELS] {
    let mut left = WHOLE;
    std::array::from_fn(|at| {
        if left == 0 {
            return 0;
        }
        let Level { all, well } = level(at);
        let could = (WHOLE * SPARE / 100 * u64::from(well)).checked_div(u64::from(all));
        let takes = could.unwrap_or_default().min(left);
        left -= takes;
        takes
    })
}

/// Picks one as the rule says, where some are nearer than others.
pub(super) fn pick(candidates: &impl Candidates, rule: &Rule<'_>, chance: &mut Chance<'_>) -> Option<usize> {
    let level = level(candidates, rule, chance)?;
    within(candidates, rule, |at| candidates.level(at) == level, chance)
}

/// The level that takes the request. What failed this very call counts as neither well nor there: another of its level is
/// tried, and the next level where there is none.
fn level(candidates: &impl Candidates, rule: &Rule<'_>, chance: &mut Chance<'_>) -> Option<usize> {
    let wanted = |at: usize| rule.weight(candidates.address(at)) > 0;
    let counts = |at: usize| wanted(at) && Some(at) != rule.avoid;
    let may = |at: usize| !candidates.shut(at) && !candidates.unwell(at);
    let shares = shares(|level| {
        let mut found = Level::default();
        let here = (0..candidates.count()).filter(|at| candidates.level(*at) == level);
        for at in here.filter(|at| counts(*at)) {
            found.all = found.all.saturating_add(1);
            found.well = found
                .well
                .saturating_add(u32::from(may(at) && !candidates.failing(at)));
        }
        found
    });
    let sum = shares.iter().sum();
    if sum > 0 {
        // One text stays at one level for as long as the shares do: the same number for the same text, but not the one
        // that says where in the table it stands.
        let mut left = match rule.spot {
            Some((_, hash)) => below(&mut || Source::new(hash).draw(), sum),
            None => below(chance, sum),
        };
        return shares.iter().position(|share| match left.checked_sub(*share) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        });
    }
    let nearest = |fits: &dyn Fn(usize) -> bool| {
        let fitting = (0..candidates.count()).filter(|at| fits(*at));
        fitting.map(|at| candidates.level(at)).min()
    };
    nearest(&|at| counts(at) && may(at))
        .or_else(|| nearest(&|at| wanted(at) && may(at)))
        .or_else(|| nearest(&|at| wanted(at) && !candidates.shut(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each level takes, in thousandths, where so many of so many are well.
    fn thousandths<const N: usize>(levels: [(u32, u32); N]) -> [u64; N] {
        let level = |at: usize| {
            levels.get(at).map_or_else(Level::default, |(well, all)| Level {
                all: *all,
                well: *well,
            })
        };
        let shares = shares(level);
        let sum = shares.iter().sum::<u64>().max(1);
        std::array::from_fn(|at| (shares[at] * 1_000 + sum / 2) / sum)
    }

    #[test]
    fn the_nearest_takes_everything_until_two_of_seven_are_not_well() {
        for (near, takes) in [
            ((10, 10), [1_000, 0]),
            ((8, 10), [1_000, 0]),
            ((5, 7), [1_000, 0]),
            ((7, 10), [980, 20]),
            ((5, 10), [700, 300]),
            ((1, 10), [140, 860]),
            ((0, 10), [0, 1_000]),
            ((0, 0), [0, 1_000]),
        ] {
            assert_eq!(thousandths([near, (10, 10)]), takes, "{near:?}");
        }
    }

    #[test]
    fn what_a_level_cannot_take_goes_to_the_next() {
        assert_eq!(thousandths([(1, 2), (1, 2), (9, 9)]), [700, 300, 0]);
        assert_eq!(thousandths([(1, 4), (1, 4), (9, 9), (9, 9)]), [350, 350, 300, 0]);
        assert_eq!(thousandths([(0, 4), (0, 0), (0, 1), (1, 1)]), [0, 0, 0, 1_000]);
    }

    #[test]
    fn all_of_it_goes_somewhere_however_few_are_well() {
        assert_eq!(thousandths([(1, 10), (1, 10)]), [500, 500]);
        assert_eq!(thousandths([(2, 10), (1, 10)]), [667, 333]);
        assert_eq!(thousandths([(1, 1_000_000), (0, 3)]), [1_000, 0]);
        assert_eq!(thousandths([(0, 10), (0, 10)]), [0, 0]);
        assert_eq!(thousandths([(u32::MAX, u32::MAX), (1, 1)]), [1_000, 0]);
    }

    #[test]
    fn nobody_looks_at_levels_that_get_nothing() {
        shares(|level| {
            assert_eq!(level, 0, "the first takes all");
            Level { all: 7, well: 5 }
        });
    }

    #[test]
    fn levels_are_counted_from_where_we_are() {
        let zones: Vec<Zone> = ["eu/a/1", "eu/a", "eu/b/1", "us"]
            .map(|zone| zone.parse().unwrap())
            .into();
        let from = |here: &str| levels(here.parse().ok().as_ref(), &zones);
        assert_eq!(from("eu/a/1"), [0, 1, 2, 3]);
        assert_eq!(from("eu/a"), [1, 1, 2, 3]);
        assert_eq!(from("us/x"), [3, 3, 3, 2]);
        assert!(from("asia").is_empty(), "all are equally far");
        assert!(levels(None, &zones).is_empty(), "nobody knows where we are");
        assert!(
            levels(Some(&zones[0]), &[]).is_empty(),
            "nobody knows where they are"
        );
        assert!(levels(Some(&zones[0]), &zones[..1]).is_empty());
    }
}
