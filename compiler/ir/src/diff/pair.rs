//! Which state of the new version stands for a state of the old one.
//!
//! A step is known by its title, or by the migration that names it. Where several steps are called alike (`sleep`,
//! `sleep#2`), their numbers say nothing once one was put between them: then they are told apart by what they say. A state
//! that is no step is known by what it says alone.

use super::Side;
use crate::StateId;

/// What stands for a state in the new version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counterpart {
    /// This one.
    At(StateId),
    /// One of these steps, and nothing says which.
    Several(Vec<String>),
    /// Nothing.
    None,
}

/// The counterpart of a state.
pub(super) fn counterpart(old: &Side<'_>, new: &Side<'_>, at: usize) -> Counterpart {
    let Some(title) = old.step(at) else {
        return alike(old, new, at);
    };
    if let Some(to) = migrated(new, title) {
        let found = places(new, |at| new.step(at) == Some(to)).next();
        return found.and_then(state).map_or(Counterpart::None, Counterpart::At);
    }
    step(old, new, at, base(title))
}

/// Where runs at a step of the old version go on, by the migrations of the new one.
pub(super) fn migrated<'t>(new: &'t Side<'_>, title: &str) -> Option<&'t str> {
    let moves = new
        .program
        .migrations
        .iter()
        .filter(|one| one.flow == new.flow.name);
    let mut named = moves.filter(|one| one.from == title);
    named.next().map(|one| one.to.as_str())
}

/// A title without the number that tells it from others.
pub(super) fn base(title: &str) -> &str {
    match title.rsplit_once('#') {
        Some((base, number)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => base,
        _ => title,
    }
}

fn step(old: &Side<'_>, new: &Side<'_>, at: usize, base: &str) -> Counterpart {
    let of = |side: &Side<'_>| -> Vec<usize> {
        places(side, |at| {
            side.step(at).is_some_and(|title| self::base(title) == base)
        })
        .collect()
    };
    let (before, after) = (of(old), of(new));
    let says = |side: &Side<'_>, at: &usize| side.said.get(*at).cloned();
    let (mut left, mut free) = (Vec::new(), after.clone());
    for one in &before {
        let text = says(old, one);
        let same = |side: &Side<'_>, all: &[usize]| -> Vec<usize> {
            all.iter().copied().filter(|at| says(side, at) == text).collect()
        };
        let (mine, theirs) = (same(old, &before), same(new, &after));
        if theirs.is_empty() || mine.len() != theirs.len() {
            left.push(*one);
            continue;
        }
        let to = mine
            .iter()
            .position(|mine| mine == one)
            .and_then(|place| theirs.get(place));
        if *one == at {
            return to
                .copied()
                .and_then(state)
                .map_or(Counterpart::None, Counterpart::At);
        }
        free.retain(|place| Some(place) != to);
    }
    match (left.as_slice(), free.as_slice()) {
        (_, []) => Counterpart::None,
        ([_], [only]) => state(*only).map_or(Counterpart::None, Counterpart::At),
        (_, several) => Counterpart::Several(
            several
                .iter()
                .filter_map(|at| new.step(*at))
                .map(str::to_owned)
                .collect(),
        ),
    }
}

/// A state that says the same and is no step.
fn alike(old: &Side<'_>, new: &Side<'_>, at: usize) -> Counterpart {
    let wanted = old.said.get(at);
    let of = |side: &Side<'_>| -> Vec<usize> {
        places(side, |at| side.step(at).is_none() && side.said.get(at) == wanted).collect()
    };
    let (before, after) = (of(old), of(new));
    let place = before
        .iter()
        .position(|before| *before == at)
        .filter(|_| before.len() == after.len());
    let found = place.and_then(|place| after.get(place)).copied();
    match (found.and_then(state), after.as_slice()) {
        (Some(found), _) => Counterpart::At(found),
        (None, []) => Counterpart::None,
        (None, _) => Counterpart::Several(Vec::new()),
    }
}

/// A state that is only passed through: the first that says the same, that of the same number before others.
pub(super) fn passed(old: &Side<'_>, new: &Side<'_>, at: usize) -> Option<StateId> {
    let wanted = old.said.get(at)?;
    let fits = |at: &usize| new.step(*at).is_none() && new.said.get(*at) == Some(wanted);
    let first = std::iter::once(at).chain(0..new.flow.states.len()).find(fits)?;
    state(first)
}

fn places<'s>(side: &'s Side<'_>, wanted: impl Fn(usize) -> bool + 's) -> impl Iterator<Item = usize> + 's {
    (0..side.flow.states.len()).filter(move |at| wanted(*at))
}

fn state(at: usize) -> Option<StateId> {
    u32::try_from(at).ok().map(StateId)
}
