//! Workers: they pull tasks out of the shipped queues, work on them, fall silent, come too late, and say how a task ended
//! until somebody hears them.

use super::{
    calls::Sent,
    clients::Intent,
    world::{Happens, World},
};
use crate::{
    RunId,
    engine::{self, Command, Input},
    workers::{Lease, Stand, Task, TaskId, until},
};
use flowmesh_ir::{
    Name,
    call::{Reply, Request},
};
use flowmesh_machine::CallId;
use jiff::{SignedDuration, Timestamp};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// How long a task is a worker's where it does not say that it still works on it.
const LEASE: Duration = Duration::from_secs(2);
/// The longest that a worker takes for a task: longer than a lease, and shorter than a call waits.
const WORK: Duration = Duration::from_secs(4);
/// The longest until a worker asks for a task that there is.
const PULL: Duration = Duration::from_millis(300);

/// A call that is a task of a process.
pub(super) struct Tasked {
    run: RunId,
    call: CallId,
    queue: String,
    request: Arc<Request>,
    within: Duration,
    end: Timestamp,
}

/// All workers, and what they were told.
#[derive(Default)]
pub(super) struct Workshop {
    works: Vec<Work>,
    /// How the calls ended of which workers were told that their word is kept.
    pub(super) settled: BTreeMap<(RunId, CallId), Reply>,
}

/// A worker at work on one task.
struct Work {
    id: TaskId,
    token: u64,
    run: RunId,
    call: CallId,
    request: Arc<Request>,
    ready: Timestamp,
    /// What the worker says, once it is done.
    reply: Option<Reply>,
}

/// What comes next for a task or for a worker; works are known by their number.
#[derive(Clone, Debug)]
pub(super) enum Turn {
    /// A process sees how one of its tasks stands.
    Look { generation: u64, id: TaskId },
    /// A worker asks for a task.
    Pull { queue: String },
    /// A worker says that it still works.
    Beat(usize),
    /// A worker is done.
    Ready(usize),
}

