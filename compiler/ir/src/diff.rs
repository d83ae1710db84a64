//! Two versions of a program side by side: where the runs of the old one could go on in the new one.
//!
//! The steps of the work, for each flow of the old version: [`live()`] finds what a run must bring along to each state
//! of either version; `pair` finds the state of the new version for each of the old; `carry` says whether a run that
//! rests there could go on, and with which values; `wait` says what it waits for. [`FlowPair`] is for those who have a
//! run to move.

mod both;
mod carry;
mod grow;
mod live;
mod pair;
mod wait;

pub use both::{FlowPair, Way};
pub use carry::SlotPairs;
pub use grow::{grows, same_type};
pub use live::{live, resting};
pub use pair::Counterpart;

use crate::{
    Name, Program, SlotId, StateId,
    flow::{End, Flow, Slot},
};
use carry::Carrying;
use std::collections::BTreeSet;

/// A flow of the old version, state by state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowDiff {
    /// Its name.
    pub flow: Name,
    /// Whether the new version still has a flow of this name.
    pub kept: bool,
    /// Its states, in their order.
    pub states: Vec<StateDiff>,
}

/// A state of the old version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDiff {
    /// Its number in the old version.
    pub state: StateId,
    /// What people see it as: the title of its step, or how it ends.
    pub title: String,
    /// Whether a run can rest there; runs only pass through the others.
    pub rests: bool,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It says the same, under the same number.
    Same(StateId),
    /// It is elsewhere or says something else, and a run that rests there can go on.
    Moved(StateId),
    /// It is there, and a run that rests there cannot go on by itself, and why.
    Blocked(StateId, Vec<Obstacle>),
    /// There is nothing like it.
    Gone,
}

/// Why a run could not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The new version reads something there that the old one has not got.
    Missing(Name),
    /// Something has another type: the name, the old type, the new type.
    Retyped(Name, String, String),
    /// It waits for something else: what it waits for in the old version, and in the new one.
    OtherWait(String, String),
    /// Several values of this name are in use, or the value is made of something else, and nothing says which it is.
    Several(Name),
    /// It may be any of these steps.
    Steps(Vec<String>),
}

impl Fate {
    /// The word for it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Same(_) => "same",
            Self::Moved(_) => "moved",
            Self::Blocked(..) => "needs a migration",
            Self::Gone => "gone",
        }
    }
}

impl StateDiff {
    /// Whether runs that rest there would be left behind.
    #[must_use]
    pub fn strands(&self) -> bool {
        self.rests && matches!(self.fate, Fate::Blocked(..) | Fate::Gone)
    }
}

/// What became of every state of every flow of `old` in `new`. Migrations are those of the new version.
#[must_use]
pub fn diff(old: &Program, new: &Program) -> Vec<FlowDiff> {
    let flows = old.flows.iter();
    flows
        .map(|flow| {
            let counterpart = new.flow_named(&flow.name).and_then(|id| new.flow(id));
            FlowDiff {
                flow: flow.name.clone(),
                kept: counterpart.is_some(),
                states: match counterpart {
                    Some(counterpart) => states(&Side::of(old, flow), &Side::of(new, counterpart)),
                    None => gone(&Side::of(old, flow)),
                },
            }
        })
        .collect()
}

/// One version of one flow.
struct Side<'a> {
    program: &'a Program,
    flow: &'a Flow,
    /// What each state says, without the numbers of others.
    lines: Vec<String>,
    /// How each ends, by names alone.
    said: Vec<String>,
    /// What is put into each slot, by names alone.
    defined: Vec<BTreeSet<String>>,
}

impl<'a> Side<'a> {
    fn of(program: &'a Program, flow: &'a Flow) -> Self {
        Self {
            program,
            flow,
            lines: crate::print::bare_states(program, flow),
            said: crate::print::bare_ends(program, flow),
            defined: crate::print::definitions(program, flow),
        }
    }

    fn slot(&self, slot: SlotId) -> Option<&'a Slot> {
        self.flow.slots.get(slot.index())
    }

    /// The title of the step of a state.
    fn step(&self, at: usize) -> Option<&'a str> {
        let step = self.flow.states.get(at)?.step?;
        Some(self.flow.steps.get(step.index())?.title.as_str())
    }

    fn title(&self, at: usize) -> String {
        let line = || self.lines.get(at).and_then(|lines| lines.lines().last());
        self.step(at)
            .map_or_else(|| line().unwrap_or_default().to_owned(), str::to_owned)
    }
}

/// Whether a run can rest at a state that ends so.
fn rests(end: &End) -> bool {
    match end {
        End::Call(_)
        | End::Start(_)
        | End::Sleep { .. }
        | End::SleepUntil { .. }
        | End::Wait(_)
        | End::Region(_)
        | End::Emit(_)
        | End::Shift(_)
        | End::Probe { .. }
        | End::Stream(_) => true,
        End::Leave { .. }
        | End::Spawn { .. }
        | End::Give(_)
        | End::Listen(_)
        | End::CancelStep { .. }
        | End::CancelTask { .. }
        | End::Restart(_)
        | End::Join
        | End::Branch { .. }
        | End::Match { .. }
        | End::Jump(_)
        | End::Return(_)
        | End::Fail(_) => false,
    }
}

/// What became of each state of a flow.
fn states(old: &Side<'_>, new: &Side<'_>) -> Vec<StateDiff> {
    let carrying = Carrying::new(old.flow, new.flow);
    let all = (0u32..).map(StateId).zip(&old.flow.states);
    all.map(|(state, is)| StateDiff {
        state,
        title: old.title(state.index()),
        rests: rests(&is.end),
        fate: fate((old, new), &carrying, state, rests(&is.end)),
    })
    .collect()
}

fn fate((old, new): (&Side<'_>, &Side<'_>), carrying: &Carrying, from: StateId, rests: bool) -> Fate {
    let found = pair::counterpart(old, new, from.index());
    let passed = || pair::passed(old, new, from.index()).filter(|_| old.step(from.index()).is_none());
    let to = match (found, passed()) {
        (Counterpart::At(to), _) => to,
        (_, Some(to)) if !rests => to,
        (Counterpart::Several(titles), Some(to)) => return Fate::Blocked(to, vec![Obstacle::Steps(titles)]),
        (Counterpart::Several(titles), None) => return one_of(new, titles),
        (Counterpart::None, _) => return Fate::Gone,
    };
    let obstacles = carrying.obstacles((old, new), from.index(), to.index());
    if !obstacles.is_empty() {
        return Fate::Blocked(to, obstacles);
    }
    if from == to && old.lines.get(from.index()) == new.lines.get(to.index()) {
        Fate::Same(to)
    } else {
        Fate::Moved(to)
    }
}

fn one_of(new: &Side<'_>, titles: Vec<String>) -> Fate {
    let named = |at: &usize| {
        new.step(*at)
            .is_some_and(|title| titles.iter().any(|it| it == title))
    };
    let first = (0..new.flow.states.len()).find(named);
    match first.and_then(|at| u32::try_from(at).ok()) {
        Some(first) => Fate::Blocked(StateId(first), vec![Obstacle::Steps(titles)]),
        None => Fate::Gone,
    }
}

fn gone(side: &Side<'_>) -> Vec<StateDiff> {
    (0u32..)
        .map(StateId)
        .zip(&side.flow.states)
        .map(|(state, is)| StateDiff {
            state,
            title: side.title(state.index()),
            rests: rests(&is.end),
            fate: Fate::Gone,
        })
        .collect()
}

#[cfg(test)]
mod tests;
