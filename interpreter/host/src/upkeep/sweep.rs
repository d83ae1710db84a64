//! Runs that ended longer ago than they are to be kept, where flows say for how long: all that have ended are gone over,
//! some at a time, again and again, since of two that ended together one may be kept for a day and the other for a year.

use super::retire::keep_back;
use crate::{
    RunId,
    engine::view::State,
    store::{EndedPlace, Index, Row, Shelf, StoreError},
};
use flowmesh_ir::{Name, Program};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// So many are looked at at once: a search waits for no more.
const LOOKED_AT: usize = 1000;

/// How long runs are kept after their end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keeps {
    /// Those of flows that say nothing; for ever, if nobody says.
    pub(crate) usual: Option<SignedDuration>,
    /// Those of flows that say so.
    pub(crate) of: BTreeMap<Name, SignedDuration>,
}

/// How far the runs that have ended were gone over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sweep {
    /// Which of the states in which runs have ended.
    state: usize,
    behind: Option<EndedPlace>,
}

impl Keeps {
    /// As the host says, and the flows of a program.
    pub(crate) fn new(usual: Option<SignedDuration>, program: Option<&Program>) -> Self {
        let flows = program
            .map(|program| program.flows.as_slice())
            .unwrap_or_default();
        let of = flows.iter().filter_map(|flow| {
            let keep = i64::try_from(flow.conduct.keep_ms?).unwrap_or(i64::MAX);
            Some((flow.name.clone(), SignedDuration::from_millis(keep)))
        });
        Self {
            usual,
            of: of.collect(),
        }
    }

    /// Whoever ended before this may be kept no longer; `None` where all are kept for ever.
    fn horizon(&self, now: Timestamp) -> Option<Timestamp> {
        let shortest = self.of.values().copied().chain(self.usual).min()?;
        Some(now.checked_sub(shortest).unwrap_or(Timestamp::MIN))
    }

    /// Whether a run of a flow that ended then is kept no longer.
    fn is_over(&self, flow: &Name, ended: Timestamp, now: Timestamp) -> bool {
        let keep = self.of.get(flow).copied().or(self.usual);
        keep.is_some_and(|keep| now.duration_since(ended) > keep)
    }
}

impl Sweep {
    /// The next of those that are kept no longer, and whether all were gone over by now.
    pub(crate) fn next(
        &mut self,
        index: &Index,
        keeps: &Keeps,
        now: Timestamp,
    ) -> Result<(BTreeMap<RunId, Row>, bool), StoreError> {
        let ends: Vec<State> = State::ALL.into_iter().filter(|state| state.is_end()).collect();
        let (Some(before), Some(state)) = (keeps.horizon(now), ends.get(self.state)) else {
            *self = Self::default();
            return Ok((BTreeMap::new(), true));
        };
        let some = index.ended_behind(state.as_str(), self.behind.as_ref(), (before, LOOKED_AT))?;
        let is_last = some.len() < LOOKED_AT;
        let mut rows = BTreeMap::new();
        for (place, run) in some {
            self.behind = Some(place);
            let over =
                |row: &Row| !row.busy && row.parents.is_empty() && keeps.is_over(&row.flow, row.updated, now);
            rows.extend(index.row(run)?.filter(over).map(|row| (run, row)));
        }
        if is_last {
            (self.state, self.behind) = (self.state.saturating_add(1), None);
        }
        let over = self.state >= ends.len();
        if over {
            *self = Self::default();
        }
        keep_back(index, &mut rows)?;
        Ok((rows, over))
    }
}