impl World<'_> {
    pub(super) fn turn(&mut self, turn: Turn) {
        match turn {
            Turn::Look { generation, id } if generation == self.generation => self.look(id),
            Turn::Look { .. } => {}
            Turn::Pull { queue } => self.pull(&queue),
            Turn::Beat(work) => self.beat(work),
            Turn::Ready(work) => self.ready(work),
        }
    }

    /// A call that a process makes is a task until it has ended.
    pub(super) fn task(
        &mut self,
        engine::Call {
            run, call, request, ..
        }: engine::Call,
        queue: String,
    ) {
        let policy = self.program.policy(request.policy);
        let within = Duration::from_millis(policy.map_or(0, |policy| policy.timeout.total_ms));
        let (id, now) = (TaskId(self.chance.draw()), self.now());
        let Some(process) = &mut self.process else { return };
        if process
            .tasks
            .values()
            .any(|known| (known.run, known.call) == (run, call))
        {
            return self.breaks(format!(
                "call {} of run {run} is two tasks of one process",
                call.0
            ));
        }
        process.queues.add(Task {
            id,
            run,
            call,
            queue: (Name::default(), queue.clone()),
            input: request.body.clone(),
            key: request.key.clone(),
            repeatable: request.effect.repeatable(),
            attempt: 0,
            lease: None,
            pulled: Arc::default(),
            done: oneshot::channel().0,
        });
        let end = SignedDuration::try_from(within).unwrap_or_default();
        let tasked = Tasked {
            run,
            call,
            queue: queue.clone(),
            request,
            within,
            end: now.checked_add(end).unwrap_or(now),
        };
        process.tasks.insert(id, tasked);
        self.pull_later(queue);
        self.see_later(within, id);
    }

    fn pull_later(&mut self, queue: String) {
        let delay = self.draw(PULL);
        self.after(delay, Happens::Work(Turn::Pull { queue }));
    }

    fn see_later(&mut self, delay: Duration, id: TaskId) {
        let generation = self.generation;
        self.after(delay, Happens::Work(Turn::Look { generation, id }));
    }

    fn look(&mut self, id: TaskId) {
        let now = self.now();
        let Some(process) = &mut self.process else { return };
        let Some(tasked) = process.tasks.get(&id) else {
            return;
        };
        let left = Duration::try_from(tasked.end.duration_since(now)).unwrap_or_default();
        let (queue, run, call) = (tasked.queue.clone(), tasked.run, tasked.call);
        match process.queues.look(id, now, left, tasked.within) {
            // The end of the call is looked at anyway.
            Stand::Wait(wait) if wait < left => self.see_later(wait, id),
            Stand::Wait(_) => {}
            Stand::Back => self.pull_later(queue),
            Stand::Over(reply) => {
                process.tasks.remove(&id);
                self.tell(Input::Replied { run, call, reply });
            }
        }
    }

    fn pull(&mut self, queue: &str) {
        let (token, now) = (self.chance.draw(), self.now());
        let Some(process) = &mut self.process else { return };
        let Some(lease) =
            process
                .queues
                .lease(&(Name::default(), queue.to_owned()), token, until(now, LEASE))
        else {
            return;
        };
        let Some(tasked) = process.tasks.get(&lease.id) else {
            return self.breaks(format!("task {} is given and is of no call", lease.id));
        };
        let (run, call, request) = (tasked.run, tasked.call, tasked.request.clone());
        if self.workshop.settled.contains_key(&(run, call)) {
            return self.breaks(format!(
                "call {} of run {run} is given to a worker, and one was told that it is done",
                call.0
            ));
        }
        self.sent.push(Sent {
            run,
            call,
            attempt: lease.attempt,
            request: request.clone(),
            generation: self.generation,
        });
        self.see_later(LEASE, lease.id);
        if !self.wrong(|faults| faults.lost_replies) && !self.wrong(|faults| faults.silent) {
            self.begin(&lease, (run, call), request);
        }
    }

    fn begin(&mut self, lease: &Lease, (run, call): (RunId, CallId), request: Arc<Request>) {
        let (number, takes, now) = (self.workshop.works.len(), self.draw(WORK), self.now());
        let length = SignedDuration::try_from(takes).unwrap_or_default();
        self.workshop.works.push(Work {
            id: lease.id,
            token: lease.token,
            run,
            call,
            request,
            ready: now.checked_add(length).unwrap_or(now),
            reply: None,
        });
        self.after(takes, Happens::Work(Turn::Ready(number)));
        if !self.wrong(|faults| faults.silent) {
            self.after(LEASE / 2, Happens::Work(Turn::Beat(number)));
        }
    }

    /// A worker that is told that the task is not its own any more goes on all the same: it must not be heard.
    fn beat(&mut self, number: usize) {
        let now = self.now();
        let Some(work) = self.workshop.works.get(number).filter(|work| now < work.ready) else {
            return;
        };
        let heard = match &mut self.process {
            Some(process) => process
                .queues
                .heartbeat("", (work.id, work.token), now, until(now, LEASE))
                .is_ok(),
            None => true,
        };
        if heard {
            self.after(LEASE / 2, Happens::Work(Turn::Beat(number)));
        }
    }

    fn ready(&mut self, number: usize) {
        let Some(work) = self.workshop.works.get_mut(number) else {
            return;
        };
        let faults = self.scenario.faults;
        let (status, body) = self
            .services
            .answer(self.program, &work.request, &mut self.chance, faults);
        work.reply = Some(Reply::Answer { status, body });
        self.settle(number);
    }

    /// A worker says how its task ended, and asks whether that is kept.
    pub(super) fn settle(&mut self, number: usize) {
        let now = self.now();
        let lost = self.wrong(|faults| faults.lost_requests);
        let Some(Work {
            id,
            token,
            run,
            call,
            reply: Some(reply),
            ..
        }) = self.workshop.works.get(number)
        else {
            return;
        };
        let (id, run, call, reply) = (*id, *run, *call, reply.clone());
        let Some(process) = self.process.as_mut().filter(|_| !lost) else {
            return self.again(Intent::Settle(number));
        };
        // It is not the worker's any more where the process was started anew, the worker was too slow or was heard before.
        if process.queues.take("", (id, *token), now).is_ok() {
            process.tasks.remove(&id);
            self.tell(Input::Replied { run, call, reply });
            self.ask(Command::Get(run), Intent::Settle(number));
            if self.wrong(|faults| faults.duplicates) {
                self.again(Intent::Settle(number));
            }
        }
    }

    /// A worker was told that its word is kept.
    pub(super) fn settled(&mut self, number: usize) {
        if let Some(Work {
            run,
            call,
            reply: Some(reply),
            ..
        }) = self.workshop.works.get(number)
        {
            self.workshop.settled.insert((*run, *call), reply.clone());
        }
    }
}
