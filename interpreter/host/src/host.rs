//! The host as others use it: open a directory, deploy a program, start runs, ask after them, stop.

mod batch;
mod error;
mod find;
mod limits;
mod once;
mod options;
mod results;
mod schedules;
mod share;
mod stand;
mod told;
mod traces;
mod upgrade;

pub use batch::Bulk;
pub use error::{DeployError, FollowError, OpenError};
pub use options::{HostOptions, Retention};
pub(crate) use upgrade::{AT_ONCE, RUNS_MAX, Summing, earlier};
pub use upgrade::{Group, Opening, Upgraded};

use limits::callers;
pub(crate) use share::continuation;
pub(crate) use traces::Past;
use traces::told_to;

use crate::{
    RunId,
    clock::Clock,
    disk::{Disk, RealDisk},
    driver::{Compacting, Driver, Indexer, Live, Lookup, Message, Parts, Retiring, Writer},
    engine::{
        self, Answer, Asked, Command, Deployment, Refusal, Started, Store, Ticket, Verb, view::RunView,
    },
    follow::{Archive, Followers},
    metrics::Metrics,
    store::{Opened, OpeningOptions, StoreError, lock_error},
    traces::SpanSink,
    trails::Trails,
    workers::Workers,
};
use flowmesh_ir::{Name, Program};
use flowmesh_machine::Settings;
use flowmesh_mesh::{Till, decide::tally::Seen};
use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{
        mpsc::{UnboundedSender, unbounded_channel},
        oneshot, watch,
    },
    task::JoinHandle,
};

/// All runs of one directory, alive. Clones are the same host; it stops when the last one is dropped, and better by
/// [`Host::shutdown`]. Each sees one namespace: `default`, unless it was made by [`Host::within`].
#[derive(Clone)]
pub struct Host(Arc<Inner>, Name, Option<Arc<Asked>>);

struct Inner {
    sender: UnboundedSender<Message>,
    tickets: AtomicU64,
    clock: Arc<dyn Clock>,
    workers: Workers,
    metrics: Arc<Metrics>,
    /// For its size alone; what is in it belongs to the writer and the index.
    disk: Weak<dyn Disk>,
    recovered: Recovered,
    stopped: watch::Receiver<Option<Arc<str>>>,
    live: watch::Receiver<Option<Live>>,
    /// Taken when the host stops, so that the directory is free for others.
    archive: Mutex<Option<Archive>>,
    driver: Mutex<Option<JoinHandle<Result<(), StoreError>>>>,
    /// Who makes spans of what happens, until the last is sent.
    tracing: Mutex<Option<JoinHandle<()>>>,
    /// Who takes spans.
    sink: Option<Arc<dyn SpanSink>>,
    trails: Arc<Trails>,
    till: Till,
}

/// What was found in the directory.
#[derive(Clone, Debug, Default)]
pub struct Recovered {
    /// How many runs had not ended; they go on.
    pub runs: u64,
    /// What was made of it.
    pub opened: Opened,
}

impl Host {
    /// Opens a directory, or makes it, and goes on with the runs in it. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// If the directory is in use, of another version or damaged, or if a run in it cannot go on.
    pub fn open(directory: &Path, options: HostOptions) -> Result<Self, OpenError> {
        let disk = RealDisk::open(directory).map_err(|error| lock_error(directory, error))?;
        Self::open_on(Arc::new(disk), options)
    }

