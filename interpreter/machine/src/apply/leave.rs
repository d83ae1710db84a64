//! Ways out of regions that are not errors: done, left, too late, cancelled by name.

use super::{Turn, turn::Thrown};
use crate::run::{CleanupId, FiberId, Kind, ROOT, Scope, ScopeId, Then, Undo, Wait};
use flowmesh_ir::{
    StateId, StepId, Value,
    flow::{End, Rest},
};
use flowmesh_stdlib::Fault;
use std::collections::BTreeSet;

impl Turn<'_, '_> {
    /// A region is done: what was done in it passes to the fiber that waited.
    pub(super) fn finish_region(&mut self, id: ScopeId, rest: Rest, next: StateId) {
        let Some((waiting, state)) = self.inside(id).map(|inside| (inside.waiting, inside.state)) else {
            return;
        };
        let cleanup = self.cleanup();
        self.treat_rest(id, waiting, state, rest, cleanup);
        let step = self.state(state).and_then(|state| state.step);
        self.step_done(step.or(self.region_at(state).and_then(|region| region.name)));
        let kept = self.close_kept(id, cleanup);
        self.keep(waiting, kept);
        self.leave_to(cleanup, waiting, Then::Go(waiting, next));
    }

    /// What becomes of branches that are not needed any more.
    fn treat_rest(&mut self, id: ScopeId, waiting: FiberId, state: StateId, rest: Rest, cleanup: CleanupId) {
        let fibers = self
            .run
            .scopes
            .get_mut(&id)
            .map(|scope| std::mem::take(&mut scope.fibers));
        let later = (rest == Rest::Later).then_some((waiting, state));
        for fiber in fibers.unwrap_or_default() {
            match rest {
                Rest::Cancel => self.give_up(fiber, cleanup),
                Rest::Finish | Rest::Later => self.detach(id, fiber, later),
            }
        }
    }

    /// Lets a fiber go on in a scope of its own, of which nobody waits for the end.
    fn detach(&mut self, from: ScopeId, fiber: FiberId, later: Option<(FiberId, StateId)>) {
        // It stands where the region stood, so it is no deeper.
        let Ok(scope) = self.open(Kind::Rest(later), None) else {
            return;
        };
        if let Some(from) = self.run.scopes.get_mut(&from) {
            from.beside.insert(scope);
        }
        if let Some(found) = self.run.scopes.get_mut(&scope) {
            found.outer = Some(from);
            found.fibers.insert(fiber);
        }
        let Some(fiber) = self.run.fibers.get_mut(&fiber) else {
            return;
        };
        fiber.scope = scope;
        if let Wait::Region(inner) = fiber.wait
            && let Some(inner) = self.run.scopes.get_mut(&inner)
        {
            inner.outer = Some(scope);
        }
        if let Some(later) = later {
            *self.run.later.entry(later).or_default() += 1;
        }
    }

    /// Closes a scope but for what goes on beside, which passes to the scope around; gives what was done in it.
    fn close_kept(&mut self, id: ScopeId, cleanup: CleanupId) -> Vec<Undo> {
        let Some(scope) = self.run.scopes.get_mut(&id) else {
            return Vec::new();
        };
        let kept = std::mem::take(&mut scope.undo);
        let beside = std::mem::take(&mut scope.beside);
        let outer = scope.outer.unwrap_or(ROOT);
        self.close(id, cleanup);
        self.pass_on(beside, outer);
        kept
    }

    pub(super) fn pass_on(&mut self, beside: BTreeSet<ScopeId>, outer: ScopeId) {
        for id in &beside {
            if let Some(scope) = self.run.scopes.get_mut(id) {
                scope.outer = Some(outer);
            }
        }
        if let Some(outer) = self.run.scopes.get_mut(&outer) {
            outer.beside.extend(beside);
        }
    }

    pub(super) fn keep(&mut self, fiber: FiberId, kept: Vec<Undo>) {
        if let Some(fiber) = self.run.fibers.get_mut(&fiber) {
            fiber.undo.extend(kept);
        }
    }

