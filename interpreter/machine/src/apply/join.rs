//! The end of fibers that no region waits for: the first one, a `finally`, a branch that is not needed any more.

use super::{Turn, turn::Thrown};
use crate::run::{CleanupId, FiberId, Kind, ROOT, ScopeId, Then};
use flowmesh_ir::StateId;
use flowmesh_stdlib::Fault;

impl Turn<'_, '_> {
    /// A fiber that no region waits for has come to its end.
    pub(super) fn join_beside(&mut self, id: FiberId, scope: ScopeId) -> Result<Option<StateId>, Thrown> {
        let Some((kind, outer)) = self
            .run
            .scopes
            .get(&scope)
            .map(|found| (found.kind.clone(), found.outer))
        else {
            return Ok(None);
        };
        match kind {
            Kind::Root => {
                let undo = self.take(id).map(|fiber| fiber.undo).unwrap_or_default();
                if let Some(root) = self.run.scopes.get_mut(&ROOT) {
                    root.undo.extend(undo);
                }
                self.run.fallen = true;
            }
            Kind::Finally(cleanup) => self.finally_done(id, scope, cleanup),
            Kind::Rest(later) => {
                self.end_beside(id, scope, outer);
                self.rest_over(later);
            }
            Kind::Task(_) | Kind::Round(..) | Kind::Region(_) => {
                return Err(
                    Fault::BadValue("a task or a handler joins, and gives nothing".to_owned()).into(),
                );
            }
        }
        Ok(None)
    }

    /// Ends a scope that nobody waits for; what was done in it passes to the scope around.
    pub(super) fn end_beside(&mut self, id: FiberId, scope: ScopeId, outer: Option<ScopeId>) {
        let mut undo = self.take(id).map(|fiber| fiber.undo).unwrap_or_default();
        let Some(ended) = self.run.scopes.remove(&scope) else {
            return;
        };
        undo.extend(ended.undo);
        self.forget_handlers(scope);
        let outer = outer.unwrap_or(ROOT);
        if let Some(outer) = self.run.scopes.get_mut(&outer) {
            outer.beside.remove(&scope);
            outer.undo.extend(undo);
        }
        self.pass_on(ended.beside, outer);
    }

    /// A branch that was not needed any more has ended: the region may begin again after the last.
    pub(super) fn rest_over(&mut self, later: Option<(FiberId, StateId)>) {
        let Some((fiber, state)) = later else {
            return;
        };
        let Some(left) = self.run.later.get_mut(&(fiber, state)) else {
            return;
        };
        *left = left.saturating_sub(1);
        if *left > 0 {
            return;
        }
        self.run.later.remove(&(fiber, state));
        // It goes on when its turn has come, and not while something is being closed.
        self.ready.push_back(fiber);
    }

    fn finally_done(&mut self, id: FiberId, scope: ScopeId, cleanup: CleanupId) {
        let undo = self.take(id).map(|fiber| fiber.undo).unwrap_or_default();
        let ended = self.run.scopes.remove(&scope);
        self.forget_handlers(scope);
        if let Some(ended) = ended {
            self.pass_on(ended.beside, ROOT);
        }
        let goes = self.run.cleanups.get_mut(&cleanup).and_then(|cleanup| {
            cleanup.running = cleanup.running.saturating_sub(1);
            match cleanup.then {
                Then::Go(fiber, _) | Then::Give(fiber, _) => Some(fiber),
                _ => None,
            }
        });
        match goes {
            Some(fiber) => self.keep(fiber, undo),
            None => self.undo_with(cleanup, undo),
        }
        self.tidy(cleanup);
    }
}
