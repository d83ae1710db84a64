//! Which slots are certainly written where a state begins: a forward analysis over the states.
//!
//! Where ways meet, what all of them have written is written. Behind a region that waits for all of its branches, what
//! any of them has written is written; where it may end earlier, only what was written before it.

use super::{expr::bindings, fibers::Strands, slots::Slots};
use crate::{
    SlotId, StateId,
    flow::{Branch, Branches, Each, End, Flow, Instruction, Lead, Need, Region, State},
};
use std::collections::BTreeSet;

/// The slots written where each state begins; `None` of a state that cannot be reached.
pub(super) fn written(flow: &Flow, strands: &Strands) -> Vec<Option<Slots>> {
    let mut analysis = Analysis {
        flow,
        strands,
        before: vec![None; flow.states.len()],
        joined: vec![None; strands.len()],
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
    strands: &'a Strands,
    before: Vec<Option<Slots>>,
    /// What is written where a branch has joined, of each strand.
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

    fn meet_with(&mut self, to: StateId, written: &Slots, more: impl IntoIterator<Item = SlotId>) {
        let mut written = written.clone();
        more.into_iter().for_each(|slot| {
            written.insert(slot);
        });
        self.meet(to, written);
    }

    fn step(&mut self, at: usize) {
        let Some(state) = self.flow.states.get(at) else {
            return;
        };
        let Some(after) = self.after(at, state) else {
            return;
        };
        match &state.end {
            End::Region(region) => self.region(region, &after),
            End::Join => self.join(at, after),
            End::Leave { regions, next } => self.leave(at, *regions, *next, after),
            // Its own slots begin with what they hold where it is begun.
            End::Spawn {
                entry, task, next, ..
            } => {
                self.meet(*entry, after.clone());
                self.meet_with(*next, &after, [*task]);
            }
            End::Listen(listen) => {
                let fresh = without(&after, &listen.own);
                self.meet_with(listen.entry, &fresh, listen.params.iter().copied());
                self.meet(listen.next, after);
            }
            end => {
                for (next, slots) in ways(end) {
                    self.meet_with(next, &after, slots);
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

    fn region(&mut self, region: &Region, after: &Slots) {
        let list = gathered(&region.branches);
        if let Some((_, late)) = &region.within {
            self.meet_with(*late, after, list);
        }
        for catch in &region.catch {
            self.meet_with(catch.next, after, catch.bind);
        }
        if let Some(finally) = &region.finally {
            self.meet(*finally, after.clone());
        }
        match &region.branches {
            Branches::Fixed(branches) => {
                let token = region.guard.as_ref().and_then(|guard| guard.token);
                let mut held = after.clone();
                if let Some(token) = token {
                    held.insert(token);
                }
                self.branches(region, branches, &held);
            }
            Branches::Each(each) => {
                self.meet_with(each.entry, &without(after, &each.own), [each.item]);
                self.meet_with(region.next, after, list);
            }
        }
    }

    /// Branches begin when those before them have joined; behind them, what all have written is written.
    fn branches(&mut self, region: &Region, branches: &[Branch], after: &Slots) {
        for branch in branches {
            let before = branch
                .after
                .iter()
                .filter_map(|number| branches.get(usize::try_from(*number).ok()?));
            if let Some(written) = self.joined_of(before, after) {
                self.meet(branch.entry, written);
            }
        }
        if region.name.is_some() || region.need != Need::All {
            return self.meet(region.next, after.clone());
        }
        if let Some(written) = self.joined_of(branches.iter(), after) {
            self.meet(region.next, written);
        }
    }

    /// What is written when these branches have joined; nothing where one of them never does. One that may be left
    /// out is not counted upon.
    fn joined_of<'b>(&self, branches: impl Iterator<Item = &'b Branch>, after: &Slots) -> Option<Slots> {
        let mut written = after.clone();
        for branch in branches.filter(|branch| branch.when.is_none()) {
            let strand = self.strands.of(branch.entry)?;
            written.unite(self.joined.get(strand)?.as_ref()?);
        }
        Some(written)
    }

    fn join(&mut self, at: usize, written: Slots) {
        let Some((begun, strand)) = self.strands.region_of(at) else {
            return;
        };
        let changed = self
            .joined
            .get_mut(strand)
            .is_some_and(|joined| narrowed(joined, written));
        if changed {
            self.open.insert(begun);
        }
    }

    /// What the fiber wrote goes out with it, but for what was its own.
    fn leave(&mut self, at: usize, regions: u32, next: StateId, mut written: Slots) {
        for begun in self.strands.around(at, regions) {
            let Some(State {
                end: End::Region(region),
                ..
            }) = self.flow.states.get(begun)
            else {
                continue;
            };
            if let Branches::Each(each) = &region.branches {
                written = without(&written, &each.own);
            }
            gathered(&region.branches).into_iter().for_each(|slot| {
                written.insert(slot);
            });
        }
        self.meet(next, written);
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

/// Slots that each fiber has for itself are empty where it begins.
fn without(written: &Slots, own: &[SlotId]) -> Slots {
    let mut written = written.clone();
    own.iter().for_each(|slot| written.remove(*slot));
    written
}

fn gathered(branches: &Branches) -> Option<SlotId> {
    match branches {
        Branches::Each(Each { gather, .. }) => gather.map(|gather| gather.list),
        Branches::Fixed(_) => None,
    }
}

/// Where one fiber goes on, and what is written on the way.
fn ways(end: &End) -> Vec<(StateId, Vec<SlotId>)> {
    let caught = |catch: &crate::flow::Catch| (catch.next, catch.bind.into_iter().collect());
    let bound = |next: StateId, slot: Option<SlotId>| (next, slot.into_iter().collect::<Vec<_>>());
    let mut ways: Vec<(StateId, Vec<SlotId>)> = Vec::new();
    match end {
        End::Call(call) => {
            ways.push(bound(call.next, call.bind));
            ways.extend(call.catch.iter().map(caught));
        }
        End::Start(start) => {
            ways.push(bound(start.next, start.bind));
            ways.extend(start.catch.iter().map(caught));
        }
        End::Stream(stream) => {
            ways.push(bound(stream.body, Some(stream.item)));
            ways.push(bound(stream.next, None));
            ways.extend(stream.catch.iter().map(caught));
        }
        End::Wait(wait) => {
            ways.extend(wait.arms.iter().map(|arm| bound(arm.next, arm.bind)));
            ways.extend(wait.catch.iter().map(caught));
        }
        End::Match { arms, .. } => ways.extend(
            arms.iter()
                .map(|(pattern, next)| (*next, bindings(pattern).collect())),
        ),
        end => end.ways(|lead, next| {
            if lead == Lead::Next {
                ways.push(bound(*next, None));
            }
        }),
    }
    ways
}
