//! Tasks: begun beside, awaited or cancelled by their number.

use super::{Turn, arms::unknown, turn::Thrown};
use crate::run::{FiberId, Kind, ROOT, ScopeId, Task, TaskId, Then};
use flowmesh_ir::{SlotId, StateId, Value, expr::Expr};
use flowmesh_stdlib::Fault;

/// How many tasks one run begins; their values are kept.
const TASKS_MAX: usize = 10_000;

impl Turn<'_, '_> {
    pub(super) fn spawn(
        &mut self,
        id: FiberId,
        task: SlotId,
        own: &[SlotId],
        entry: StateId,
        next: StateId,
    ) -> Result<Option<StateId>, Thrown> {
        if self.run.tasks.len() >= TASKS_MAX {
            return Err(Fault::BadValue(format!("a run begins at most {TASKS_MAX} tasks")).into());
        }
        let around = self.run.fibers.get(&id).and_then(|fiber| fiber.frame);
        let frame = self.frame(around, own)?;
        self.hold(Some(frame));
        // A task sees its own slots as they are now, whatever the flow does with them afterwards.
        for slot in own {
            let value = self.slot(*slot);
            self.put(frame, *slot, value);
        }
        let number = TaskId(self.run.next.task);
        self.run.next.task += 1;
        let scope = self.open(Kind::Task(number), Some(ROOT))?;
        let begun = self.begin(scope, 0, Some(frame), entry);
        self.release(Some(frame));
        if begun.is_err() {
            self.run.scopes.remove(&scope);
        }
        begun?;
        if let Some(root) = self.run.scopes.get_mut(&ROOT) {
            root.beside.insert(scope);
        }
        self.run.tasks.insert(number, Task::Running(scope));
        self.bind(id, Some(task), Value::Int(number.0.into()));
        Ok(Some(next))
    }

    /// The end of a task or a round, and its value. What else runs in regions around the fiber is cancelled.
    pub(super) fn give(&mut self, id: FiberId, value: &Expr) -> Result<Option<StateId>, Thrown> {
        let mut evaluator = self.evaluator();
        let given = evaluator.eval(value)?;
        evaluator.weigh(value, &given)?;
        if !matches!(self.boundary(id), Some(Kind::Task(_) | Kind::Round(..))) {
            return Err(Fault::BadValue("only a task or a handler gives a value".to_owned()).into());
        }
        let regions = self.regions_around(id);
        if regions == 0 {
            self.given(id, given);
            return Ok(None);
        }
        self.leave_by(id, regions, |leaving| Then::Give(leaving, given))
    }

    /// A task or a round has its value.
    pub(super) fn given(&mut self, id: FiberId, value: Value) {
        let Some(scope) = self.run.fibers.get(&id).map(|fiber| fiber.scope) else {
            return;
        };
        let found = self.run.scopes.get(&scope);
        let outer = found.and_then(|scope| scope.outer);
        match found.map(|scope| &scope.kind) {
            Some(Kind::Rest(later)) => {
                let later = *later;
                self.end_beside(id, scope, outer);
                self.rest_over(later);
            }
            Some(Kind::Task(task)) => self.task_given(id, scope, *task, value),
            Some(Kind::Round(handler, answer)) => self.round_given(id, scope, *handler, *answer, &value),
            _ => {}
        }
    }

    fn task_given(&mut self, id: FiberId, scope: ScopeId, task: TaskId, value: Value) {
        self.end_beside(id, scope, Some(ROOT));
        self.run.tasks.insert(task, Task::Done(value));
    }

    pub(super) fn cancel_task(
        &mut self,
        id: FiberId,
        task: &Expr,
        next: StateId,
    ) -> Result<Option<StateId>, Thrown> {
        let task = self.task_of(task)?;
        match self.run.tasks.get(&task) {
            Some(Task::Running(scope)) => {
                let scope = *scope;
                self.give_up_beside(scope);
            }
            Some(_) => {}
            None => return Err(unknown(task).into()),
        }
        Ok(self.run.fibers.contains_key(&id).then_some(next))
    }
}
