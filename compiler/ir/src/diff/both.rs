//! A flow in two versions, for those who have a run of the old one to move to the new one.

use super::{
    Obstacle, Side, SlotPairs,
    carry::{Carrying, unfit},
    pair::{self, Counterpart},
    wait::otherwise,
};
use crate::{
    FlowId, Program, SlotId, StateId, StepId,
    flow::{Branches, End, Flow, Lead},
    validate::{Strands, strands},
};
use std::collections::BTreeSet;

/// A flow in two versions.
pub struct FlowPair<'a> {
    old: Side<'a>,
    new: Side<'a>,
    to: FlowId,
    carrying: Carrying,
    strands: (Strands, Strands),
}

/// How a state lies in what another one has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// The state that began it.
    pub begun: StateId,
    /// What it is there.
    pub lead: Lead,
    /// Which of its branches, where they are written.
    pub branch: Option<usize>,
}

impl<'a> FlowPair<'a> {
    /// A flow of the old version with the one of its name in the new; `None` if there is none.
    #[must_use]
    pub fn new(old: &'a Program, new: &'a Program, flow: FlowId) -> Option<Self> {
        let before = old.flow(flow)?;
        let to = new.flow_named(&before.name)?;
        let after = new.flow(to)?;
        Some(Self {
            old: Side::of(old, before),
            new: Side::of(new, after),
            to,
            carrying: Carrying::new(before, after),
            strands: (strands(before)?, strands(after)?),
        })
    }

    /// Its number in the new version.
    #[must_use]
    pub fn to(&self) -> FlowId {
        self.to
    }

    /// The old and the new version.
    #[must_use]
    pub fn flows(&self) -> (&'a Flow, &'a Flow) {
        (self.old.flow, self.new.flow)
    }

    /// What stands for a state in the new version.
    #[must_use]
    pub fn counterpart(&self, at: StateId) -> Counterpart {
        pair::counterpart(&self.old, &self.new, at.index())
    }

    /// What people see a state of the old version as.
    #[must_use]
    pub fn title(&self, at: StateId) -> String {
        self.old.title(at.index())
    }

    /// The title of the step of the new version that a migration names for one of the old.
    #[must_use]
    pub fn migrated(&self, title: &str) -> Option<&str> {
        pair::migrated(&self.new, title)
    }

    /// The step of the new version that has the title of one of the old, or that a migration names for it.
    #[must_use]
    pub fn step(&self, step: StepId) -> Option<StepId> {
        let title = self.old.flow.steps.get(step.index())?.title.as_str();
        let title = self.migrated(title).unwrap_or(title);
        let at = self.new.flow.steps.iter().position(|step| step.title == title)?;
        u32::try_from(at).ok().map(StepId)
    }

