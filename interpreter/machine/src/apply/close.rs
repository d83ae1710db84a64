//! Closes scopes: fibers that only wait end at once, calls that are on their way become orphans that are still heard.

use super::Turn;
use crate::{
    Ask, CallId, Effect,
    run::{
        Caller, Cleanup, CleanupId, Fiber, FiberId, Finally, Inside, Kind, Orphan, Phase, ROOT, Scope,
        ScopeId, Task, Then, Undo, Wait, Why,
    },
};
use flowmesh_ir::{
    StateId, Value,
    flow::{End, Tie},
    value::Variant,
};
use std::sync::Arc;

impl Turn<'_, '_> {
    /// A cleanup with nothing to do yet.
    pub(super) fn cleanup(&mut self) -> CleanupId {
        let id = CleanupId(self.run.next.cleanup);
        self.run.next.cleanup += 1;
        self.run.cleanups.insert(id, Cleanup::new());
        id
    }

    /// Ends everything in a scope, inner first, and the scope. The fiber that waits for it is left where it is.
    pub(super) fn close(&mut self, id: ScopeId, into: CleanupId) {
        // What is in it finds no scope to leave any more, so nothing is taken out while it is walked.
        let Some(scope) = self.run.scopes.remove(&id) else {
            return;
        };
        if let Some(outer) = scope.outer.and_then(|outer| self.run.scopes.get_mut(&outer)) {
            outer.beside.remove(&id);
        }
        for beside in &scope.beside {
            self.close(*beside, into);
        }
        for fiber in &scope.fibers {
            self.give_up(*fiber, into);
        }
        self.undo_with(into, scope.undo);
        self.forget_handlers(id);
        self.close_kind(scope.kind, into);
    }

    fn close_kind(&mut self, kind: Kind, into: CleanupId) {
        match kind {
            Kind::Region(inside) => self.close_region(&inside, into),
            Kind::Task(task) => {
                let error = super::turn::built_in("Cancelled", "the task was cancelled");
                self.run.tasks.insert(task, Task::Failed { error, seen: true });
            }
            Kind::Round(handler, answer) => self.round_over(handler, answer),
            Kind::Rest(later) => self.rest_over(later),
            Kind::Root | Kind::Finally(_) => {}
        }
    }

    fn close_region(&mut self, inside: &Inside, into: CleanupId) {
        if let Some((timer, _)) = inside.within {
            self.disarm(timer);
        }
        let Some(cleanup) = self.run.cleanups.get_mut(&into) else {
            return;
        };
        if let Some(guard) = inside.guard {
            if self.run.guards.get(&guard).is_some_and(|held| held.granted) {
                cleanup.guards.push(guard);
            } else {
                self.run.guards.remove(&guard);
                self.withdraw(guard);
            }
        }
        if let Some(entry) = self.region_at(inside.state).and_then(|region| region.finally) {
            let frame = self.run.fibers.get(&inside.waiting).and_then(|fiber| fiber.frame);
            self.hold(frame);
            if let Some(cleanup) = self.run.cleanups.get_mut(&into) {
                cleanup.finallies.push_back(Finally { entry, frame });
            }
        }
    }

    /// Ends a fiber where it stands.
    pub(super) fn give_up(&mut self, id: FiberId, into: CleanupId) {
        if let Some(Wait::Region(scope)) = self.run.fibers.get(&id).map(|fiber| &fiber.wait) {
            self.close(*scope, into);
        }
        // Its own values go with it, and what undoes a call that is still heard needs them.
        self.seat_fiber(id);
        let frame = self.orphan_frame(id);
        let Some(fiber) = self.take(id) else {
            return;
        };
        for (timer, _) in fiber.wait.timers() {
            self.disarm(timer);
        }
        let Fiber {
            state, wait, undo, ..
        } = fiber;
        self.undo_with(into, undo);
        match wait {
            Wait::Call(call, _) => return self.orphan(call, Orphan { state, wait, frame }, into),
            Wait::Ask(call, ref ask) => match **ask {
                Ask::Shift { .. } => return self.orphan(call, Orphan { state, wait, frame }, into),
                Ask::Start { tie: Tie::Child, .. } if self.can_be_undone(state) => {
                    self.effects.push(Effect::Withdraw { call });
                    self.orphan(call, Orphan { state, wait, frame }, into);
                }
                _ => self.withdraw(call),
            },
            Wait::Decision(call) => self.give_up_parked(call, Orphan { state, wait, frame }, into),
            Wait::Cleanup(inner) => self.join_cleanups(inner, into),
            _ => {}
        }
        if let Some(step) = self.state(state).and_then(|state| state.step) {
            self.step_stopped(step);
        }
    }

