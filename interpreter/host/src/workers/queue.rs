//! Tasks and their leases: who may pull what, and whose word counts. Time is passed in.

use crate::RunId;
use flowmesh_ir::call::Reply;
use flowmesh_machine::CallId;
use jiff::Timestamp;
use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc, time::Duration};
use thiserror::Error;
use tokio::sync::{Notify, oneshot};

/// Names a task; drawn by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskId(pub u64);

/// A call that a worker is to carry out.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) id: TaskId,
    pub(super) run: RunId,
    pub(super) call: CallId,
    pub(super) queue: String,
    pub(super) input: Arc<[u8]>,
    pub(super) key: Option<String>,
    /// Whether another worker may do it when this one does not answer.
    pub(super) repeatable: bool,
    /// How often it was pulled.
    pub(super) attempt: u32,
    pub(super) lease: Option<(u64, Timestamp)>,
    /// Told when a worker has pulled it: from then on its lease can expire.
    pub(super) pulled: Arc<Notify>,
    pub(super) done: oneshot::Sender<Reply>,
}

/// A task as a worker gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which task.
    pub id: TaskId,
    /// What the worker must show to be heard.
    pub token: u64,
    /// Until when it is the worker's, unless it says that it still works on it.
    pub until: Timestamp,
    /// The how manyth time it is pulled, from 1.
    pub attempt: u32,
    /// What the operation is called with, as JSON; empty where it is called with nothing.
    pub input: Arc<[u8]>,
    /// The same over all attempts, for a worker that would rather not do it twice.
    pub key: Option<String>,
}

/// Why a worker is not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Lost {
    /// No such task: it was done, its call was given up, or the host was started again.
    #[error("unknown task `{0}`")]
    Unknown(TaskId),
    /// The lease has expired, or another worker has the task by now.
    #[error("the lease of task `{0}` is over")]
    Over(TaskId),
}

/// What became of a task whose lease has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// It has not expired.
    Not,
    /// Others can pull it.
    Back,
    /// Nobody may do it again, and nobody knows whether it was done.
    Up,
}

/// All tasks, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Queues {
    tasks: BTreeMap<TaskId, Task>,
    /// The tasks of each queue that can be pulled.
    free: BTreeMap<String, std::collections::VecDeque<TaskId>>,
}

impl Queues {
    pub(super) fn add(&mut self, task: Task) {
        self.free
            .entry(task.queue.clone())
            .or_default()
            .push_back(task.id);
        self.tasks.insert(task.id, task);
    }

    pub(super) fn lease(&mut self, queue: &str, token: u64, until: Timestamp) -> Option<Lease> {
        let id = self.free.get_mut(queue)?.pop_front()?;
        let task = self.tasks.get_mut(&id)?;
        task.lease = Some((token, until));
        task.attempt = task.attempt.saturating_add(1);
        task.pulled.notify_one();
        Some(Lease {
            id,
            token,
            until,
            attempt: task.attempt,
            input: task.input.clone(),
            key: task.key.clone(),
        })
    }

    pub(super) fn heartbeat(
        &mut self,
        id: TaskId,
        token: u64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), Lost> {
        let task = self.held(id, token, now)?;
        task.lease = Some((token, until));
        Ok(())
    }

    /// Ends a task by the word of the worker that has it.
    pub(super) fn take(&mut self, id: TaskId, token: u64, now: Timestamp) -> Result<Task, Lost> {
        self.held(id, token, now)?;
        self.tasks.remove(&id).ok_or(Lost::Unknown(id))
    }

    pub(super) fn call_of(
        &mut self,
        id: TaskId,
        token: u64,
        now: Timestamp,
    ) -> Result<(RunId, CallId), Lost> {
        self.held(id, token, now).map(|task| (task.run, task.call))
    }

    fn held(&mut self, id: TaskId, token: u64, now: Timestamp) -> Result<&mut Task, Lost> {
        let task = self.tasks.get_mut(&id).ok_or(Lost::Unknown(id))?;
        match task.lease {
            Some((held, until)) if held == token && now < until => Ok(task),
            _ => Err(Lost::Over(id)),
        }
    }

