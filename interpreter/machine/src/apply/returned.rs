//! A state that ends the run with a result, wherever it stands: what led there stays done, what else runs is cancelled.

use super::Turn;
use crate::run::{CleanupId, FiberId, Kind, Phase, ROOT, ScopeId, Then, Why};
use flowmesh_ir::Value;
use std::collections::BTreeSet;

impl Turn<'_, '_> {
    /// Ends the run with a result: what led here stays done, what else runs is cancelled.
    pub(super) fn return_from(&mut self, id: FiberId, value: Value) {
        if !self.forward() {
            return self.end_branch(id);
        }
        let alone = self.run.fibers.len() == 1 && self.run.scopes.len() == 1 && self.run.cleanups.is_empty();
        if alone {
            self.take(id);
            return self.finish(Why::Returned(value));
        }
        let last = self.keep_way_out(id);
        self.run.phase = Phase::Ending(Why::Returned(value));
        let cleanup = self.cleanup();
        if let Some(cleanup) = self.run.cleanups.get_mut(&cleanup) {
            cleanup.then = Then::End;
        }
        self.end_way_out(last, cleanup);
        let rests = self.take_rests();
        self.close_root(cleanup);
        self.pass_on(rests, ROOT);
        self.tidy(cleanup);
    }

    /// Ends what goes on beside, or cleans up, in a run that has its end already.
    pub(super) fn end_branch(&mut self, id: FiberId) {
        let last = self.keep_way_out(id);
        let cleanup = self.cleanup();
        self.end_way_out(last, cleanup);
        self.tidy(cleanup);
    }

    /// What the fiber and those above it did is not undone any more. Gives the last scope on the way, which no fiber
    /// waits for.
    fn keep_way_out(&mut self, id: FiberId) -> ScopeId {
        let mut at = Some(id);
        let mut last = ROOT;
        while let Some(fiber) = at.and_then(|at| self.run.fibers.get_mut(&at)) {
            fiber.undo.clear();
            last = fiber.scope;
            let Some(scope) = self.run.scopes.get_mut(&last) else {
                return last;
            };
            scope.undo.clear();
            let beside = std::mem::take(&mut scope.beside);
            at = scope.inside().map(|inside| inside.waiting);
            self.pass_on(beside, ROOT);
        }
        last
    }

    /// Ends the task, round or branch that the way out went through, so that it is not taken for one that goes on.
    fn end_way_out(&mut self, last: ScopeId, cleanup: CleanupId) {
        match self.run.scopes.get(&last).map(|scope| &scope.kind) {
            Some(Kind::Finally(owner)) => {
                let owner = *owner;
                self.close(last, owner);
                if let Some(owner) = self.run.cleanups.get_mut(&owner) {
                    owner.running = owner.running.saturating_sub(1);
                }
                self.tidy(owner);
            }
            Some(Kind::Root) | None => {}
            Some(_) => self.close(last, cleanup),
        }
    }

    /// Takes branches that nobody waits for out of the root, where they go on after its end.
    fn take_rests(&mut self) -> BTreeSet<ScopeId> {
        let Some(root) = self.run.scopes.get_mut(&ROOT) else {
            return BTreeSet::new();
        };
        root.undo.clear();
        let all = std::mem::take(&mut root.beside);
        let is_rest = |id: &ScopeId| {
            let scope = self.run.scopes.get(id);
            scope.is_some_and(|scope| matches!(scope.kind, Kind::Rest(_)))
        };
        let (rests, others) = all.into_iter().partition(is_rest);
        if let Some(root) = self.run.scopes.get_mut(&ROOT) {
            root.beside = others;
        }
        rests
    }
}