    /// The state that hears the signal in the new version which one of the old version hears, where there is one of each.
    #[must_use]
    pub fn listener(&self, at: StateId) -> Option<StateId> {
        let heard = |side: &Side<'_>, end: &End| match end {
            End::Listen(listen) => Some(side.flow.signals.get(listen.signal.index())?.name.clone()),
            _ => None,
        };
        let name = heard(&self.old, &self.old.flow.states.get(at.index())?.end)?;
        let hearers = |side: &Side<'_>| -> Vec<StateId> {
            let all = (0u32..).map(StateId).zip(&side.flow.states);
            all.filter(|(_, state)| heard(side, &state.end).as_ref() == Some(&name))
                .map(|(at, _)| at)
                .collect()
        };
        match (hearers(&self.old).as_slice(), hearers(&self.new).as_slice()) {
            ([_], [only]) => Some(*only),
            _ => None,
        }
    }

    /// What a state of the old version lies in, the innermost first.
    #[must_use]
    pub fn around_old(&self, at: StateId) -> Vec<Way> {
        around(self.old.flow, &self.strands.0, at)
    }

    /// The same for the new version.
    #[must_use]
    pub fn around_new(&self, at: StateId) -> Vec<Way> {
        around(self.new.flow, &self.strands.1, at)
    }

    /// Whether a run waits at both for the same.
    ///
    /// # Errors
    /// What it waits for, where it is something else.
    pub fn waits(&self, from: StateId, to: StateId) -> Result<(), Obstacle> {
        let why = otherwise((&self.old, &self.new), from.index(), to.index());
        why.map_or(Ok(()), Err)
    }

    /// The values of a run that rests at a state of the old version, for all that is read from a state of the new one.
    ///
    /// # Errors
    /// What it lacks.
    pub fn resting(&self, from: StateId, to: StateId) -> Result<SlotPairs, Vec<Obstacle>> {
        self.carrying
            .resting((&self.old, &self.new), from.index(), to.index())
    }

    /// The values for what begins later at a state of the new version, but for the slots that it then has for itself.
    ///
    /// # Errors
    /// What is lacking.
    pub fn entering(&self, from: StateId, to: StateId, own: &[SlotId]) -> Result<SlotPairs, Vec<Obstacle>> {
        self.carrying
            .entering((&self.old, &self.new), from.index(), to.index(), own)
    }

    /// Why the value of one slot cannot be that of another.
    #[must_use]
    pub fn unfit(&self, was: SlotId, is: SlotId) -> Option<Obstacle> {
        unfit((&self.old, &self.new), was, is)
    }

    /// Slots whose names the author has given once in each version, and whose values fit.
    #[must_use]
    pub fn named(&self) -> SlotPairs {
        let once = |side: &Side<'a>, name: &str| {
            let mut found = (0u32..).map(SlotId).zip(&side.flow.slots);
            let first = found.find(|(_, slot)| slot.name == name)?;
            found.all(|(_, slot)| slot.name != name).then_some(first.0)
        };
        let all = (0u32..).map(SlotId).zip(&self.old.flow.slots);
        let named = all.filter(|(_, slot)| !slot.name.starts_with('_'));
        named
            .filter_map(|(_, slot)| Some((once(&self.old, &slot.name)?, once(&self.new, &slot.name)?)))
            .filter(|(was, is)| self.unfit(*was, *is).is_none())
            .collect()
    }

    /// What people see of the states of the old version that may come after some.
    #[must_use]
    pub fn titles_old(&self, from: impl IntoIterator<Item = StateId>) -> BTreeSet<&'a str> {
        titles(self.old.flow, from)
    }

    /// The same for the new version.
    #[must_use]
    pub fn titles_new(&self, from: impl IntoIterator<Item = StateId>) -> BTreeSet<&'a str> {
        titles(self.new.flow, from)
    }
}

fn around(flow: &Flow, strands: &Strands, at: StateId) -> Vec<Way> {
    let chain = strands.chain(at.index()).into_iter();
    chain
        .filter_map(|(lead, begun, strand)| {
            let branch = match &flow.states.get(begun)?.end {
                End::Region(region) => match &region.branches {
                    Branches::Fixed(branches) => branches
                        .iter()
                        .position(|branch| strands.of(branch.entry) == Some(strand)),
                    Branches::Each(_) => None,
                },
                _ => None,
            };
            let begun = u32::try_from(begun).ok().map(StateId)?;
            Some(Way { begun, lead, branch })
        })
        .collect()
}

/// The titles of the steps that may follow, these states among them.
fn titles(flow: &Flow, from: impl IntoIterator<Item = StateId>) -> BTreeSet<&str> {
    let mut open: Vec<StateId> = from.into_iter().collect();
    let (mut seen, mut found) = (BTreeSet::new(), BTreeSet::new());
    while let Some(at) = open.pop() {
        let Some(state) = flow.states.get(at.index()).filter(|_| seen.insert(at)) else {
            continue;
        };
        let named = match &state.end {
            End::Region(region) => region.name,
            _ => None,
        };
        let step = state.step.or(named).and_then(|step| flow.steps.get(step.index()));
        found.extend(step.map(|step| step.title.as_str()));
        state.end.ways(|_, next| open.push(*next));
    }
    found
}
