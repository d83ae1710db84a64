//! Whether a run that rests at a state of the old version could go on at one of the new, and which of its values it
//! takes along.

use super::{
    Obstacle, Side,
    grow::{grows, same_type},
    live::{brought, live, resting},
    rests,
    wait::otherwise,
};
use crate::{Name, SlotId, flow::Flow, print};
use std::collections::{BTreeMap, BTreeSet};

/// What two versions of a flow bring along and need.
pub(super) struct Carrying {
    /// What is certainly written where a run rests at each state of the old version.
    brought: Vec<BTreeSet<SlotId>>,
    /// What of it is still read there.
    used: Vec<BTreeSet<SlotId>>,
    /// What each state of the new version needs of a run that rests there, and of one that comes there.
    needed: Vec<BTreeSet<SlotId>>,
    entered: Vec<BTreeSet<SlotId>>,
}

/// Slots of the old version with those of the new one that take their values.
pub type SlotPairs = Vec<(SlotId, SlotId)>;

impl Carrying {
    pub(super) fn new(old: &Flow, new: &Flow) -> Self {
        Self {
            brought: brought(old),
            used: resting(old),
            needed: resting(new),
            entered: live(new),
        }
    }

    /// Everything that stands against it; runs only pass through states at which they cannot rest.
    pub(super) fn obstacles(
        &self,
        (old, new): (&Side<'_>, &Side<'_>),
        from: usize,
        to: usize,
    ) -> Vec<Obstacle> {
        if !old.flow.states.get(from).is_some_and(|state| rests(&state.end)) {
            return Vec::new();
        }
        let mut all: Vec<Obstacle> = otherwise((old, new), from, to).into_iter().collect();
        all.extend(self.resting((old, new), from, to).err().into_iter().flatten());
        all
    }

    /// The values of a run that rests at a state, for all that is read from where it rests then.
    pub(super) fn resting(
        &self,
        sides: (&Side<'_>, &Side<'_>),
        from: usize,
        to: usize,
    ) -> Result<SlotPairs, Vec<Obstacle>> {
        let needed = self.needed.get(to).into_iter().flatten().copied();
        self.pairs(sides, from, needed)
    }

    /// The values for what begins at a state later, of a run in which it was to begin where it passed another; but for
    /// slots that it then has for itself.
    pub(super) fn entering(
        &self,
        sides: (&Side<'_>, &Side<'_>),
        from: usize,
        to: usize,
        own: &[SlotId],
    ) -> Result<SlotPairs, Vec<Obstacle>> {
        let needed = self.entered.get(to).into_iter().flatten().copied();
        self.pairs(sides, from, needed.filter(|slot| !own.contains(slot)))
    }

    /// Slots of one name are paired in their order, if there are as many of them: only those count that are in use.
    fn pairs(
        &self,
        (old, new): (&Side<'_>, &Side<'_>),
        from: usize,
        needed: impl Iterator<Item = SlotId>,
    ) -> Result<SlotPairs, Vec<Obstacle>> {
        let of_name = |all: Option<&BTreeSet<SlotId>>, name: &Name| -> Vec<SlotId> {
            let all = all.into_iter().flatten().copied();
            all.filter(|slot| old.slot(*slot).is_some_and(|slot| slot.name == *name))
                .collect()
        };
        let (mut pairs, mut obstacles) = (Vec::new(), Vec::new());
        for (name, wanted) in by_name(new, needed) {
            let (used, there) = (
                of_name(self.used.get(from), &name),
                of_name(self.brought.get(from), &name),
            );
            let found = [&used, &there]
                .into_iter()
                .find(|found| found.len() == wanted.len());
            match found {
                None if there.len() < wanted.len() => obstacles.push(Obstacle::Missing(name)),
                None => obstacles.push(Obstacle::Several(name)),
                Some(found) => {
                    for (was, is) in found.iter().zip(&wanted) {
                        match unfit((old, new), *was, *is) {
                            Some(obstacle) => obstacles.push(obstacle),
                            None => pairs.push((*was, *is)),
                        }
                    }
                }
            }
        }
        if obstacles.is_empty() {
            Ok(pairs)
        } else {
            Err(obstacles)
        }
    }
}

fn by_name(side: &Side<'_>, slots: impl Iterator<Item = SlotId>) -> BTreeMap<Name, Vec<SlotId>> {
    let mut all: BTreeMap<Name, Vec<SlotId>> = BTreeMap::new();
    for slot in slots {
        if let Some(declared) = side.slot(slot) {
            all.entry(declared.name.clone()).or_default().push(slot);
        }
    }
    all
}

/// Why the value of one slot cannot be that of another. What the compiler made for itself (`_over`) has to be made of
/// the same; what the author named has to be of a type that fits.
pub(super) fn unfit((old, new): (&Side<'_>, &Side<'_>), was: SlotId, is: SlotId) -> Option<Obstacle> {
    let (before, after) = (old.slot(was)?, new.slot(is)?);
    let name = || after.name.clone();
    match (&before.ty, &after.ty) {
        (Some(before), Some(after)) => {
            let fits = same_type(old.program, before, new.program, after)
                || grows(old.program, before, new.program, after);
            if !fits {
                let was = print::whole_type(old.program, before);
                let is = print::whole_type(new.program, after);
                return Some(Obstacle::Retyped(name(), was, is));
            }
        }
        (None, None) => {}
        _ => return Some(Obstacle::Several(name())),
    }
    let made = after.name.starts_with('_') && old.defined.get(was.index()) != new.defined.get(is.index());
    made.then(|| Obstacle::Several(name()))
}
