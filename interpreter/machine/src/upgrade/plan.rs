//! Whether a run can go on in another program.

use super::{Mapping, Plan, Reason, Stay, frames, moved, requests::Names};
use crate::Run;
use flowmesh_ir::{FlowId, Program, StateId, diff::FlowPair};
use std::collections::BTreeMap;

/// Two programs, with what of their flows was compared so far: many runs are of one flow.
pub struct Upgrade<'a> {
    names: Names<'a>,
    pairs: BTreeMap<FlowId, Option<FlowPair<'a>>>,
}

impl<'a> Upgrade<'a> {
    /// From an old program to a new one.
    #[must_use]
    pub fn new(old: &'a Program, new: &'a Program) -> Self {
        Self {
            names: Names { old, new },
            pairs: BTreeMap::new(),
        }
    }

    /// What becomes of a run of the old program.
    pub fn plan(&mut self, run: &Run) -> Plan {
        let names = self.names;
        let pair = self.pairs.entry(run.flow);
        let pair = pair.or_insert_with(|| FlowPair::new(names.old, names.new, run.flow));
        let found = match pair {
            Some(pair) => Planning {
                names,
                pair,
                run,
                mapping: Mapping::default(),
            }
            .plan(),
            None => Err(Stay {
                flow: names
                    .old
                    .flow(run.flow)
                    .map(|flow| flow.name.clone())
                    .unwrap_or_default(),
                step: None,
                reason: Reason::NoFlow,
            }),
        };
        match found {
            Ok(mapping) => Plan::Moves(mapping),
            Err(stay) if stay.wants_migration() => Plan::NeedsMigration(stay),
            Err(stay) => Plan::Stays(stay),
        }
    }
}

/// One run that is looked at.
pub(super) struct Planning<'p, 'a> {
    pub(super) names: Names<'a>,
    pub(super) pair: &'p FlowPair<'a>,
    pub(super) run: &'p Run,
    /// What was found so far.
    pub(super) mapping: Mapping,
}

impl Planning<'_, '_> {
    fn plan(mut self) -> Result<Mapping, Stay> {
        self.rests()?;
        self.places()?;
        self.waits()?;
        self.order()?;
        self.undos()?;
        self.frames()?;
        self.values()?;
        self.mapping.states.sort_unstable();
        // What can be proven of types alone still may not hold of a value, where a rule says so.
        match moved::moved(self.names, self.pair, self.run, &self.mapping) {
            Ok(_) => Ok(self.mapping),
            Err(moved::Immovable::Value(slot)) => Err(self.unfit(slot)),
            Err(moved::Immovable::Whole) => Err(self.stay_at_start(Reason::Nesting("what is".to_owned()))),
        }
    }

    /// Every frame is that of something that both versions begin.
    fn frames(&self) -> Result<(), Stay> {
        let (old, new) = self.pair.flows();
        let was = frames::owners(self.run, old, |at| self.pair.around_old(at));
        let fits = was.is_some_and(|owners| {
            owners.values().all(|begun| {
                let to = self
                    .mapping
                    .state(*begun)
                    .and_then(|to| new.states.get(to.index()));
                to.is_some()
            })
        });
        let counts = self.run.fibers.values().all(|fiber| {
            let owning = |flow, ways: &[flowmesh_ir::diff::Way]| {
                ways.iter().filter(|way| frames::own(flow, way).is_some()).count()
            };
            let was = owning(old, &self.pair.around_old(fiber.state));
            was == owning(new, &self.around(&self.mapping, fiber.state))
        });
        match fits && counts {
            true => Ok(()),
            false => Err(self.stay_at_start(Reason::Nesting("a round".to_owned()))),
        }
    }

    pub(super) fn stay(&self, at: StateId, reason: Reason) -> Stay {
        Stay {
            flow: self.pair.flows().0.name.clone(),
            step: Some(self.pair.title(at)),
            reason,
        }
    }

    /// For what concerns the whole run; said of what it is at last.
    pub(super) fn stay_at_start(&self, reason: Reason) -> Stay {
        let last = self.run.fibers.values().next_back();
        Stay {
            flow: self.pair.flows().0.name.clone(),
            step: last.map(|fiber| self.pair.title(fiber.state)),
            reason,
        }
    }
}
