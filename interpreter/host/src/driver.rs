//! The driver: gives the engine time, messages and storage, and does what it says. One task owns the engine, one
//! thread writes; calls are tasks of their own and come back as messages.

mod compacting;
mod indexer;
mod lookup;
mod observe;
mod perform;
mod retiring;
mod streams;
mod writer;

pub(crate) use compacting::Compacting;
pub(crate) use indexer::Indexer;
pub(crate) use lookup::Lookup;
pub(crate) use retiring::Retiring;
pub(crate) use writer::Writer;

use crate::{
    RunId,
    clock::Clock,
    engine::{Answer, Asked, By, Command, Deployment, Engine, Found, Input, Refusal, Ticket},
    follow::{Followers, Item},
    metrics::Metrics,
    network::{Caller, Network, NetworkError},
    store::{AppendError, Appended, StoreError},
    traces::Tracing,
    trails::Trails,
};
use flowmesh_ir::{Hash, Name, call::Reply};
use flowmesh_machine::CallId;
use jiff::Timestamp;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::{
        mpsc::{Receiver, UnboundedReceiver, UnboundedSender},
        oneshot, watch,
    },
    time::Instant,
};

/// How many messages are taken at once.
const MESSAGES_MAX: usize = 256;
/// The longest sleep: the wall clock may be set while it lasts.
const SLEEP_MAX: Duration = Duration::from_secs(60);

/// Something the driver is told.
#[derive(Debug)]
pub(crate) enum Message {
    /// Somebody in a namespace wants something.
    Ask(Ticket, Name, Command, oneshot::Sender<Answer>),
    /// Nobody waits for the end of the run any more.
    Forget(RunId, Ticket),
    /// Somebody in a namespace follows a run.
    Follow(Ticket, Name, RunId, oneshot::Sender<(Answer, Receiver<Item>)>),
    /// A program is to be started from.
    Deploy(
        Ticket,
        Arc<Deployment>,
        (Option<By>, Option<Asked>),
        oneshot::Sender<Result<Answer, NetworkError>>,
    ),
    /// A call has ended.
    Replied(RunId, CallId, Reply),
    /// Something else that a run asked for has come out.
    Answered(RunId, CallId, flowmesh_machine::Answer),
    /// An item of a stream came.
    Streamed(RunId, CallId, Arc<[u8]>),
    /// The writer is done with a batch.
    Written(Result<Appended, AppendError>),
    /// The index has taken what it was given, or has failed.
    Indexed(Result<(), StoreError>),
    /// What was to be looked up in the index.
    Fetched(Result<Vec<Found>, StoreError>),
    /// These runs ended long ago, and are archived where somebody wants that.
    Retire(Vec<RunId>),
    /// The index answers a question.
    Found(Ticket, Answer),
    /// Stop, and wait at most so long for calls.
    Stop(Duration),
}

/// Who waits for an answer.
enum Asker {
    Command(oneshot::Sender<Answer>),
    Follower(oneshot::Sender<(Answer, Receiver<Item>)>, Receiver<Item>),
    Deployer(oneshot::Sender<Result<Answer, NetworkError>>),
}

/// Who makes the calls of each deployment, by the hashes of its program and settings.
pub(crate) type Callers = HashMap<(Hash, Hash), Arc<dyn Caller>>;

/// What the driver is made of.
pub(crate) struct Parts {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) network: Arc<dyn Network>,
    pub(crate) callers: Callers,
    pub(crate) followers: Arc<Followers>,
    pub(crate) writer: Writer,
    pub(crate) indexer: Indexer,
    pub(crate) lookup: Lookup,
    pub(crate) metrics: Arc<Metrics>,
    /// Who hears what happens to every run.
    pub(crate) tracing: Option<Tracing>,
    /// Who keeps attempts.
    pub(crate) trails: Arc<Trails>,
    pub(crate) sender: UnboundedSender<Message>,
    pub(crate) inbox: UnboundedReceiver<Message>,
    /// Why it stopped, once it has.
    pub(crate) stopped: watch::Sender<Option<Arc<str>>>,
    /// What runs are started with, and who makes its calls.
    pub(crate) live: watch::Sender<Option<Live>>,
}

