//! Which slots are certainly written where a state begins: a forward analysis over the states.
//!
//! Where ways meet, what all of them have written is written. Behind a fork, what any branch has written is written,
//! because all of them have joined.

use super::{
    expr::bindings,
    forks::{RegionId, Regions},
    slots::Slots,
};
use crate::{
    SlotId, StateId,
    flow::{End, Flow, Instruction, State},
};
use std::collections::BTreeSet;

/// The slots written where each state begins; `None` of a state that cannot be reached.
pub(super) fn written(flow: &Flow, regions: &Regions) -> Vec<Option<Slots>> {
    let mut analysis = Analysis {
        flow,
        regions,
        before: vec![None; flow.states.len()],
        joined: vec![None; regions.len()],
        open: BTreeSet::new(),
    };
    analysis.meet(flow.entry, Slots::first(flow.params.len()));
    while let Some(at) = analysis.open.pop_first() {
        analysis.step(at);
    }
    analysis.before
}

struct Analysis<'a> {
    flow: &'a Flow,
    regions: &'a Regions,
    before: Vec<Option<Slots>>,
    /// What is written where a branch has joined, of each region.
    joined: Vec<Option<Slots>>,
    /// States to look at again.
    open: BTreeSet<usize>,
}

impl Analysis<'_> {
    /// One more way leads to a state.
    fn meet(&mut self, to: StateId, written: Slots) {
        if let Some(before) = self.before.get_mut(to.index())
            && narrowed(before, written)
        {
            self.open.insert(to.index());
        }
    }

    fn step(&mut self, at: usize) {
        let Some(state) = self.flow.states.get(at) else {
            return;
        };
        let Some(after) = self.after(at, state) else {
            return;
        };
        match &state.end {
            End::Fork { branches, .. } => {
                for branch in branches {
                    self.meet(*branch, after.clone());
                }
                self.pass(at);
            }
            End::Join => self.join(at, after),
            end => {
                for (next, slots) in ways(end) {
                    let mut written = after.clone();
                    slots.into_iter().for_each(|slot| {
                        written.insert(slot);
                    });
                    self.meet(next, written);
                }
            }
        }
    }

    /// What is written where a state ends.
    fn after(&self, at: usize, state: &State) -> Option<Slots> {
        let mut written = self.before.get(at)?.clone()?;
        for instruction in &state.code {
            if let Instruction::Set(slot, _) = instruction {
                written.insert(*slot);
            }
        }
        Some(written)
    }

    fn join(&mut self, at: usize, written: Slots) {
        let Some((fork, region)) = self.regions.fork_of(at) else {
            return;
        };
        let changed = self
            .joined
            .get_mut(region)
            .is_some_and(|joined| narrowed(joined, written));
        if changed {
            self.pass(fork);
        }
    }

    /// Goes on behind a fork, once every branch has a way to join.
    fn pass(&mut self, fork: usize) {
        let Some(state) = self.flow.states.get(fork) else {
            return;
        };
        let End::Fork { branches, next } = &state.end else {
            return;
        };
        let Some(mut written) = self.after(fork, state) else {
            return;
        };
        for branch in branches {
            let region: Option<RegionId> = self.regions.of(*branch);
            match region.and_then(|region| self.joined.get(region)) {
                Some(Some(joined)) => written.unite(joined),
                _ => return,
            }
        }
        self.meet(*next, written);
    }
}

/// Keeps what both have; whether that changed anything.
fn narrowed(known: &mut Option<Slots>, more: Slots) -> bool {
    match known {
        Some(known) => known.intersect(&more),
        None => {
            *known = Some(more);
            true
        }
    }
}

/// Where one fiber goes on, and what is written on the way.
fn ways(end: &End) -> Vec<(StateId, Vec<SlotId>)> {
    let bound = |slot: Option<SlotId>| slot.into_iter().collect::<Vec<_>>();
    match end {
        End::Call(call) => {
            let caught = call.catch.iter().map(|catch| (catch.next, bound(catch.bind)));
            std::iter::once((call.next, bound(call.bind)))
                .chain(caught)
                .collect()
        }
        End::Await(wait) => {
            let late = wait.within.iter().map(|(_, next)| (*next, Vec::new()));
            std::iter::once((wait.next, bound(wait.bind)))
                .chain(late)
                .collect()
        }
        End::Match { arms, .. } => arms
            .iter()
            .map(|(pattern, next)| (*next, bindings(pattern).collect()))
            .collect(),
        end => super::forks::successors(end)
            .into_iter()
            .map(|next| (next, Vec::new()))
            .collect(),
    }
}
