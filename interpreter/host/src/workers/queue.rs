//! Tasks and their leases: who may pull what, and whose word counts. Time is passed in.

use crate::RunId;
use flowmesh_ir::{
    Name,
    call::{Failure, Reply},
};
use flowmesh_machine::CallId;
use jiff::Timestamp;
use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc, time::Duration};
use thiserror::Error;
use tokio::sync::{Notify, oneshot};

/// Why nobody knows how a task ended that must not be done twice.
const SILENT: &str = "the worker that had it did not say that it still works on it, and without a `key` it is not given to another";

/// Names a task; drawn by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskId(pub u64);

/// A call that a worker is to carry out.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) id: TaskId,
    pub(crate) run: RunId,
    pub(crate) call: CallId,
    /// The namespace, and the name in it.
    pub(crate) queue: Queue,
    pub(crate) input: Arc<[u8]>,
    pub(crate) key: Option<String>,
    /// Whether another worker may do it when this one does not answer.
    pub(crate) repeatable: bool,
    /// How often it was pulled.
    pub(crate) attempt: u32,
    pub(crate) lease: Option<(u64, Timestamp)>,
    /// Told when a worker has pulled it: from then on its lease can expire.
    pub(crate) pulled: Arc<Notify>,
    pub(crate) done: oneshot::Sender<Reply>,
}

/// A namespace, and the name of a queue in it.
pub(crate) type Queue = (Name, String);

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

/// How a task stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// Nothing is to be done about it for so long, unless it is pulled or settled.
    Wait(Duration),
    /// Its lease has expired, and others can pull it.
    Back,
    /// It is no task any more: with this its call has ended.
    Over(Reply),
}

/// All tasks, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    tasks: BTreeMap<TaskId, Task>,
    /// The tasks of each queue that can be pulled.
    free: BTreeMap<Queue, std::collections::VecDeque<TaskId>>,
}

impl Queues {
    pub(crate) fn add(&mut self, task: Task) {
        self.free
            .entry(task.queue.clone())
            .or_default()
            .push_back(task.id);
        self.tasks.insert(task.id, task);
    }

    pub(crate) fn lease(&mut self, queue: &Queue, token: u64, until: Timestamp) -> Option<Lease> {
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

    pub(crate) fn waiting(&self) -> BTreeMap<String, usize> {
        let mut waiting = BTreeMap::new();
        for ((_, name), tasks) in self.free.iter().filter(|(_, tasks)| !tasks.is_empty()) {
            let count: &mut usize = waiting.entry(name.clone()).or_default();
            *count = count.saturating_add(tasks.len());
        }
        waiting
    }

    pub(crate) fn heartbeat(
        &mut self,
        namespace: &str,
        held: (TaskId, u64),
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), Lost> {
        let task = self.held(namespace, held, now)?;
        task.lease = Some((held.1, until));
        Ok(())
    }

    /// Ends a task by the word of the worker that has it.
    pub(crate) fn take(
        &mut self,
        namespace: &str,
        held: (TaskId, u64),
        now: Timestamp,
    ) -> Result<Task, Lost> {
        self.held(namespace, held, now)?;
        self.tasks.remove(&held.0).ok_or(Lost::Unknown(held.0))
    }

    pub(crate) fn call_of(
        &mut self,
        namespace: &str,
        held: (TaskId, u64),
        now: Timestamp,
    ) -> Result<(RunId, CallId), Lost> {
        self.held(namespace, held, now).map(|task| (task.run, task.call))
    }

    /// A task of another namespace is one that does not exist.
    fn held(
        &mut self,
        namespace: &str,
        (id, token): (TaskId, u64),
        now: Timestamp,
    ) -> Result<&mut Task, Lost> {
        let task = self.tasks.get_mut(&id).filter(|task| task.queue.0 == namespace);
        let task = task.ok_or(Lost::Unknown(id))?;
        match task.lease {
            Some((held, until)) if held == token && now < until => Ok(task),
            _ => Err(Lost::Over(id)),
        }
    }

    /// Sees how a task stands whose call waits for so long still, of `within` in all.
    pub(crate) fn look(&mut self, id: TaskId, now: Timestamp, left: Duration, within: Duration) -> Stand {
        let Some(task) = self.tasks.get_mut(&id) else {
            // A worker has settled it, and the call hears of that.
            return Stand::Wait(left);
        };
        let may_have_begun = task.attempt > 0 && !task.repeatable;
        let expires = task.lease.map(|(_, until)| until);
        if left.is_zero() {
            let why = format!("no worker did it within {within:?}");
            let failure = if may_have_begun {
                Failure::Unknown(why)
            } else {
                Failure::Timeout(why)
            };
            return self.over(id, failure);
        }
        match expires {
            None => Stand::Wait(left),
            Some(until) if now < until => {
                let lease = Duration::try_from(until.duration_since(now)).unwrap_or_default();
                Stand::Wait(lease.min(left))
            }
            Some(_) if task.repeatable => {
                task.lease = None;
                self.free.entry(task.queue.clone()).or_default().push_back(id);
                Stand::Back
            }
            Some(_) => self.over(id, Failure::Unknown(SILENT.to_owned())),
        }
    }

    /// From here on no worker is heard about it, so that none is told that its word counts when it does not.
    fn over(&mut self, id: TaskId, failure: Failure) -> Stand {
        self.remove(id);
        Stand::Over(Reply::Failed(failure))
    }

    pub(crate) fn remove(&mut self, id: TaskId) {
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
            queue: queue(),
            input: Arc::from(*b"{}"),
            key: None,
            repeatable,
            attempt: 0,
            lease: None,
            pulled: Arc::default(),
            done: oneshot::channel().0,
        }
    }