/// The deployment that runs are started with, and who makes its calls.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) deployment: Arc<Deployment>,
    pub(crate) caller: Arc<dyn Caller>,
}

pub(crate) struct Driver {
    parts: Parts,
    askers: HashMap<Ticket, Asker>,
    /// Calls on their way.
    calls: usize,
    streams: streams::Streams,
    /// Set when it is to stop: until when calls are waited for.
    stopping: Option<Instant>,
}

impl Driver {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            parts,
            askers: HashMap::new(),
            calls: 0,
            streams: streams::Streams::default(),
            stopping: None,
        }
    }

    /// Works until it is told to stop, or the store fails.
    pub(crate) async fn run(mut self) -> Result<(), StoreError> {
        let ended = self.work().await;
        let reason = match &ended {
            Ok(()) => "it was told to".to_owned(),
            Err(error) => error.to_string(),
        };
        self.parts.stopped.send_replace(Some(reason.into()));
        for (_, asker) in self.askers.drain() {
            let stopped = Refusal::Stopped {
                reason: "it is stopping".to_owned(),
            };
            asker.answer(Answer::Refused(stopped));
        }
        self.parts.followers.end_all();
        self.parts.writer.stop().await;
        if ended.is_ok() {
            self.parts.engine.flush();
            self.perform();
        }
        self.parts.lookup.stop().await;
        self.parts.indexer.stop().await;
        ended
    }

    async fn work(&mut self) -> Result<(), StoreError> {
        let mut messages = Vec::with_capacity(MESSAGES_MAX);
        self.proceed();
        while !self.is_done() {
            let timer = self.next_timer();
            tokio::select! {
                biased;
                _ = self.parts.inbox.recv_many(&mut messages, MESSAGES_MAX) => {}
                () = sleep_until(timer), if timer.is_some() => {}
            }
            for message in messages.drain(..) {
                self.take(message)?;
            }
            self.tick();
            self.proceed();
        }
        Ok(())
    }

    /// Gives out what there is to write and to do.
    fn proceed(&mut self) {
        if let Some(batch) = self.parts.engine.take_batch() {
            self.parts.writer.write(batch);
        }
        self.perform();
    }

    fn is_done(&self) -> bool {
        let patient = |until: Instant| self.calls > 0 && Instant::now() < until;
        self.stopping
            .is_some_and(|until| !patient(until) && self.parts.engine.is_idle())
    }

    fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    fn tick(&mut self) {
        let now = self.now();
        if self.stopping.is_none() && self.parts.engine.next_tick().is_some_and(|at| at <= now) {
            self.parts.engine.handle(now, Input::Tick);
        }
    }

    /// When to wake up although nobody says anything.
    fn next_timer(&self) -> Option<Instant> {
        if let Some(until) = self.stopping {
            return Some(until);
        }
        let left = self.parts.engine.next_tick()?.duration_since(self.now());
        let left = Duration::try_from(left).unwrap_or_default().min(SLEEP_MAX);
        Instant::now().checked_add(left)
    }

    fn take(&mut self, message: Message) -> Result<(), StoreError> {
        let now = self.now();
        match message {
            Message::Replied(run, call, reply) => {
                self.calls = self.calls.saturating_sub(1);
                self.streams.close(run, call);
                self.parts.engine.handle(now, Input::Replied { run, call, reply });
            }
            Message::Answered(run, call, answer) => {
                self.parts
                    .engine
                    .handle(now, Input::Answered { run, call, answer });
            }
            Message::Streamed(run, call, item) => {
                self.parts.engine.handle(now, Input::Streamed { run, call, item });
            }
            Message::Written(Ok(appended)) => self.parts.engine.handle(now, Input::Committed(appended)),
            Message::Written(Err(AppendError::Full { place })) => {
                tracing::error!(%place, "the disk is full; the journal will be tried again");
                self.parts.engine.handle(now, Input::Refused);
            }
            Message::Written(Err(AppendError::Failed(error))) => return Err(error),
            Message::Indexed(indexed) => {
                indexed?;
                self.parts.engine.handle(now, Input::Indexed);
            }
            Message::Fetched(found) => self.parts.engine.handle(now, Input::Fetched(found?)),
            Message::Found(ticket, answer) => self.answer(ticket, answer),
            Message::Retire(runs) => self.parts.engine.handle(now, Input::Retire(runs)),
            Message::Stop(grace) => {
                let until = Instant::now().checked_add(grace);
                self.stopping.get_or_insert(until.unwrap_or_else(Instant::now));
            }
            asked => self.asked(now, asked),
        }
        Ok(())
    }

    fn asked(&mut self, now: Timestamp, message: Message) {
        match message {
            Message::Ask(ticket, namespace, command, asker) => {
                if let Command::Continue(from) = command.bare()
                    && let Err(error) = from.homes.iter().try_for_each(|home| self.connect(home))
                {
                    let reason = error.to_string();
                    return drop(asker.send(Answer::Refused(Refusal::Stopped { reason })));
                }
                self.ask(now, (ticket, namespace), command, Asker::Command(asker));
            }
            Message::Forget(run, ticket) => {
                self.askers.remove(&ticket);
                self.parts.engine.handle(now, Input::Forget(run, ticket));
            }
            Message::Follow(ticket, namespace, run, asker) => {
                let live = self.parts.followers.add(run);
                let asker = Asker::Follower(asker, live);
                self.ask(now, (ticket, namespace), Command::Watch(run), asker);
            }
            Message::Deploy(ticket, deployment, by, asker) => {
                self.deploy(now, (ticket, by), deployment, asker);
            }
            _ => {}
        }
    }

    fn ask(&mut self, now: Timestamp, (ticket, namespace): (Ticket, Name), command: Command, asker: Asker) {
        if self.stopping.is_some() && command.changes() {
            asker.answer(Answer::Refused(Refusal::Stopped {
                reason: "it is stopping".to_owned(),
            }));
            return;
        }
        self.askers.insert(ticket, asker);
        let input = Input::Within(ticket, namespace, command);
        self.parts.engine.handle(now, input);
    }

    /// What cannot be called is refused before it is kept.
    fn deploy(
        &mut self,
        now: Timestamp,
        (ticket, (by, asked)): (Ticket, (Option<By>, Option<Asked>)),
        deployment: Arc<Deployment>,
        asker: oneshot::Sender<Result<Answer, NetworkError>>,
    ) {
        match self.connect(&deployment) {
            Ok(()) => {
                let from = (ticket, Name::default());
                let command = match by {
                    Some(by) => Command::Release(deployment, by),
                    None => Command::Deploy(deployment),
                };
                let command = match asked {
                    Some(asked) => Command::Once(asked, Box::new(command)),
                    None => command,
                };
                self.ask(now, from, command, Asker::Deployer(asker));
            }
            Err(error) => drop(asker.send(Err(error))),
        }
    }

    /// Makes the calls of a program possible, if they are not.
    fn connect(&mut self, deployment: &Deployment) -> Result<(), NetworkError> {
        let hashes = (deployment.program_hash, deployment.settings_hash);
        if self.parts.callers.contains_key(&hashes) {
            return Ok(());
        }
        let caller = self.parts.network.connect(deployment)?;
        for (service, weights) in self.parts.engine.traffic() {
            caller.shift(service, weights);
        }
        self.parts.callers.insert(hashes, caller);
        Ok(())
    }
}

impl Asker {
    /// Who does not listen any more needs no answer.
    fn answer(self, answer: Answer) {
        match self {
            Self::Command(asker) => drop(asker.send(answer)),
            Self::Follower(asker, mut live) => {
                // Who hears nothing is let go of by that.
                if let Answer::Refused(_) = answer {
                    live.close();
                }
                drop(asker.send((answer, live)));
            }
            Self::Deployer(asker) => drop(asker.send(Ok(answer))),
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at).await;
    }
}
