//! The values that a run takes along.

use super::{Reason, Stay, frames, plan::Planning};
use flowmesh_ir::{
    SlotId, StateId,
    diff::{Obstacle, SlotPairs},
    flow::{Branches, End, Gather, On},
    print,
};
use std::collections::{BTreeMap, BTreeSet};

impl Planning<'_, '_> {
    /// Finds a slot of the new flow for each value that is read from where the run goes on; and for others that have
    /// one name in both.
    pub(super) fn values(&mut self) -> Result<(), Stay> {
        let mut needed = Needed::default();
        for fiber in self.run.fibers.values() {
            let Some(to) = self.mapping.state(fiber.state) else {
                continue;
            };
            let pairs = self
                .pair
                .resting(fiber.state, to)
                .map_err(|why| self.lacks(fiber.state, why))?;
            self.need(&mut needed, fiber.state, (fiber.state, to), pairs)?;
        }
        for handler in self.run.handlers.values() {
            self.handler(&mut needed, handler.state)?;
        }
        for scope in self.run.scopes.values() {
            if let Some(inside) = scope.inside() {
                self.gathered(&mut needed, inside.state)?;
                self.token(&mut needed, inside.state)?;
            }
        }
        self.outside(&mut needed)?;
        for (was, is) in self.pair.named() {
            if needed.is_free(was, is) && self.level(was) == self.level_new(is) {
                needed.add(was, is);
            }
        }
        self.mapping.slots = needed.there.into_iter().collect();
        self.tasks()
    }

    fn handler(&self, needed: &mut Needed, state: StateId) -> Result<(), Stay> {
        let (_, new) = self.pair.flows();
        let Some(to) = self.mapping.state(state) else {
            return Ok(());
        };
        let Some(End::Listen(listen)) = new.states.get(to.index()).map(|state| &state.end) else {
            return Ok(());
        };
        let pairs = self.pair.entering(state, listen.entry, &listen.own);
        let pairs = pairs.map_err(|why| self.lacks(state, why))?;
        self.need(needed, state, (state, to), pairs)
    }

    /// A run that has not begun its work has its parameters, and nothing else.
    fn outside(&self, needed: &mut Needed) -> Result<(), Stay> {
        if !self.run.is_outside() {
            return Ok(());
        }
        let (old, new) = self.pair.flows();
        let pairs = self.pair.entering(old.entry, new.entry, &[]);
        let pairs = pairs.map_err(|why| self.lacks(old.entry, why))?;
        for (was, is) in pairs {
            if was.index() >= old.params.len() {
                let name = new.slots.get(is.index()).map(|slot| slot.name.clone());
                let missing = Obstacle::Missing(name.unwrap_or_default());
                return Err(self.stay(old.entry, Reason::Obstacle(missing)));
            }
            needed.add(was, is);
        }
        Ok(())
    }

    /// The token of what a region holds.
    fn token(&self, needed: &mut Needed, state: StateId) -> Result<(), Stay> {
        let (old, new) = self.pair.flows();
        let token = |flow: &flowmesh_ir::flow::Flow, at: StateId| match &flow.states.get(at.index())?.end {
            End::Region(region) => region.guard.as_ref()?.token,
            _ => None,
        };
        let to = self.mapping.state(state);
        let (Some(was), Some(is)) = (token(old, state), to.and_then(|to| token(new, to))) else {
            return Ok(());
        };
        if needed.there.get(&was) == Some(&is) {
            return Ok(());
        }
        if !needed.is_free(was, is) {
            return Err(self.stay(state, Reason::Nesting("the lock".to_owned())));
        }
        needed.add(was, is);
        Ok(())
    }

    /// The list that a region gathers, and what each round puts into it.
    fn gathered(&self, needed: &mut Needed, state: StateId) -> Result<(), Stay> {
        let (old, new) = self.pair.flows();
        let gather = |flow: &flowmesh_ir::flow::Flow, at: StateId| -> Option<Gather> {
            match &flow.states.get(at.index())?.end {
                End::Region(region) => match &region.branches {
                    Branches::Each(each) => each.gather,
                    Branches::Fixed(_) => None,
                },
                _ => None,
            }
        };
        let to = self.mapping.state(state);
        let (Some(was), Some(is)) = (gather(old, state), to.and_then(|to| gather(new, to))) else {
            return Ok(());
        };
        for (was, is) in [(was.list, is.list), (was.value, is.value), (was.given, is.given)] {
            if needed.there.get(&was) == Some(&is) {
                continue;
            }
            // What it is made of is another matter for each round.
            let retyped = |why: &Obstacle| matches!(why, Obstacle::Retyped(..));
            if self.pair.unfit(was, is).is_some_and(|why| retyped(&why)) || !needed.is_free(was, is) {
                return Err(self.stay(state, Reason::Nesting("the list".to_owned())));
            }
            needed.add(was, is);
        }
        Ok(())
    }

