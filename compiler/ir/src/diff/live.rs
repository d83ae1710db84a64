//! What a run must bring along to a state: a backward analysis over the states.

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
