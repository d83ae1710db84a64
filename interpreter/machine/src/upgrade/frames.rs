//! Whose own values lie in which frame: what began the fibers that have it says so.

use crate::run::{FrameId, Run};
use flowmesh_ir::{
    SlotId, StateId,
    diff::Way,
    flow::{Branches, End, Flow},
};
use std::collections::BTreeMap;

/// The slots that a fiber has for itself in what a state begins; `None` where it shares those around.
pub(super) fn own<'f>(flow: &'f Flow, way: &Way) -> Option<&'f [SlotId]> {
    match &flow.states.get(way.begun.index())?.end {
        End::Region(region) => match &region.branches {
            Branches::Each(each) => Some(&each.own),
            Branches::Fixed(_) => None,
        },
        End::Spawn { own, .. } => Some(own),
        End::Listen(listen) => Some(&listen.own),
        _ => None,
    }
}

/// The state that began each frame of a run, by what is around the states of those who have it; `None` where that does
/// not fit together.
pub(super) fn owners(
    run: &Run,
    flow: &Flow,
    around: impl Fn(StateId) -> Vec<Way>,
) -> Option<BTreeMap<FrameId, StateId>> {
    let fibers = run.fibers.values().map(|fiber| (fiber.frame, fiber.state));
    let handlers = run
        .handlers
        .values()
        .map(|handler| (handler.frame, handler.state));
    let mut owners = BTreeMap::new();
    if run.frames.is_empty() {
        return Some(owners);
    }
    for (mut at, state) in fibers.chain(handlers) {
        let ways = around(state);
        let mut begun = ways.iter().filter(|way| own(flow, way).is_some());
        while let Some(id) = at {
            let way = begun.next()?;
            let frame = run.frames.get(&id)?;
            if own(flow, way) != Some(frame.slots.as_slice())
                || owners
                    .insert(id, way.begun)
                    .is_some_and(|before| before != way.begun)
            {
                return None;
            }
            at = frame.outer;
        }
        if begun.next().is_some() {
            return None;
        }
    }
    (owners.len() == run.frames.len()).then_some(owners)
}
