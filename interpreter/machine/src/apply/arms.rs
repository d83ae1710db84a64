//! A state that waits for whichever comes first.

use super::{Turn, turn::Thrown};
use crate::{
    TimerId,
    run::{ArmTimer, FiberId, Sleeper, Task, TaskId, Wait},
};
use flowmesh_ir::{
    StateId, Value,
    expr::Expr,
    flow::{self, Arm, End, On, State},
};
use flowmesh_stdlib::Fault;
use jiff::Timestamp;

/// How an arm stands.
enum Ready {
    /// What it waits for has not come.
    No,
    /// It has come, and brought this.
    Yes(Value),
    /// It will have come at this time.
    At(Timestamp),
    /// The task that it waits for has failed.
    Failed(Thrown),
}

impl<'p> Turn<'p, '_> {
    pub(super) fn wait_any(
        &mut self,
        id: FiberId,
        at: StateId,
        state: &'p State,
        wait: &'p flow::Wait,
    ) -> Result<Option<StateId>, Thrown> {
        let mut times = Vec::new();
        for (number, arm) in (0u32..).zip(&wait.arms) {
            match self.ready(arm)? {
                Ready::No => {}
                Ready::At(time) => times.push((number, time)),
                Ready::Yes(value) => {
                    self.bind(id, arm.bind, value);
                    return Ok(Some(arm.next));
                }
                Ready::Failed(Thrown(error)) => return Ok(self.caught(id, &wait.catch, &error)),
            }
        }
        self.step_started(state.step);
        let arms = times.into_iter().map(|(arm, time)| {
            let (timer, at) = self.arm_at(time, Sleeper::Fiber(id));
            ArmTimer { arm, timer, at }
        });
        let arms = arms.collect();
        self.rest(id, at, Wait::Arms(arms));
        if wait.arms.iter().any(polled) {
            self.run.pollers.insert(id);
        }
        Ok(None)
    }

    fn ready(&mut self, arm: &Arm) -> Result<Ready, Thrown> {
        Ok(match &arm.on {
            On::Signal(signal) => self.take_signal(*signal).map_or(Ready::No, Ready::Yes),
            On::Event { .. } => Ready::No,
            On::After(length) => {
                let length = self.duration(length)?;
                let at = self.run.context.now.checked_add(length).unwrap_or(Timestamp::MAX);
                self.due(at)
            }
            On::At(time) => {
                let at = self.time(time)?;
                self.due(at)
            }
            On::Condition(condition) => match self.evaluator().holds(condition)? {
                true => Ready::Yes(Value::None),
                false => Ready::No,
            },
            On::Task(task) => self.task_ready(task)?,
        })
    }

    fn due(&self, at: Timestamp) -> Ready {
        if at <= self.run.context.now {
            Ready::Yes(Value::None)
        } else {
            Ready::At(at)
        }
    }

    fn task_ready(&mut self, task: &Expr) -> Result<Ready, Thrown> {
        let task = self.task_of(task)?;
        Ok(match self.run.tasks.get_mut(&task) {
            Some(Task::Running(_) | Task::Failing) => Ready::No,
            Some(Task::Done(value)) => Ready::Yes(value.clone()),
            Some(Task::Failed { error, seen }) => {
                *seen = true;
                Ready::Failed(Thrown(std::sync::Arc::clone(error)))
            }
            None => return Err(unknown(task).into()),
        })
    }

    /// The task that an expression means.
    pub(super) fn task_of(&mut self, task: &Expr) -> Result<TaskId, Fault> {
        let number = self.int(task)?;
        let task = u32::try_from(number).map(TaskId);
        task.map_err(|_| Fault::BadValue(format!("there is no task number {number}")))
    }

    /// A timer of an arm has come due.
    pub(super) fn arm_fired(&mut self, id: FiberId, timer: TimerId, state: &'p State, wait: &'p flow::Wait) {
        let Some(Wait::Arms(arms)) = self.run.fibers.get(&id).map(|fiber| &fiber.wait) else {
            return;
        };
        let number = arms.iter().find(|arm| arm.timer == timer).map(|arm| arm.arm);
        if let Some(arm) = number.and_then(|number| wait.arms.get(number as usize)) {
            self.take_arm(id, state, arm, Value::None);
        }
    }

    /// An arm has come first.
    pub(super) fn take_arm(&mut self, id: FiberId, state: &State, arm: &Arm, value: Value) {
        self.end_wait(id);
        self.step_done(state.step);
        self.wake(id, arm.next);
        self.bind(id, arm.bind, value);
    }

    /// Disarms the timers of a wait.
    pub(super) fn end_wait(&mut self, id: FiberId) {
        let Some(fiber) = self.run.fibers.get_mut(&id) else {
            return;
        };
        let wait = std::mem::replace(&mut fiber.wait, Wait::Nothing);
        for (timer, _) in wait.timers() {
            self.disarm(timer);
        }
    }

    /// Asks again what no event brings: conditions, and the ends of tasks. Says whether anything came of it.
    pub(super) fn poll(&mut self, states: &mut u32) -> bool {
        let mut changed = false;
        let pollers: Vec<FiberId> = self.run.pollers.iter().copied().collect();
        for id in pollers {
            *states = states.saturating_add(1);
            if self.run.pollers.contains(&id) {
                changed |= self.poll_one(id);
            }
        }
        changed
    }

    fn poll_one(&mut self, id: FiberId) -> bool {
        let Some(state) = self.run.fibers.get(&id).and_then(|fiber| self.state(fiber.state)) else {
            return false;
        };
        let wait = match &state.end {
            End::Wait(wait) => wait,
            End::Region(_) => return self.poll_need(id),
            _ => return false,
        };
        self.seat_fiber(id);
        for arm in wait.arms.iter().filter(|arm| polled(arm)) {
            match self.ready(arm) {
                Ok(Ready::Yes(value)) => {
                    self.take_arm(id, state, arm, value);
                    return true;
                }
                Ok(Ready::Failed(Thrown(error))) => {
                    self.end_wait(id);
                    self.step_failed(state.step, &error);
                    if let Some(next) = self.caught(id, &wait.catch, &error) {
                        self.wake(id, next);
                    }
                    return true;
                }
                Ok(Ready::No | Ready::At(_)) => {}
                Err(Thrown(error)) => {
                    self.raise(id, error);
                    return true;
                }
            }
        }
        false
    }
}

fn polled(arm: &Arm) -> bool {
    matches!(arm.on, On::Condition(_) | On::Task(_))
}

pub(super) fn unknown(task: TaskId) -> Fault {
    Fault::BadValue(format!("there is no task number {}", task.0))
}