    /// Whether what a state starts has something that undoes it.
    pub(super) fn can_be_undone(&self, state: StateId) -> bool {
        match self.state(state).map(|state| &state.end) {
            Some(End::Call(call)) => call.undo.is_some(),
            Some(End::Start(start)) => start.undo.is_some(),
            Some(End::Shift(_)) => true,
            _ => false,
        }
    }

    /// Nobody waits for this any more.
    pub(super) fn withdraw(&mut self, call: CallId) {
        if self.run.calls.remove(&call).is_some() {
            self.effects.push(Effect::Withdraw { call });
        }
    }

    /// The values that undoing what a fiber waits for may read.
    fn orphan_frame(&self, id: FiberId) -> Vec<Value> {
        let fiber = self.run.fibers.get(&id);
        let undone = fiber.is_some_and(|fiber| {
            let called = matches!(fiber.wait, Wait::Call(..) | Wait::Ask(..) | Wait::Decision(_));
            called && self.can_be_undone(fiber.state)
        });
        if undone {
            self.run.frame.clone()
        } else {
            Vec::new()
        }
    }

    fn orphan(&mut self, call: CallId, orphan: Orphan, into: CleanupId) {
        self.run.calls.insert(call, Caller::Orphan(into));
        self.keep_orphan(call, orphan, into);
    }

    /// Keeps what a call needs to be undone whose fiber is gone.
    pub(super) fn keep_orphan(&mut self, call: CallId, orphan: Orphan, into: CleanupId) {
        self.run.orphans.insert(call, orphan);
        if let Some(cleanup) = self.run.cleanups.get_mut(&into) {
            cleanup.calls += 1;
        }
    }

    /// A fiber that waited for a cleanup is gone: whoever cleans up after it waits in its place.
    fn join_cleanups(&mut self, inner: CleanupId, into: CleanupId) {
        let Some(cleanup) = self.run.cleanups.get_mut(&inner) else {
            return;
        };
        cleanup.then = Then::Join(into);
        if let Some(into) = self.run.cleanups.get_mut(&into) {
            into.inner += 1;
        }
    }

    pub(super) fn undo_with(&mut self, into: CleanupId, undo: Vec<Undo>) {
        if let Some(cleanup) = self.run.cleanups.get_mut(&into)
            && !cleanup.keep
        {
            cleanup
                .undo
                .extend(undo.into_iter().map(|undo| (undo.order, undo)));
        }
    }

    /// Nobody catches an error: the run fails.
    pub(super) fn fail(&mut self, error: Arc<Variant>) {
        self.stop(Why::Failed(error));
    }

    /// Ends the run, after everything in it was cleaned up. The first reason counts.
    pub(super) fn stop(&mut self, why: Why) {
        if !self.forward() {
            return;
        }
        self.run.phase = Phase::Ending(why);
        self.turn_away();
        let cleanup = self.cleanup();
        if let Some(cleanup) = self.run.cleanups.get_mut(&cleanup) {
            cleanup.then = Then::End;
        }
        self.close_root(cleanup);
        self.tidy(cleanup);
    }

    /// Closes everything; an empty root takes the place of the old one.
    pub(super) fn close_root(&mut self, into: CleanupId) {
        self.close(ROOT, into);
        self.run.scopes.insert(ROOT, Scope::new(Kind::Root, None, 0));
    }

    pub(super) fn forward(&self) -> bool {
        matches!(self.run.phase, Phase::Forward)
    }

    /// Whether it has begun and not ended.
    pub(super) fn lives(&self) -> bool {
        matches!(self.run.phase, Phase::Forward | Phase::Ending(_))
    }

    /// The error that a run fails with, while it does.
    pub(super) fn failing(&self) -> Option<Arc<Variant>> {
        match &self.run.phase {
            Phase::Ending(Why::Failed(error)) => Some(Arc::clone(error)),
            _ => None,
        }
    }
}