    /// As [`Host::open`], on another disk.
    ///
    /// # Errors
    /// As [`Host::open`].
    pub fn open_on(disk: Arc<dyn Disk>, options: HostOptions) -> Result<Self, OpenError> {
        let disk = options.encrypted(disk)?;
        let HostOptions {
            clock,
            network,
            workers,
            residence,
            compact,
            retention,
            traces,
            visits,
            keys: _,
        } = options;
        let Store {
            mut engine,
            journal,
            index,
            live,
            opened,
        } = engine::open(disk.clone(), &OpeningOptions::default(), clock.now())?;
        let recovered = Recovered { runs: live, opened };
        engine.reside(residence);
        engine.trace_all(traces.is_some());
        let (till, network) = limits::open(network);
        let callers = callers(&engine, network.as_ref())?;
        let (sender, inbox) = unbounded_channel();
        let place = disk.place("");
        let io = |error| StoreError::Io {
            place: place.clone(),
            error,
        };
        let metrics = Arc::new(Metrics::new());
        let written = journal.written();
        let writer = Writer::start(journal, index.clone(), sender.clone(), metrics.clone()).map_err(io)?;
        let compacting = Compacting::new(
            disk.clone(),
            (written, writer.appending()),
            compact,
            metrics.clone(),
        );
        let (shown, live) = watch::channel(None);
        let retiring = Retiring::new(retention, live.clone(), clock.clone(), metrics.clone());
        let indexer = Indexer::start(index.clone(), (compacting, retiring), sender.clone()).map_err(io)?;
        let lookup = Lookup::start(index.clone(), sender.clone()).map_err(io)?;
        let (stopping, stopped) = watch::channel(None);
        let sink = traces.clone();
        let (tracing, heard) = told_to(traces, &metrics);
        let trails = Arc::new(Trails::new(visits));
        let driver = Driver::new(Parts {
            engine,
            clock: clock.clone(),
            network,
            callers,
            followers: Arc::new(Followers::default()),
            writer,
            indexer,
            lookup,
            metrics: metrics.clone(),
            tracing,
            trails: trails.clone(),
            sender: sender.clone(),
            inbox,
            stopped: stopping,
            live: shown,
        });
        let driver = Mutex::new(Some(tokio::spawn(driver.run())));
        let place = Arc::downgrade(&disk);
        let host = Self(
            Arc::new(Inner {
                sender,
                tickets: AtomicU64::new(0),
                clock,
                workers,
                metrics,
                disk: place,
                recovered,
                stopped,
                live,
                archive: Mutex::new(Some(Archive::new(disk, index))),
                driver,
                tracing: Mutex::default(),
                sink,
                trails,
                till,
            }),
            Name::default(),
            None,
        );
        host.trace(heard);
        Ok(host)
    }

    /// The same host as it is seen from a namespace: nothing of others is there.
    #[must_use]
    pub fn within(&self, namespace: Name) -> Self {
        Self(self.0.clone(), namespace, self.2.clone())
    }

    /// The namespace that this one sees.
    #[must_use]
    pub fn namespace(&self) -> &Name {
        &self.1
    }

    /// What was found in the directory.
    #[must_use]
    pub fn recovered(&self) -> &Recovered {
        &self.0.recovered
    }

    /// Makes a program the one that new runs are started with. Runs that are there stay with theirs.
    ///
    /// # Errors
    /// If its calls cannot be made, or there is no room for it.
    pub async fn deploy(&self, program: Program, settings: Settings) -> Result<(), DeployError> {
        let deployment = Arc::new(Deployment::new(program, settings));
        self.put(deployment, None).await
    }

    /// Starts a run. When this returns, the start is on stable storage. `key` makes two starts one run, instead of
    /// what the flow itself says.
    ///
    /// # Errors
    /// If there is no such flow or the input does not fit it.
    pub async fn start(
        &self,
        flow: &str,
        input: impl Into<Arc<[u8]>>,
        key: Option<String>,
    ) -> Result<Started, Refusal> {
        self.start_below(flow, input, key, None).await
    }

    /// How a run stands.
    ///
    /// # Errors
    /// If there is no such run.
    pub async fn get(&self, run: RunId) -> Result<RunView, Refusal> {
        match self.ask(Command::Get(run)).await? {
            Answer::Run(view) => Ok(*view),
            _ => Err(self.gone()),
        }
    }

