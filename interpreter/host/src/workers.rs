//! Workers: programs in any language that pull the calls of `worker "queue"` operations over HTTP, and answer them.
//!
//! The tasks live in memory: a call that is outstanding is asked for again after a crash, and is a task again then.

mod queue;

pub use queue::{Lease, Lost, TaskId};
pub(crate) use queue::{Queues, Stand, Task};

use crate::{RunId, clock::Clock};
use flowmesh_ir::{
    Name,
    call::{Failure, Reply, Request},
};
use flowmesh_machine::CallId;
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, oneshot};

/// All tasks that wait for workers or that workers have. Clones are the same.
#[derive(Clone)]
pub struct Workers(Arc<Shared>);

struct Shared {
    clock: Arc<dyn Clock>,
    queues: Mutex<Queues>,
    /// Told whenever there is another task to pull.
    more: Notify,
}

/// A task, and the lease by which a worker shows that it is its own.
pub type Held = (TaskId, u64);

/// The call that a task was made of, and how a worker says it ended.
pub type Settled = (RunId, CallId, Reply);

impl Workers {
    /// No tasks.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Shared {
            clock,
            queues: Mutex::default(),
            more: Notify::new(),
        }))
    }

    /// Makes a task of a call and waits until a worker has done it, within so long.
    pub async fn call(
        &self,
        (run, call): (RunId, CallId),
        (namespace, queue): (&str, &str),
        request: &Request,
        within: Duration,
    ) -> Reply {
        let (done, mut reply) = oneshot::channel();
        let id = TaskId(self.0.clock.draw());
        let pulled = Arc::new(Notify::new());
        self.queues().add(Task {
            id,
            run,
            call,
            queue: (namespace.into(), queue.to_owned()),
            input: request.body.clone(),
            key: request.key.clone(),
            repeatable: request.effect.repeatable(),
            attempt: 0,
            lease: None,
            pulled: pulled.clone(),
            done,
        });
        self.0.more.notify_waiters();
        // Whatever ends this call, nobody shall do its task any more.
        let _remove = Remove { workers: self, id };
        let end = tokio::time::Instant::now().checked_add(within);
        loop {
            let left = end.map_or(within, |end| {
                end.saturating_duration_since(tokio::time::Instant::now())
            });
            let now = self.0.clock.now();
            let stand = self.queues().look(id, now, left, within);
            let wait = match stand {
                Stand::Over(reply) => return reply,
                Stand::Wait(wait) => wait.max(Duration::from_millis(1)),
                Stand::Back => {
                    self.0.more.notify_waiters();
                    left
                }
            };
            tokio::select! {
                ended = &mut reply => return ended.unwrap_or_else(|_| unknown("the task is gone")),
                () = pulled.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Takes a task out of a queue, and waits for one at most so long.
    pub async fn lease(
        &self,
        (namespace, queue): (&str, &str),
        lease: Duration,
        wait: Duration,
    ) -> Option<Lease> {
        let queue = &(Name::new(namespace), queue.to_owned());
        let end = tokio::time::Instant::now().checked_add(wait)?;
        loop {
            // Before the look, so that a task that comes between is heard of.
            let more = self.0.more.notified();
            let token = self.0.clock.draw();
            let now = self.0.clock.now();
            if let Some(leased) = self.queues().lease(queue, token, until(now, lease)) {
                return Some(leased);
            }
            tokio::time::timeout_at(end, more).await.ok()?;
        }
    }

    /// The worker still works on it.
    ///
    /// # Errors
    /// If it is not its task any more.
    pub fn heartbeat(&self, namespace: &str, held: Held, lease: Duration) -> Result<(), Lost> {
        let now = self.0.clock.now();
        self.queues().heartbeat(namespace, held, now, until(now, lease))
    }

    /// The worker has done it, or could not: `first` hears what the call ends with, to make it durable, before the call
    /// itself does.
    ///
    /// # Errors
    /// If it is not its task any more.
    pub(crate) fn settle(
        &self,
        namespace: &str,
        held: Held,
        reply: Reply,
        first: impl FnOnce(Settled),
    ) -> Result<(), Lost> {
        let now = self.0.clock.now();
        let task = self.queues().take(namespace, held, now)?;
        first((task.run, task.call, reply.clone()));
        // Who does not wait any more needs no reply.
        let _ = task.done.send(reply);
        Ok(())
    }

    /// Of which call a task is.
    ///
    /// # Errors
    /// If it is not the worker's task.
    pub fn call_of(&self, namespace: &str, held: Held) -> Result<(RunId, CallId), Lost> {
        self.queues().call_of(namespace, held, self.0.clock.now())
    }

    /// How many tasks each queue has that no worker has, over all namespaces.
    pub(crate) fn waiting(&self) -> BTreeMap<String, usize> {
        self.queues().waiting()
    }

    /// A panic elsewhere cannot leave a list of tasks in a bad state.
    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.0.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Remove<'a> {
    workers: &'a Workers,
    id: TaskId,
}

impl Drop for Remove<'_> {
    fn drop(&mut self) {
        self.workers.queues().remove(self.id);
    }
}

/// When a lease that begins now ends.
pub(crate) fn until(now: Timestamp, lease: Duration) -> Timestamp {
    let lease = SignedDuration::try_from(lease).unwrap_or(SignedDuration::MAX);
    now.checked_add(lease).unwrap_or(Timestamp::MAX)
}

fn unknown(why: &str) -> Reply {
    Reply::Failed(Failure::Unknown(why.to_owned()))
}