    fn queue() -> Queue {
        (Name::default(), "q".to_owned())
    }

    const MINUTE: Duration = Duration::from_secs(60);

    fn look(queues: &mut Queues, now: Timestamp) -> Stand {
        queues.look(TaskId(1), now, MINUTE, MINUTE)
    }

    #[test]
    fn tasks_are_pulled_in_order_and_each_by_one_worker() {
        let mut queues = Queues::default();
        queues.add(task(9, true));
        queues.add(task(1, true));
        assert_eq!(queues.lease(&queue(), 7, at(10)).unwrap().id, TaskId(9));
        assert_eq!(queues.lease(&queue(), 8, at(10)).unwrap().id, TaskId(1));
        assert_eq!(queues.lease(&queue(), 8, at(10)), None);
        assert_eq!(
            queues.take("", (TaskId(9), 8), at(1)).unwrap_err(),
            Lost::Over(TaskId(9))
        );
        assert!(queues.take("", (TaskId(9), 7), at(1)).is_ok());
        assert_eq!(
            queues.take("", (TaskId(9), 7), at(1)).unwrap_err(),
            Lost::Unknown(TaskId(9))
        );
    }

    #[test]
    fn an_expired_lease_gives_the_task_back_and_the_late_worker_is_not_heard() {
        let mut queues = Queues::default();
        queues.add(task(1, true));
        queues.lease(&queue(), 7, at(10)).unwrap();
        queues.heartbeat("", (TaskId(1), 7), at(9), at(20)).unwrap();
        assert_eq!(look(&mut queues, at(10)), Stand::Wait(Duration::from_secs(10)));
        assert_eq!(look(&mut queues, at(20)), Stand::Back);
        assert_eq!(queues.lease(&queue(), 8, at(30)).unwrap().attempt, 2);
        assert_eq!(
            queues.take("", (TaskId(1), 7), at(21)).unwrap_err(),
            Lost::Over(TaskId(1))
        );
    }

    #[test]
    fn what_must_not_be_done_twice_is_given_up_when_its_lease_expires() {
        let mut queues = Queues::default();
        queues.add(task(1, false));
        queues.lease(&queue(), 7, at(10)).unwrap();
        assert_eq!(
            look(&mut queues, at(10)),
            Stand::Over(Reply::Failed(Failure::Unknown(SILENT.to_owned())))
        );
        assert_eq!(queues.lease(&queue(), 8, at(30)), None);
    }

    #[test]
    fn what_is_over_is_nobodys_task_and_says_whether_it_may_have_been_done() {
        let why = || "no worker did it within 60s".to_owned();
        let cases = [
            (false, false, Failure::Timeout(why())),
            (false, true, Failure::Unknown(why())),
            (true, true, Failure::Timeout(why())),
        ];
        for (repeatable, pulled, failure) in cases {
            let mut queues = Queues::default();
            queues.add(task(1, repeatable));
            if pulled {
                queues.lease(&queue(), 7, at(90)).unwrap();
            }
            let late = queues.look(TaskId(1), at(60), Duration::ZERO, MINUTE);
            assert_eq!(late, Stand::Over(Reply::Failed(failure)));
            assert_eq!(
                queues.take("", (TaskId(1), 7), at(60)).unwrap_err(),
                Lost::Unknown(TaskId(1))
            );
        }
    }

    #[test]
    fn tasks_of_another_namespace_are_none() {
        let mut queues = Queues::default();
        queues.add(task(1, true));
        assert_eq!(
            queues.lease(&(Name::new("other"), "q".to_owned()), 7, at(10)),
            None
        );
        queues.lease(&queue(), 7, at(10)).unwrap();
        let held = (TaskId(1), 7);
        assert_eq!(
            queues.call_of("other", held, at(1)).unwrap_err(),
            Lost::Unknown(TaskId(1))
        );
        assert_eq!(
            queues.take("other", held, at(1)).unwrap_err(),
            Lost::Unknown(TaskId(1))
        );
        assert!(queues.heartbeat("other", held, at(1), at(20)).is_err());
        assert!(queues.take("", held, at(1)).is_ok());
    }
}