    /// Steers a run that has not ended. When this returns, that is on stable storage; what follows from it takes its
    /// time.
    ///
    /// # Errors
    /// If there is no such run, it has ended, or it does not stand so that this can be done.
    pub async fn steer(&self, run: RunId, verb: Verb) -> Result<(), Refusal> {
        self.ask(Command::Steer(run, verb)).await.map(drop)
    }

    /// Waits for the end of a run.
    ///
    /// # Errors
    /// If there is no such run, or the host stops.
    pub async fn wait(&self, run: RunId) -> Result<RunView, Refusal> {
        let ticket = self.ticket();
        let _forget = Forget {
            host: self,
            run,
            ticket,
        };
        match self.ask_as(ticket, Command::Wait(run)).await? {
            Answer::Ended(view) => Ok(*view),
            _ => Err(self.gone()),
        }
    }

    /// Stops: nothing new is started, calls on their way are waited for at most so long, and the store is closed.
    ///
    /// # Errors
    /// If the store failed.
    pub async fn shutdown(&self, grace: Duration) -> Result<(), StoreError> {
        let _ = self.0.sender.send(Message::Stop(grace));
        let driver = self
            .0
            .driver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let ended = match driver {
            Some(driver) => driver.await.unwrap_or(Err(StoreError::Stopped)),
            None => Ok(()),
        };
        self.traced().await;
        self.0
            .archive
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        ended
    }

    /// Waits until the host has stopped, whoever or whatever stopped it, and says why.
    pub async fn stopped(&self) -> Arc<str> {
        let mut stopped = self.0.stopped.clone();
        let reason = stopped.wait_for(Option::is_some).await;
        reason
            .ok()
            .and_then(|reason| reason.clone())
            .unwrap_or_else(|| "it has ended".into())
    }

    /// How a version of a service of the program did within the last time, as far as calls and visits of this process go;
    /// `None` where there is no such version.
    #[must_use]
    pub fn seen(&self, service: &str, version: &str, last: Duration) -> Option<Seen> {
        let live = self.0.live.borrow().clone()?;
        live.caller.mesh()?.seen(service, version, last)
    }

    /// What runs are started with, as it changes.
    pub(crate) fn live(&self) -> watch::Receiver<Option<Live>> {
        self.0.live.clone()
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    fn archive(&self) -> Result<Archive, Refusal> {
        let archive = self.0.archive.lock().unwrap_or_else(PoisonError::into_inner);
        archive.clone().ok_or_else(|| self.gone())
    }

    async fn ask(&self, command: Command) -> Result<Answer, Refusal> {
        self.ask_as(self.ticket(), command).await
    }

    async fn ask_as(&self, ticket: Ticket, command: Command) -> Result<Answer, Refusal> {
        let answer = self.begin(ticket, command)?;
        match answer.await.map_err(|_| self.gone())? {
            Answer::Refused(refusal) => Err(refusal),
            answer => Ok(answer),
        }
    }

    /// Asks, and waits for nothing yet.
    fn begin(&self, ticket: Ticket, command: Command) -> Result<oneshot::Receiver<Answer>, Refusal> {
        let (asker, answer) = oneshot::channel();
        let command = self.keyed(command);
        self.send(Message::Ask(ticket, self.1.clone(), command, asker))?;
        Ok(answer)
    }

    fn send(&self, message: Message) -> Result<(), Refusal> {
        self.0.sender.send(message).map_err(|_| self.gone())
    }

    fn ticket(&self) -> Ticket {
        Ticket(self.0.tickets.fetch_add(1, Ordering::Relaxed))
    }

    fn gone(&self) -> Refusal {
        let reason = self.0.stopped.borrow().clone();
        Refusal::Stopped {
            reason: reason.map_or_else(|| "it has ended".to_owned(), |why| why.to_string()),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let _ = self.sender.send(Message::Stop(Duration::ZERO));
    }
}

/// Somebody who waits and may give up.
struct Forget<'a> {
    host: &'a Host,
    run: RunId,
    ticket: Ticket,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        let _ = self.host.0.sender.send(Message::Forget(self.run, self.ticket));
    }
}
