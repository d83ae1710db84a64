//! `restart with (...)`: everything is left as it is, nothing is undone, and the flow begins anew.

use super::{Turn, turn::Thrown};
use crate::{
    Effect, Note,
    run::{CleanupId, FiberId, Progress, Then},
};
use flowmesh_ir::{StateId, Value, expr::Expr};

impl Turn<'_, '_> {
    pub(super) fn restart(&mut self, id: FiberId, arguments: &[Expr]) -> Result<Option<StateId>, Thrown> {
        let mut parameters = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let mut evaluator = self.evaluator();
            let value = evaluator.eval(argument)?;
            evaluator.weigh(argument, &value)?;
            parameters.push(value);
        }
        if !self.forward() {
            self.end_branch(id);
            return Ok(None);
        }
        let cleanup = self.cleanup();
        if let Some(cleanup) = self.run.cleanups.get_mut(&cleanup) {
            cleanup.keep = true;
            cleanup.then = Then::Restart(parameters);
        }
        self.close_root(cleanup);
        self.run.tasks.clear();
        self.run.later.clear();
        self.run.fallen = false;
        self.tidy(cleanup);
        Ok(None)
    }

    /// Begins at the entry with these parameters, unless the run ends by now.
    pub(super) fn begin_anew(&mut self, cleanup: CleanupId, parameters: Vec<Value>) {
        if !self.forward() {
            return;
        }
        // What was held is free for the new beginning.
        let guards = self
            .run
            .cleanups
            .get_mut(&cleanup)
            .map(|cleanup| std::mem::take(&mut cleanup.guards));
        for guard in guards.unwrap_or_default() {
            self.let_go(guard);
        }
        self.seat(None);
        self.effects.push(Effect::Note(Note::Restarted));
        self.run.progress = vec![Progress::default(); self.flow.steps.len()];
        self.fill(parameters);
        if let Err(Thrown(error)) = self.enter_anew() {
            self.fail(error);
        }
    }

    /// A frame that holds the parameters and nothing else.
    pub(super) fn fill(&mut self, parameters: Vec<Value>) {
        self.run.frame = parameters;
        let slots = self.flow.slots.len().max(self.run.frame.len());
        self.run.frame.resize(slots, Value::None);
    }
}
