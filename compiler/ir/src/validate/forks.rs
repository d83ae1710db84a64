//! Forks and joins: which fiber a state belongs to.
//!
//! Every state that can be reached belongs to one region: that of the first fiber, or that of one branch of one fork. A
//! branch ends in `Join`, `Return` or `Fail` and never strays into another region, so a fork waits for as many joins
//! as it has branches.

use super::{At as _, Invalid, ensure};
use crate::{
    StateId,
    flow::{End, Flow},
};

/// The number of a region; 0 is that of the first fiber.
pub(super) type RegionId = usize;

/// The regions of a flow.
pub(super) struct Regions {
    /// The region of each state, where it can be reached.
    of_state: Vec<Option<RegionId>>,
    /// The fork that begins each region; `None` for the first fiber.
    forks: Vec<Option<usize>>,
}

impl Regions {
    /// The fork whose branch a state belongs to.
    pub(super) fn fork_of(&self, state: usize) -> Option<(usize, RegionId)> {
        let region = self.of_state.get(state).copied().flatten()?;
        self.forks
            .get(region)
            .copied()
            .flatten()
            .map(|fork| (fork, region))
    }

    /// How many regions there are.
    pub(super) fn len(&self) -> usize {
        self.forks.len()
    }

    /// The region of a state.
    pub(super) fn of(&self, state: StateId) -> Option<RegionId> {
        self.of_state.get(state.index()).copied().flatten()
    }
}

/// Finds the regions. All states that are named must exist.
pub(super) fn regions(flow: &Flow) -> Result<Regions, Invalid> {
    let mut found = Regions {
        of_state: vec![None; flow.states.len()],
        forks: vec![None],
    };
    let mut open = vec![(flow.entry, 0)];
    while let Some((at, region)) = open.pop() {
        let (Some(state), Some(owner)) = (flow.states.get(at.index()), found.of_state.get_mut(at.index()))
        else {
            continue;
        };
        if let Some(owner) = owner {
            ensure(*owner == region, || {
                "it belongs to two branches, or is inside and outside of one".to_owned()
            })
            .at(|| format!("state {at}"))?;
            continue;
        }
        *owner = Some(region);
        ensure(region > 0 || state.end != End::Join, || {
            "it joins, and no fork began it".to_owned()
        })
        .at(|| format!("state {at}"))?;
        if let End::Fork { branches, .. } = &state.end {
            for branch in branches {
                open.push((*branch, found.forks.len()));
                found.forks.push(Some(at.index()));
            }
        }
        open.extend(successors(&state.end).into_iter().map(|next| (next, region)));
    }
    Ok(found)
}

/// Where the same fiber goes on.
pub(super) fn successors(end: &End) -> Vec<StateId> {
    match end {
        End::Call(call) => std::iter::once(call.next)
            .chain(call.catch.iter().map(|catch| catch.next))
            .collect(),
        End::Await(wait) => std::iter::once(wait.next)
            .chain(wait.within.as_ref().map(|(_, next)| *next))
            .collect(),
        End::Branch { yes, no, .. } => vec![*yes, *no],
        End::Match { arms, .. } => arms.iter().map(|(_, next)| *next).collect(),
        End::Sleep { next, .. } | End::Fork { next, .. } | End::Jump(next) => vec![*next],
        _ => Vec::new(),
    }
}
