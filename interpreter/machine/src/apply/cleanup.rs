//! Cleaning up after what was cancelled or has failed, step by step: calls are heard, `finally`s run, what was done is
//! undone, guards are let go of, and whoever waited goes on.

use super::Turn;
use crate::{
    Effect, Note,
    run::{CleanupId, FiberId, Finally, Kind, Phase, Task, Then, Undo, Wait, Why},
};
use flowmesh_ir::{Value, value::Variant};
use std::sync::Arc;

impl Turn<'_, '_> {
    /// Goes on with a cleanup, and with those that waited for its end.
    pub(super) fn tidy(&mut self, id: CleanupId) {
        let mut at = Some(id);
        while let Some(id) = at {
            at = self.tidy_one(id);
        }
    }

    fn tidy_one(&mut self, id: CleanupId) -> Option<CleanupId> {
        let cleanup = self.run.cleanups.get_mut(&id)?;
        let expects = cleanup.calls + cleanup.inner > 0;
        if cleanup.running > 0 || (cleanup.then.in_sequence() && expects) {
            return None;
        }
        if let Some(finally) = cleanup.finallies.pop_front() {
            cleanup.running = 1;
            self.begin_finally(id, finally);
            return None;
        }
        if !cleanup.then.in_sequence() && !matches!(cleanup.then, Then::Nothing) {
            let (then, failed) = (
                std::mem::replace(&mut cleanup.then, Then::Nothing),
                cleanup.failed.take(),
            );
            self.go(id, then, failed);
            return Some(id);
        }
        if expects || cleanup.undoing.is_some() {
            return None;
        }
        let last = matches!(cleanup.then, Then::End);
        if last && self.run.cleanups.len() > 1 {
            return None;
        }
        match self.run.cleanups.get_mut(&id)?.undo.pop_last() {
            Some((_, undo)) => {
                self.begin_undo(id, undo, last);
                None
            }
            None => self.over(id),
        }
    }

    fn begin_finally(&mut self, id: CleanupId, finally: Finally) {
        let begun = match self.open(Kind::Finally(id), None) {
            Ok(scope) => self.begin(scope, 0, finally.frame, finally.entry),
            Err(error) => Err(error),
        };
        self.release(finally.frame);
        if begun.is_err() {
            // It could not begin: a run with as many fibers as there may be. The others are not kept waiting for it.
            self.log("a `finally` could not begin, since the run has too many fibers".to_owned());
            if let Some(cleanup) = self.run.cleanups.get_mut(&id) {
                cleanup.running = 0;
            }
        }
    }

    /// Lets go on who goes on before everything is undone.
    fn go(&mut self, id: CleanupId, then: Then, failed: Option<Arc<Variant>>) {
        match (then, failed) {
            (Then::Go(fiber, _) | Then::Give(fiber, _), Some(error)) => {
                // From here on it does not wait any more, so that closing it does not look for a cleanup.
                self.unwait(fiber);
                self.raise(fiber, error);
            }
            (Then::Go(fiber, next), None) => self.wake(fiber, next),
            (Then::Give(fiber, value), None) => {
                self.unwait(fiber);
                self.given(fiber, value);
            }
            (Then::Restart(parameters), _) => self.begin_anew(id, parameters),
            _ => {}
        }
    }

    fn unwait(&mut self, id: FiberId) {
        if let Some(fiber) = self.run.fibers.get_mut(&id) {
            fiber.wait = Wait::Nothing;
        }
    }

    fn begin_undo(&mut self, id: CleanupId, undo: Undo, last: bool) {
        let returned = matches!(self.run.phase, Phase::Ending(Why::Returned(_)));
        if last && !returned && !std::mem::replace(&mut self.run.undone, true) {
            let error = self.failing();
            self.effects.push(Effect::Note(Note::Undoing { error }));
        }
        self.undo(id, undo);
    }

    /// A cleanup has ended.
    fn over(&mut self, id: CleanupId) -> Option<CleanupId> {
        let cleanup = self.run.cleanups.remove(&id)?;
        for guard in cleanup.guards {
            self.let_go(guard);
        }
        let failed = cleanup.failed;
        if let Some(error) = failed {
            let text = crate::border::encode_untyped(&Value::Variant(error));
            self.log(format!("a `finally` failed: {text}"));
        }
        match cleanup.then {
            Then::Catch(fiber, catch, error) => {
                self.wake(fiber, catch.next);
                self.bind(fiber, catch.bind, Value::Variant(error));
            }
            Then::Fail(task, error) => drop(self.run.tasks.insert(task, Task::Failed { error, seen: false })),
            Then::Join(into) => {
                if let Some(into) = self.run.cleanups.get_mut(&into) {
                    into.inner = into.inner.saturating_sub(1);
                }
                return Some(into);
            }
            Then::Nothing | Then::Go(..) | Then::Give(..) | Then::Restart(_) | Then::End => {}
        }
        self.last_cleanup()
    }

    /// The cleanup of the whole run, where it waited for the others.
    fn last_cleanup(&self) -> Option<CleanupId> {
        let (id, cleanup) = self.run.cleanups.first_key_value()?;
        let last = self.run.cleanups.len() == 1 && matches!(cleanup.then, Then::End);
        last.then_some(*id)
    }

    /// The end of the run, once nothing is left to wait for.
    pub(super) fn settle(&mut self) {
        self.seat(None);
        if !self.run.fibers.is_empty() || !self.run.cleanups.is_empty() {
            return;
        }
        match &self.run.phase {
            Phase::Forward if self.run.fallen => self.fallen(),
            Phase::Ending(_) => match std::mem::replace(&mut self.run.phase, Phase::New) {
                Phase::Ending(why) => self.finish(why),
                other => self.run.phase = other,
            },
            _ => {}
        }
    }

    /// Nothing runs any more after the end of the flow's body. An error of a task that nobody has looked at is that of
    /// the run.
    fn fallen(&mut self) {
        let unseen = self.run.tasks.values().find_map(|task| match task {
            Task::Failed { error, seen: false } => Some(Arc::clone(error)),
            _ => None,
        });
        match unseen {
            Some(error) => {
                self.fail(error);
                self.settle();
            }
            None => self.finish(Why::Returned(Value::None)),
        }
    }
}
