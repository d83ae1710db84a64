//! Which fiber a state belongs to.
//!
//! Every state that can be reached belongs to one strand: that of the first fiber, of one branch of one region, of
//! its `finally`, of a task or of a handler. A strand ends in `Join` (or `Give`), `Return`, `Restart` or `Fail`, leaves
//! for a strand around it, and never strays into another; so a region waits for as many joins as it has branches.

use super::{At as _, Invalid, ensure};
use crate::{
    StateId,
    flow::{Branches, End, Flow, Lead},
};

/// The number of a strand; 0 is that of the first fiber.
pub type StrandId = usize;

/// How a strand begins.
#[derive(Clone, Copy, Debug)]
struct Strand {
    lead: Lead,
    /// The state that begins it, and the strand of that.
    around: Option<(usize, StrandId)>,
}

/// The strands of a flow.
#[derive(Debug)]
pub struct Strands {
    /// The strand of each state, where it can be reached.
    of_state: Vec<Option<StrandId>>,
    all: Vec<Strand>,
}

impl Strands {
    /// The strand of a state.
    #[must_use]
    pub fn of(&self, state: StateId) -> Option<StrandId> {
        self.of_state.get(state.index()).copied().flatten()
    }

    /// The region that waits for the strand of a state.
    #[must_use]
    pub fn region_of(&self, state: usize) -> Option<(usize, StrandId)> {
        let id = self.of_state.get(state).copied().flatten()?;
        let strand = self.all.get(id)?;
        (strand.lead == Lead::Branch).then_some((strand.around?.0, id))
    }

    /// How many strands there are; at least that of the first fiber.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no flow is without a strand")]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// The states that begin the innermost regions around a state, the innermost first.
    #[must_use]
    pub fn around(&self, state: usize, regions: u32) -> Vec<usize> {
        let mut at = self.of_state.get(state).copied().flatten();
        let mut found = Vec::new();
        for _ in 0..regions {
            let Some((begun, outer)) = at
                .and_then(|at| self.all.get(at))
                .and_then(|strand| strand.around)
            else {
                break;
            };
            found.push(begun);
            at = Some(outer);
        }
        found
    }

    /// The strands around a state, its own first: who goes along each, the state that began it, and its number.
    #[must_use]
    pub fn chain(&self, state: usize) -> Vec<(Lead, usize, StrandId)> {
        let mut at = self.of_state.get(state).copied().flatten();
        let mut found = Vec::new();
        while let Some(id) = at {
            let strand = self.all.get(id);
            let Some((strand, (begun, outer))) = strand.and_then(|it| Some((it, it.around?))) else {
                break;
            };
            found.push((strand.lead, begun, id));
            at = Some(outer);
        }
        found
    }

    /// Who goes along a strand.
    #[must_use]
    pub fn lead(&self, strand: StrandId) -> Lead {
        self.all.get(strand).map_or(Lead::Next, |strand| strand.lead)
    }

    /// The strand around so many regions.
    fn outside(&self, strand: StrandId, regions: u32) -> Result<StrandId, Invalid> {
        let mut at = strand;
        for _ in 0..regions {
            let known = self.all.get(at).filter(|strand| strand.lead == Lead::Branch);
            let Some((_, outer)) = known.and_then(|strand| strand.around) else {
                return Err(Invalid("it leaves more regions than are around it".to_owned()));
            };
            at = outer;
        }
        Ok(at)
    }
}

/// Finds the strands. All states that are named must exist.
pub(super) fn strands(flow: &Flow) -> Result<Strands, Invalid> {
    let mut found = Strands {
        of_state: vec![None; flow.states.len()],
        all: vec![Strand {
            lead: Lead::Next,
            around: None,
        }],
    };
    let mut open = vec![(flow.entry, 0)];
    while let Some((at, strand)) = open.pop() {
        let (Some(state), Some(owner)) = (flow.states.get(at.index()), found.of_state.get_mut(at.index()))
        else {
            continue;
        };
        let place = || format!("state {at}");
        if let Some(owner) = owner {
            let whole = || "it belongs to two branches, or is inside and outside of one".to_owned();
            ensure(*owner == strand, whole).at(place)?;
            continue;
        }
        *owner = Some(strand);
        ends_well(&state.end, found.lead(strand)).at(place)?;
        let mut ways = Vec::new();
        state.end.ways(|lead, next| ways.push((lead, *next)));
        for (lead, next) in ways {
            let to = match lead {
                Lead::Next => strand,
                Lead::Out(regions) => found.outside(strand, regions).at(place)?,
                lead => {
                    found.all.push(Strand {
                        lead,
                        around: Some((at.index(), strand)),
                    });
                    found.all.len() - 1
                }
            };
            open.push((next, to));
        }
    }
    Ok(found)
}

/// Whether a strand that was begun so may end so. The first fiber joins where it falls off the end of the flow.
fn ends_well(end: &End, lead: Lead) -> Result<(), Invalid> {
    match end {
        End::Join => ensure(matches!(lead, Lead::Next | Lead::Branch | Lead::Finally), || {
            "it joins, and is a task or a handler".to_owned()
        }),
        End::Give(_) => ensure(matches!(lead, Lead::Task | Lead::Handler), || {
            "it gives a value, and is neither a task nor a handler".to_owned()
        }),
        End::Leave { regions, .. } => ensure(*regions > 0, || "it leaves no region".to_owned()),
        End::Region(region) => match &region.branches {
            Branches::Fixed(branches) => {
                ensure(!branches.is_empty(), || "a region has no branches".to_owned())
            }
            Branches::Each(_) => Ok(()),
        },
        _ => Ok(()),
    }
}
