//! Where the fibers of a flow go on that have come to the end of their region.

use flowmesh_ir::{
    StateId,
    flow::{Branches, End, Flow, Lead, Region},
};
use std::collections::BTreeMap;

/// What follows when a fiber has joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Joined {
    /// The state with the region.
    pub(super) region: StateId,
    /// Where it goes on: what is done finally, or what follows.
    pub(super) next: StateId,
    /// Whether it is one of several.
    pub(super) several: bool,
}

/// By the state with which a fiber ends. The end of the first fiber is not among them.
pub(super) fn joined(flow: &Flow) -> BTreeMap<StateId, Joined> {
    let mut found = BTreeMap::new();
    let mut seen = vec![false; flow.states.len()];
    // A state, and what is around it, the innermost last.
    let mut open = vec![(flow.entry, Vec::new())];
    while let Some((at, around)) = open.pop() {
        let Some(state) = flow.states.get(at.index()) else {
            continue;
        };
        match seen.get_mut(at.index()) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        if let End::Join = state.end
            && let Some(last) = around.last()
        {
            found.insert(at, *last);
        }
        let region = match &state.end {
            End::Region(region) => Some(region),
            _ => None,
        };
        state.end.ways(|lead, next| {
            let mut around = around.clone();
            match lead {
                Lead::Next | Lead::Task | Lead::Handler => {}
                Lead::Out(regions) => around.truncate(around.len().saturating_sub(regions as usize)),
                Lead::Branch => around.extend(region.map(|region| of_branches(at, region))),
                Lead::Finally => around.extend(region.map(|region| Joined {
                    region: at,
                    next: region.next,
                    several: false,
                })),
            }
            open.push((*next, around));
        });
    }
    found
}

fn of_branches(at: StateId, region: &Region) -> Joined {
    Joined {
        region: at,
        next: region.finally.unwrap_or(region.next),
        several: is_several(region),
    }
}

/// Whether more than one fiber may run in it.
pub(super) fn is_several(region: &Region) -> bool {
    match &region.branches {
        Branches::Fixed(branches) => branches.len() > 1,
        Branches::Each(_) => true,
    }
}
