//! What a run must bring along to a state: a backward analysis over the states.
//!
//! [`live()`] is for a run that comes to a state, [`resting()`] for one that is there already: what the state's own code
//! writes it has to have by then.

use crate::{
    SlotId,
    flow::{End, Flow, Lead, State},
};
use std::collections::BTreeSet;

/// The slots that each state, or any that may come after it, reads and that are written where the state begins.
///
/// In a valid flow whatever is read was certainly written before, so a slot that is not written where a state begins
/// is written on the way from there, and needs not be brought along. A branch, task or handler that ends may be
/// followed by what comes after any region of the flow: which one is not asked, so a slot too many may be found, and
/// never one too few.
#[must_use]
pub fn live(flow: &Flow) -> Vec<BTreeSet<SlotId>> {
    let written = crate::validate::written(flow);
    let reads = flow.states.iter().map(State::reads).zip(&written);
    let mut live: Vec<BTreeSet<SlotId>> = reads
        .map(|(reads, written)| reads.intersection(written).copied().collect())
        .collect();
    let after_regions: Vec<usize> = flow.states.iter().flat_map(|state| after(&state.end)).collect();
    loop {
        let mut changed = false;
        for (at, state) in flow.states.iter().enumerate().rev() {
            let next = successors(state, &after_regions);
            let slots = next.into_iter().filter_map(|next| live.get(next)).flatten();
            let known = |slot: &&SlotId| written.get(at).is_some_and(|written| written.contains(slot));
            let found: Vec<SlotId> = slots.filter(known).copied().collect();
            if let Some(here) = live.get_mut(at) {
                let before = here.len();
                here.extend(found);
                changed |= here.len() > before;
            }
        }
        if !changed {
            return live;
        }
    }
}

/// The slots that a run must have which rests at each state, whether it goes on from there or does the state again.
///
/// As for [`live()`] a slot too many may be found, and never one too few.
#[must_use]
pub fn resting(flow: &Flow) -> Vec<BTreeSet<SlotId>> {
    let (live, brought) = (live(flow), brought(flow));
    let none = BTreeSet::new();
    let at_rest = |(at, state): (usize, &State)| {
        let known = brought.get(at).unwrap_or(&none);
        let mut needed = live.get(at).cloned().unwrap_or_default();
        // What only comes in with what is waited for is not known yet.
        let mut read = |slot: SlotId| needed.extend(known.get(&slot).copied());
        state.end.each_expr(&mut |expr| expr.each_slot(&mut read));
        state.end.ways(|_, next| {
            let after = live.get(next.index()).unwrap_or(&none);
            after.iter().copied().for_each(&mut read);
        });
        needed
    };
    flow.states.iter().enumerate().map(at_rest).collect()
}

/// The slots that are certainly written where a run rests at each state.
pub(super) fn brought(flow: &Flow) -> Vec<BTreeSet<SlotId>> {
    let written = crate::validate::written(flow).into_iter();
    let own = flow.states.iter().map(State::writes);
    written
        .zip(own)
        .map(|(mut before, own)| {
            before.extend(own);
            before
        })
        .collect()
}

fn successors(state: &State, after_regions: &[usize]) -> Vec<usize> {
    let mut next: Vec<usize> = Vec::new();
    state.end.ways(|_, to| next.push(to.index()));
    if matches!(state.end, End::Join | End::Give(_)) {
        next.extend(after_regions);
    }
    next
}

/// Where a flow goes on when fibers that this end began have ended.
fn after(end: &End) -> Vec<usize> {
    let mut next = Vec::new();
    if matches!(end, End::Region(_) | End::Spawn { .. } | End::Listen(_)) {
        end.ways(|lead, to| {
            if lead == Lead::Next {
                next.push(to.index());
            }
        });
    }
    next
}
