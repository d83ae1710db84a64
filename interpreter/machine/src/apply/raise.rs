//! An error and who catches it: the call itself, the innermost region around that names it, or nobody.

use super::Turn;
use crate::{
    Effect, Note,
    run::{CleanupId, FiberId, Kind, ROOT, ScopeId, Task, TaskId, Then, Wait},
};
use flowmesh_ir::{StateId, Value, expr::Raise, flow::Catch, value::Variant};
use flowmesh_stdlib::{Fault, limit};
use std::sync::Arc;

impl Turn<'_, '_> {
    /// Where a fiber goes on after an error of what it called. Where nobody catches it there, it is its own error.
    pub(super) fn caught(&mut self, id: FiberId, catches: &[Catch], error: &Arc<Variant>) -> Option<StateId> {
        let Some(catch) = self.catching(catches, error) else {
            self.raise(id, Arc::clone(error));
            return None;
        };
        let (bind, next) = (catch.bind, catch.next);
        self.bind(id, bind, Value::Variant(Arc::clone(error)));
        Some(next)
    }

    /// The first that names an error.
    pub(super) fn catching<'c>(&self, catches: &'c [Catch], error: &Variant) -> Option<&'c Catch> {
        let names = |catch: &&Catch| {
            let def = self.program.error(catch.error);
            def.is_some_and(|def| def.name == error.name)
        };
        catches.iter().find(names)
    }

    /// An error of a fiber.
    pub(super) fn raise(&mut self, id: FiberId, error: Arc<Variant>) {
        if let Some(scope) = self.run.fibers.get(&id).map(|fiber| fiber.scope) {
            self.raise_in(scope, error);
        }
    }

    /// An error in a scope: caught by it or by one around it, else that of the run.
    pub(super) fn raise_in(&mut self, scope: ScopeId, error: Arc<Variant>) {
        let mut at = scope;
        while let Some(scope) = self.run.scopes.get(&at) {
            let outer = scope.outer;
            match scope.kind {
                Kind::Region(ref inside) => {
                    let (waiting, state) = (inside.waiting, inside.state);
                    let region = self.region_at(state);
                    let step = self.state(state).and_then(|state| state.step);
                    self.step_failed(step.or(region.and_then(|region| region.name)), &error);
                    if let Some(catch) = region.and_then(|region| self.catching(&region.catch, &error)) {
                        return self.close_caught(at, waiting, catch.clone(), error);
                    }
                }
                Kind::Root => return self.fail(error),
                Kind::Task(task) => return self.task_failed(at, task, error),
                Kind::Round(_, answer) => return self.round_failed(at, answer, &error),
                Kind::Rest(_) => return self.rest_failed(at, &error),
                Kind::Finally(cleanup) => return self.finally_failed(at, cleanup, error),
            }
            at = outer.unwrap_or(ROOT);
        }
    }

    /// The region is undone; then the fiber that waited for it goes on with the error.
    fn close_caught(&mut self, scope: ScopeId, waiting: FiberId, catch: Catch, error: Arc<Variant>) {
        let cleanup = self.cleanup();
        self.close(scope, cleanup);
        self.leave_to(cleanup, waiting, Then::Catch(waiting, catch, error));
    }

    /// A fiber waits until it is its turn again after a cleanup.
    pub(super) fn leave_to(&mut self, cleanup: CleanupId, waiting: FiberId, then: Then) {
        if let Some(fiber) = self.run.fibers.get_mut(&waiting) {
            fiber.wait = Wait::Cleanup(cleanup);
        }
        if let Some(cleanup) = self.run.cleanups.get_mut(&cleanup) {
            cleanup.then = then;
        }
        self.tidy(cleanup);
    }

    fn task_failed(&mut self, scope: ScopeId, task: TaskId, error: Arc<Variant>) {
        let cleanup = self.cleanup();
        self.close(scope, cleanup);
        self.run.tasks.insert(task, Task::Failing);
        if let Some(cleanup) = self.run.cleanups.get_mut(&cleanup) {
            cleanup.then = Then::Fail(task, error);
        }
        self.tidy(cleanup);
    }

    /// The sender of the signal is told; the flow goes on.
    fn round_failed(&mut self, scope: ScopeId, answer: Option<u64>, error: &Arc<Variant>) {
        let text = crate::border::encode_untyped(&Value::Variant(Arc::clone(error)));
        match answer {
            Some(signal) => self.effects.push(Effect::Answer {
                signal,
                answer: Err(text),
            }),
            None => self.log(format!("a handler of a signal failed: {text}")),
        }
        // The sender has its answer; closing the round gives it no other.
        if let Some(Kind::Round(_, answer)) = self.run.scopes.get_mut(&scope).map(|scope| &mut scope.kind) {
            *answer = None;
        }
        self.give_up_beside(scope);
    }

    fn rest_failed(&mut self, scope: ScopeId, error: &Arc<Variant>) {
        let text = crate::border::encode_untyped(&Value::Variant(Arc::clone(error)));
        self.log(format!("a branch that was not needed any more failed: {text}"));
        self.give_up_beside(scope);
    }

    /// Closes a scope; what it did is undone beside.
    pub(super) fn give_up_beside(&mut self, scope: ScopeId) {
        let cleanup = self.cleanup();
        self.close(scope, cleanup);
        self.tidy(cleanup);
    }

    /// What a `finally` fails with is kept for the fiber that goes on after it, if one does.
    fn finally_failed(&mut self, scope: ScopeId, cleanup: CleanupId, error: Arc<Variant>) {
        self.close(scope, cleanup);
        if let Some(found) = self.run.cleanups.get_mut(&cleanup) {
            found.running = found.running.saturating_sub(1);
            found.failed.get_or_insert(error);
        }
        self.tidy(cleanup);
    }

    pub(super) fn log(&mut self, text: String) {
        self.effects.push(Effect::Note(Note::Log { text }));
    }

    /// The error that a `fail` means.
    pub(super) fn error(&mut self, raise: &Raise) -> Result<Arc<Variant>, Fault> {
        let fields = self.evaluator().fields(&raise.fields)?;
        for value in fields.values() {
            limit::check_value(value)?;
        }
        let program = self.program;
        let def = program
            .error(raise.error)
            .ok_or_else(|| Fault::BadValue(format!("the program has no error number {}", raise.error)))?;
        Ok(Arc::new(Variant {
            name: def.name.clone(),
            fields,
        }))
    }
}