    /// A fiber leaves regions: what it did stays, what else runs in them is cancelled.
    pub(super) fn leave(
        &mut self,
        id: FiberId,
        regions: u32,
        next: StateId,
    ) -> Result<Option<StateId>, Thrown> {
        let inside = self.regions_around(id);
        if regions > 0 && regions <= inside {
            return self.leave_by(id, regions, |leaving| Then::Go(leaving, next));
        }
        // The region of a branch that is not needed any more has gone on without it: leaving it ends the branch.
        match self.boundary(id) {
            Some(Kind::Rest(_)) if regions > 0 => {
                self.leave_by(id, inside, |leaving| Then::Give(leaving, Value::None))
            }
            _ => Err(Fault::BadValue("the flow leaves more regions than it is in".to_owned()).into()),
        }
    }

    /// Leaves regions, of which there are so many; what comes after is for the fiber that waited for the last.
    pub(super) fn leave_by(
        &mut self,
        id: FiberId,
        regions: u32,
        then: impl FnOnce(FiberId) -> Then,
    ) -> Result<Option<StateId>, Thrown> {
        let cleanup = self.cleanup();
        let mut leaving = id;
        let mut kept = Vec::new();
        for _ in 0..regions {
            let Some(fiber) = self.take(leaving) else {
                break;
            };
            kept.extend(fiber.undo);
            let Some((waiting, state)) = self
                .inside(fiber.scope)
                .map(|inside| (inside.waiting, inside.state))
            else {
                break;
            };
            let step = self.state(state).and_then(|state| state.step);
            self.step_done(step.or(self.region_at(state).and_then(|region| region.name)));
            kept.extend(self.close_kept(fiber.scope, cleanup));
            leaving = waiting;
        }
        self.keep(leaving, kept);
        self.leave_to(cleanup, leaving, then(leaving));
        Ok(None)
    }

    /// How many regions are around a fiber.
    pub(super) fn regions_around(&self, id: FiberId) -> u32 {
        let mut regions = 0;
        let mut at = self.run.fibers.get(&id).map(|fiber| fiber.scope);
        while let Some(inside) = at.and_then(|scope| self.inside(scope)) {
            regions += 1;
            at = self.run.fibers.get(&inside.waiting).map(|fiber| fiber.scope);
        }
        regions
    }

    /// The scope around all regions that a fiber is in.
    pub(super) fn boundary(&self, id: FiberId) -> Option<&Kind> {
        let mut at = self.run.fibers.get(&id)?.scope;
        while let Some(inside) = self.inside(at) {
            at = self.run.fibers.get(&inside.waiting)?.scope;
        }
        self.run.scopes.get(&at).map(|scope| &scope.kind)
    }

    /// Cancels a region; the flow goes on at once, and what was done in it is undone beside.
    pub(super) fn cancel_region(&mut self, id: ScopeId, next: StateId) {
        let Some(waiting) = self.inside(id).map(|inside| inside.waiting) else {
            return;
        };
        let cleanup = self.cleanup();
        self.close(id, cleanup);
        let state = self
            .run
            .fibers
            .get(&waiting)
            .and_then(|fiber| self.state(fiber.state));
        if let Some(state) = state
            && let End::Region(region) = &state.end
            && let Some(step) = state.step.or(region.name)
        {
            self.step_stopped(step);
        }
        self.leave_to(cleanup, waiting, Then::Go(waiting, next));
    }

    /// It took too long.
    pub(super) fn too_late(&mut self, id: ScopeId) {
        let Some(state) = self.inside(id).map(|inside| inside.state) else {
            return;
        };
        self.inside_mut(id, |inside| inside.within = None);
        if let Some((_, otherwise)) = self.region_at(state).and_then(|region| region.within.as_ref()) {
            self.cancel_region(id, *otherwise);
        }
    }

    /// Cancels every region of a name; the fiber goes on if it was in none of them.
    pub(super) fn cancel_step(&mut self, id: FiberId, step: StepId, next: StateId) -> Option<StateId> {
        let named = |scope: &Scope| {
            let region = scope.inside().and_then(|inside| self.region_at(inside.state));
            region.is_some_and(|region| region.name == Some(step))
        };
        let scopes: Vec<(ScopeId, StateId)> = self
            .run
            .scopes
            .iter()
            .filter(|(_, scope)| named(scope))
            .filter_map(|(id, scope)| {
                let region = self.region_at(scope.inside()?.state)?;
                Some((*id, region.next))
            })
            .collect();
        for (scope, next) in scopes {
            self.cancel_region(scope, next);
        }
        self.run.fibers.contains_key(&id).then_some(next)
    }
}
