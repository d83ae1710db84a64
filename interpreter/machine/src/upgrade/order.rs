//! What the run would do twice, or never: where the new flow has its steps in another order.

use super::{Reason, Stay, plan::Planning};
use crate::{
    StepState,
    run::{Kind, Plan as Begun, Stage, Wait},
};
use flowmesh_ir::{
    StateId,
    flow::{Branches, End, Flow, Lead},
};
use std::collections::BTreeSet;

impl Planning<'_, '_> {
    /// Nothing that was done comes again if it was not to come again, and nothing that was to come is passed over though
    /// the new flow still has it; unless a migration names what the run is at.
    pub(super) fn order(&self) -> Result<(), Stay> {
        if self.is_migrated() {
            return Ok(());
        }
        let (old, new) = self.pair.flows();
        let before = self.ahead(old, Some);
        let after = self.ahead(new, |state| self.mapping.state(state));
        let (will, would) = (self.pair.titles_old(before), self.pair.titles_new(after));
        let Some(at) = self.run.fibers.values().next_back().map(|fiber| fiber.state) else {
            return Ok(());
        };
        let has: BTreeSet<&str> = new.steps.iter().map(|step| step.title.as_str()).collect();
        for (step, progress) in old.steps.iter().zip(&self.run.progress) {
            let was = step.title.as_str();
            let is = self.pair.migrated(was).unwrap_or(was);
            let is = self.renumbered(was).unwrap_or_else(|| is.to_owned());
            let is = is.as_str();
            let done = progress.times > 0 && progress.state != StepState::Active;
            if done && !will.contains(was) && would.contains(is) {
                return Err(self.stay(at, Reason::Again(is.to_owned())));
            }
            if progress.times == 0 && will.contains(was) && !would.contains(is) && has.contains(is) {
                return Err(self.stay(at, Reason::LeftOut(is.to_owned())));
            }
        }
        Ok(())
    }

    /// Whether a migration names a step that the run is at.
    fn is_migrated(&self) -> bool {
        let (old, _) = self.pair.flows();
        self.run.fibers.values().any(|fiber| {
            let step = old.states.get(fiber.state.index()).and_then(|state| state.step);
            let step = step.and_then(|step| old.steps.get(step.index()));
            step.is_some_and(|step| self.pair.migrated(&step.title).is_some())
        })
    }

    /// The title that a step has in the new flow where several are called alike.
    fn renumbered(&self, title: &str) -> Option<String> {
        let (old, new) = self.pair.flows();
        let of_title = |state: &flowmesh_ir::flow::State| {
            state
                .step
                .and_then(|step| old.steps.get(step.index()))
                .is_some_and(|step| step.title == title)
        };
        let at = old.states.iter().position(of_title)?;
        let flowmesh_ir::diff::Counterpart::At(to) = self.pair.counterpart(StateId(u32::try_from(at).ok()?))
        else {
            return None;
        };
        let step = new.states.get(to.index())?.step?;
        new.steps.get(step.index()).map(|step| step.title.clone())
    }

    /// Where the run goes on from where it rests: `of` finds its states in a flow.
    fn ahead(&self, flow: &Flow, of: impl Fn(StateId) -> Option<StateId>) -> Vec<StateId> {
        let mut ahead = Vec::new();
        for fiber in self.run.fibers.values() {
            let state = of(fiber.state).and_then(|at| flow.states.get(at.index()));
            let Some(state) = state else { continue };
            let inside = match fiber.wait {
                Wait::Region(scope) => self.run.scopes.get(&scope).and_then(|scope| scope.inside()),
                _ => None,
            };
            state.end.ways(|lead, next| {
                let is_there = matches!(lead, Lead::Branch | Lead::Task | Lead::Handler);
                if !is_there || inside.is_none() {
                    ahead.push(*next);
                }
            });
            // Branches that run have fibers of their own.
            let End::Region(region) = &state.end else { continue };
            match (&region.branches, inside.map(|inside| &inside.plan)) {
                (Branches::Fixed(branches), Some(Begun::Fixed(stages))) => {
                    let waiting = branches
                        .iter()
                        .zip(stages)
                        .filter(|(_, stage)| **stage == Stage::Waiting);
                    ahead.extend(waiting.map(|(branch, _)| branch.entry));
                }
                (Branches::Each(each), Some(_)) => ahead.push(each.entry),
                _ => {}
            }
        }
        for handler in self.run.handlers.values() {
            let state = of(handler.state).and_then(|at| flow.states.get(at.index()));
            if let Some(End::Listen(listen)) = state.map(|state| &state.end) {
                ahead.push(listen.entry);
            }
        }
        let readers = self.run.streams.values().map(|open| open.reader.1);
        let rests = self.run.scopes.values().filter_map(|scope| match scope.kind {
            Kind::Rest(Some((_, state))) => Some(state),
            _ => None,
        });
        ahead.extend(readers.chain(rests).filter_map(of));
        ahead
    }
}