    fn need(
        &self,
        needed: &mut Needed,
        at: StateId,
        (from, to): (StateId, StateId),
        pairs: SlotPairs,
    ) -> Result<(), Stay> {
        let (old, new) = self.pair.flows();
        let (was_around, is_around) = (self.pair.around_old(from), self.pair.around_new(to));
        let level = |flow, ways: &[flowmesh_ir::diff::Way], slot: SlotId| {
            ways.iter()
                .position(|way| frames::own(flow, way).is_some_and(|own| own.contains(&slot)))
        };
        for (was, is) in pairs {
            let known = needed.there.get(&was) == Some(&is);
            let same = level(old, &was_around, was) == level(new, &is_around, is);
            if !same || !(known || needed.is_free(was, is)) {
                let name = new
                    .slots
                    .get(is.index())
                    .map(|slot| slot.name.clone())
                    .unwrap_or_default();
                return Err(self.stay(at, Reason::Obstacle(Obstacle::Several(name))));
            }
            needed.add(was, is);
        }
        Ok(())
    }

    fn lacks(&self, at: StateId, why: Vec<Obstacle>) -> Stay {
        let first = why.into_iter().next();
        self.stay(
            at,
            first.map_or(Reason::Nesting("what is".to_owned()), Reason::Obstacle),
        )
    }

    /// The state whose fibers have a slot for themselves.
    fn level(&self, slot: SlotId) -> Option<StateId> {
        let found = owner(self.pair.flows().0, slot)?;
        self.mapping.state(found)
    }

    fn level_new(&self, slot: SlotId) -> Option<StateId> {
        owner(self.pair.flows().1, slot)
    }

    /// What tasks ended with goes where the new flow says: to a slot of the same type.
    fn tasks(&self) -> Result<(), Stay> {
        if self.run.tasks.is_empty() {
            return Ok(());
        }
        let (old, new) = self.pair.flows();
        let taken = |program, flow: &flowmesh_ir::flow::Flow| -> BTreeSet<String> {
            let waits = flow.states.iter().filter_map(|state| match &state.end {
                End::Wait(wait) => Some(&wait.arms),
                _ => None,
            });
            let tasks = waits.flatten().filter(|arm| matches!(arm.on, On::Task(_)));
            let slots = tasks.filter_map(|arm| flow.slots.get(arm.bind?.index())?.ty.as_ref());
            slots.map(|ty| print::whole_type(program, ty)).collect()
        };
        let same = taken(self.names.new, new).is_subset(&taken(self.names.old, old));
        let state = self.run.fibers.values().next().map(|fiber| fiber.state);
        match (same, state) {
            (false, Some(state)) => Err(self.stay(state, Reason::Nesting("a task".to_owned()))),
            _ => Ok(()),
        }
    }
}

/// Pairs of slots, each in one pair.
#[derive(Default)]
struct Needed {
    there: BTreeMap<SlotId, SlotId>,
    taken: BTreeSet<SlotId>,
}

impl Needed {
    fn is_free(&self, was: SlotId, is: SlotId) -> bool {
        !self.there.contains_key(&was) && !self.taken.contains(&is)
    }

    fn add(&mut self, was: SlotId, is: SlotId) {
        self.there.insert(was, is);
        self.taken.insert(is);
    }
}

/// The state that gives each of the fibers that it begins a slot of its own.
fn owner(flow: &flowmesh_ir::flow::Flow, slot: SlotId) -> Option<StateId> {
    let states = (0u32..).map(StateId).zip(&flow.states);
    let mut owners = states.filter(|(_, state)| match &state.end {
        End::Region(region) => {
            matches!(&region.branches, Branches::Each(each) if each.own.contains(&slot))
        }
        End::Spawn { own, .. } => own.contains(&slot),
        End::Listen(listen) => listen.own.contains(&slot),
        _ => false,
    });
    owners.next().map(|(at, _)| at)
}