    pub(super) fn expire(&mut self, id: TaskId, now: Timestamp) -> Given {
        let Some(task) = self.tasks.get_mut(&id) else {
            return Given::Not;
        };
        if task.lease.is_none_or(|(_, until)| now < until) {
            return Given::Not;
        }
        if !task.repeatable {
            return Given::Up;
        }
        task.lease = None;
        self.free.entry(task.queue.clone()).or_default().push_back(id);
        Given::Back
    }

    /// How long its lease still is; `None` where nobody has it.
    pub(super) fn lease_left(&self, id: TaskId, now: Timestamp) -> Option<Duration> {
        let (_, until) = self.tasks.get(&id)?.lease?;
        Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
    }

    /// Whether a worker had it that may have done it, where it must not be done twice.
    pub(super) fn may_have_begun(&self, id: TaskId) -> bool {
        let task = self.tasks.get(&id);
        task.is_some_and(|task| task.attempt > 0 && !task.repeatable)
    }

    pub(super) fn remove(&mut self, id: TaskId) {
        if let Some(task) = self.tasks.remove(&id)
            && let Some(free) = self.free.get_mut(&task.queue)
        {
            free.retain(|waiting| *waiting != id);
        }
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for TaskId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |_| format!("expected the id of a task, found `{text}`");
        u64::from_str_radix(text, 16).map(Self).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn task(id: u64, repeatable: bool) -> Task {
        Task {
            id: TaskId(id),
            run: RunId(1),
            call: CallId(0),
            queue: "q".to_owned(),
            input: Arc::from(*b"{}"),
            key: None,
            repeatable,
            attempt: 0,
            lease: None,
            pulled: Arc::default(),
            done: oneshot::channel().0,
        }
    }

    #[test]
    fn tasks_are_pulled_in_order_and_each_by_one_worker() {
        let mut queues = Queues::default();
        queues.add(task(9, true));
        queues.add(task(1, true));
        assert_eq!(queues.lease("q", 7, at(10)).unwrap().id, TaskId(9));
        assert_eq!(queues.lease("q", 8, at(10)).unwrap().id, TaskId(1));
        assert_eq!(queues.lease("q", 8, at(10)), None);
        assert_eq!(
            queues.take(TaskId(9), 8, at(1)).unwrap_err(),
            Lost::Over(TaskId(9))
        );
        assert!(queues.take(TaskId(9), 7, at(1)).is_ok());
        assert_eq!(
            queues.take(TaskId(9), 7, at(1)).unwrap_err(),
            Lost::Unknown(TaskId(9))
        );
    }

    #[test]
    fn an_expired_lease_gives_the_task_back_and_the_late_worker_is_not_heard() {
        let mut queues = Queues::default();
        queues.add(task(1, true));
        queues.lease("q", 7, at(10)).unwrap();
        queues.heartbeat(TaskId(1), 7, at(9), at(20)).unwrap();
        assert_eq!(queues.expire(TaskId(1), at(10)), Given::Not);
        assert_eq!(queues.expire(TaskId(1), at(20)), Given::Back);
        assert_eq!(queues.lease("q", 8, at(30)).unwrap().attempt, 2);
        assert_eq!(
            queues.take(TaskId(1), 7, at(21)).unwrap_err(),
            Lost::Over(TaskId(1))
        );
    }

    #[test]
    fn what_must_not_be_done_twice_is_given_up_when_its_lease_expires() {
        let mut queues = Queues::default();
        queues.add(task(1, false));
        assert!(!queues.may_have_begun(TaskId(1)));
        queues.lease("q", 7, at(10)).unwrap();
        assert!(queues.may_have_begun(TaskId(1)));
        assert_eq!(queues.expire(TaskId(1), at(10)), Given::Up);
        assert_eq!(queues.lease("q", 8, at(30)), None);
    }
}
