//! The states of a run and what stands for them: steps by their titles, and what is around them by what lies in it.

use super::{Mapping, Reason, Stay, plan::Planning};
use crate::run::{FiberId, Kind, Plan as Begun, Stage, Wait};
use flowmesh_ir::{
    StateId,
    diff::{Counterpart, Way},
    flow::{Branches, End},
};

impl Planning<'_, '_> {
    /// Finds the counterparts of all states that the run holds on to.
    pub(super) fn places(&mut self) -> Result<(), Stay> {
        let fibers: Vec<(FiberId, StateId, bool)> = self
            .run
            .fibers
            .iter()
            .map(|(id, fiber)| {
                (
                    *id,
                    fiber.state,
                    matches!(fiber.wait, Wait::Region(_) | Wait::Later),
                )
            })
            .collect();
        let mut regions = Vec::new();
        // What is in a region says which one it is, so that what is innermost comes first.
        for (_, state, is_region) in &fibers {
            match is_region {
                true => regions.push(*state),
                false => self.place(*state)?,
            }
        }
        for handler in self.run.handlers.values() {
            let to = self.pair.listener(handler.state);
            let to = to.ok_or_else(|| self.stay(handler.state, Reason::Nesting("a handler".to_owned())))?;
            self.put(handler.state, to)?;
        }
        let later = self.run.later.keys().map(|(_, state)| *state);
        let readers = self.run.streams.values().map(|open| open.reader.1);
        let regions: Vec<StateId> = regions.into_iter().chain(later).chain(readers).collect();
        for state in regions {
            if self.mapping.state(state).is_none() {
                self.place(state)?;
            }
        }
        self.branches()
    }

    fn place(&mut self, from: StateId) -> Result<(), Stay> {
        let reason = match self.pair.counterpart(from) {
            Counterpart::At(to) => return self.put(from, to),
            Counterpart::Several(titles) if titles.is_empty() => Reason::Nesting("a region".to_owned()),
            Counterpart::Several(titles) => Reason::Steps(titles),
            Counterpart::None => match self.has_title(from) {
                true => Reason::NoStep(self.near(from)),
                false => Reason::Nesting("a region".to_owned()),
            },
        };
        Err(self.stay(from, reason))
    }

    /// Takes note of a counterpart, and of those of all that is around it.
    fn put(&mut self, from: StateId, to: StateId) -> Result<(), Stay> {
        let (was, is) = (self.pair.around_old(from), self.pair.around_new(to));
        if was.len() != is.len() {
            return Err(self.stay(from, Reason::Nesting("what is".to_owned())));
        }
        self.add(from, from, to)?;
        for (was, is) in was.iter().zip(&is) {
            if was.lead != is.lead || was.branch != is.branch {
                return Err(self.stay(from, Reason::Nesting("the branch".to_owned())));
            }
            self.add(from, was.begun, is.begun)?;
        }
        Ok(())
    }

    fn add(&mut self, at: StateId, from: StateId, to: StateId) -> Result<(), Stay> {
        match self.mapping.state(from) {
            Some(known) if known == to => Ok(()),
            Some(_) => Err(self.stay(at, Reason::Nesting("what is".to_owned()))),
            None => {
                // Two may not become one.
                if self.mapping.states.iter().any(|(_, other)| *other == to) {
                    return Err(self.stay(at, Reason::Nesting("what is".to_owned())));
                }
                self.mapping.states.push((from, to));
                Ok(())
            }
        }
    }

    /// Branches of a region that have not begun, or have joined, are the same branches.
    fn branches(&self) -> Result<(), Stay> {
        let (old, new) = self.pair.flows();
        for scope in self.run.scopes.values() {
            let Kind::Region(inside) = &scope.kind else {
                continue;
            };
            let to = self.mapping.state(inside.state);
            let ends = old
                .states
                .get(inside.state.index())
                .zip(to.and_then(|to| new.states.get(to.index())));
            let (Some((before, after)), Begun::Fixed(stages)) = (ends, &inside.plan) else {
                continue;
            };
            let (End::Region(before), End::Region(after)) = (&before.end, &after.end) else {
                continue;
            };
            let (Branches::Fixed(before), Branches::Fixed(after)) = (&before.branches, &after.branches)
            else {
                continue;
            };
            for ((was, is), stage) in before.iter().zip(after).zip(stages) {
                let same = || self.pair.titles_old([was.entry]) == self.pair.titles_new([is.entry]);
                if *stage != Stage::Begun && !same() {
                    return Err(self.stay(inside.state, Reason::Nesting("a branch".to_owned())));
                }
            }
        }
        Ok(())
    }

    /// A step that only the new version has, and that may be one of the old under another name.
    fn near(&self, at: StateId) -> Option<String> {
        let (old, new) = self.pair.flows();
        let title = self.pair.title(at);
        let known = |title: &str| old.steps.iter().any(|step| step.title == title);
        let added: Vec<&str> = new
            .states
            .iter()
            .filter_map(|state| new.steps.get(state.step?.index()))
            .map(|step| step.title.as_str())
            .filter(|title| !known(title))
            .collect();
        let word = |title: &str| title.split(' ').next().map(str::to_owned);
        let alike: Vec<&&str> = added.iter().filter(|other| word(other) == word(&title)).collect();
        let near = flowmesh_ir::nearest(&title, added.iter().copied());
        let only = match alike.as_slice() {
            [only] => Some(**only),
            _ => None,
        };
        near.or(only).map(str::to_owned)
    }

    fn has_title(&self, at: StateId) -> bool {
        let state = self.pair.flows().0.states.get(at.index());
        state.is_some_and(|state| state.step.is_some())
    }

    /// What a state of the new version lies in.
    pub(super) fn around(&self, mapping: &Mapping, at: StateId) -> Vec<Way> {
        mapping
            .state(at)
            .map(|to| self.pair.around_new(to))
            .unwrap_or_default()
    }
}
