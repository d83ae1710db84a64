//! Which state of the new version stands for a state of the old one.
//!
//! A step is known by its title, or by the migration that names it; a state that is no step is known by what it says.

use super::{Fate, Side, StateDiff, carry::Carrying, rests};
use crate::StateId;

/// What became of each state of a flow.
pub(super) fn states(old: &Side<'_>, new: &Side<'_>) -> Vec<StateDiff> {
    let carrying = Carrying::new(old, new);
    (0u32..)
        .map(StateId)
        .zip(&old.flow.states)
        .map(|(state, is)| {
            let counterpart = counterpart(old, new, state.index());
            StateDiff {
                state,
                title: old.title(state.index()),
                rests: rests(&is.end),
                fate: counterpart.map_or(Fate::Gone, |to| fate(old, new, &carrying, state, to)),
            }
        })
        .collect()
}

fn fate(old: &Side<'_>, new: &Side<'_>, carrying: &Carrying<'_>, from: StateId, to: StateId) -> Fate {
    let obstacles = carrying.obstacles(from.index(), to.index());
    if !obstacles.is_empty() {
        return Fate::Blocked(to, obstacles);
    }
    if from == to && old.lines.get(from.index()) == new.lines.get(to.index()) {
        Fate::Same(to)
    } else {
        Fate::Moved(to)
    }
}

fn counterpart(old: &Side<'_>, new: &Side<'_>, at: usize) -> Option<StateId> {
    match old.step(at) {
        Some(title) => step(new, migrated(new, title)),
        None => alike(old, new, at),
    }
}

/// Where runs at a step of the old version go on, by the migrations of the new one.
fn migrated<'t>(new: &'t Side<'_>, title: &'t str) -> &'t str {
    let moves = new
        .program
        .migrations
        .iter()
        .filter(|one| one.flow == new.flow.name);
    let mut named = moves.filter(|one| one.from == title);
    named.next().map_or(title, |one| one.to.as_str())
}

fn step(new: &Side<'_>, title: &str) -> Option<StateId> {
    let at = (0..new.flow.states.len()).find(|at| new.step(*at) == Some(title))?;
    u32::try_from(at).ok().map(StateId)
}

/// A state that says the same and is no step; the one of the same number before others.
fn alike(old: &Side<'_>, new: &Side<'_>, at: usize) -> Option<StateId> {
    let wanted = old.lines.get(at)?;
    let fits = |at: &usize| new.step(*at).is_none() && new.lines.get(*at) == Some(wanted);
    let first = std::iter::once(at).chain(0..new.flow.states.len()).find(fits)?;
    u32::try_from(first).ok().map(StateId)
}
