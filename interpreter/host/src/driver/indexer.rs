//! The thread of the index: it takes what is new, answers what is looked up, makes it stable every now and then,
//! compacts the journal and lets go of runs that ended long ago.

use super::{Message, compacting::Compacting, retiring::Retiring};
use crate::{
    RunId,
    engine::{Search, Ticket},
    store::{Changes, Index, Shelf, StoreError},
};
use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tokio::sync::mpsc::UnboundedSender;

/// What was applied is made stable after so long.
const STABLE_AFTER: Duration = Duration::from_secs(2);
/// A full disk is tried again after so long.
const FULL_WAIT: Duration = Duration::from_secs(1);

/// Something for the index to do, in order.
enum Job {
    Apply(Box<Changes>),
    Search(Ticket, Box<Search>),
    Retired(Vec<RunId>),
}

/// The mailbox of the index and its thread.
pub(crate) struct Indexer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    stopping: Arc<AtomicBool>,
}

impl Indexer {
    /// Starts the thread.
    pub(crate) fn start(
        index: Arc<Index>,
        (compacting, retiring): (Compacting, Retiring),
        done: UnboundedSender<Message>,
    ) -> io::Result<Self> {
        let (sender, jobs) = mpsc::channel();
        let stopping = Arc::new(AtomicBool::new(false));
        let mut working = Working {
            index,
            done,
            stopping: stopping.clone(),
            compacting,
            retiring,
            unstable: None,
            behind: VecDeque::new(),
        };
        let work = move || {
            // The database does not promise never to panic on a file that was changed behind its back.
            let worked = catch_unwind(AssertUnwindSafe(|| working.work(&jobs)));
            let error = match worked {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error,
                Err(_) => working.index.broken(),
            };
            // Nobody listens only after the driver has ended.
            let _ = working.done.send(Message::Indexed(Err(error)));
        };
        let thread = thread::Builder::new().name("index".to_owned()).spawn(work)?;
        Ok(Self {
            jobs: Some(sender),
            thread: Some(thread),
            stopping,
        })
    }

    pub(crate) fn apply(&self, changes: Box<Changes>) {
        self.send(Job::Apply(changes));
    }

    pub(crate) fn search(&self, ticket: Ticket, search: Search) {
        self.send(Job::Search(ticket, Box::new(search)));
    }

    pub(crate) fn retired(&self, runs: Vec<RunId>) {
        self.send(Job::Retired(runs));
    }

    fn send(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // If the thread has ended, it has said why.
            let _ = jobs.send(job);
        }
    }

    /// Waits until everything is applied and stable, if there is room for it.
    pub(crate) async fn stop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = tokio::task::spawn_blocking(|| thread.join()).await;
        }
    }
}

/// Does something with the index, as soon as there is room for it; nothing if there is none and the host stops. To read
/// may need room too: after a write that failed the database is opened anew.
pub(super) fn with_room<T>(
    stopping: &AtomicBool,
    mut act: impl FnMut() -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    loop {
        match act() {
            Err(StoreError::Full { place }) => {
                if stopping.load(Ordering::Relaxed) {
                    return Ok(None);
                }
                tracing::error!(%place, "the disk is full; the index will be tried again");
                thread::sleep(FULL_WAIT);
            }
            done => return done.map(Some),
        }
    }
}

struct Working {
    index: Arc<Index>,
    done: UnboundedSender<Message>,
    stopping: Arc<AtomicBool>,
    compacting: Compacting,
    retiring: Retiring,
    /// Since when something is not stable.
    unstable: Option<Instant>,
    /// What came while there was no room for what was to be applied before.
    behind: VecDeque<Job>,
}

impl Working {
    fn work(&mut self, jobs: &mpsc::Receiver<Job>) -> Result<(), StoreError> {
        loop {
            let next = match self.behind.pop_front() {
                Some(job) => Ok(job),
                None => jobs.recv_timeout(self.compacting.rest(STABLE_AFTER)),
            };
            match next {
                Ok(job) => self.job(job, jobs)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.unstable.is_some_and(|since| since.elapsed() >= STABLE_AFTER) {
                self.checkpoint()?;
            }
            if !self.stopping.load(Ordering::Relaxed) {
                if !self.retiring.is_busy() {
                    self.compacting.tend(&self.index)?;
                }
                self.retiring.tend(&self.index, &self.done)?;
            }
        }
        self.checkpoint()
    }

    fn job(&mut self, job: Job, jobs: &mpsc::Receiver<Job>) -> Result<(), StoreError> {
        match job {
            Job::Apply(changes) => {
                if self.apply(&changes, jobs)? {
                    self.retiring.applied(&changes);
                    self.unstable.get_or_insert_with(Instant::now);
                    let _ = self.done.send(Message::Indexed(Ok(())));
                }
            }
            Job::Search(ticket, search) => self.search(ticket, &search)?,
            Job::Retired(runs) => self.retiring.retired(&runs),
        }
        Ok(())
    }

    fn search(&self, ticket: Ticket, search: &Search) -> Result<(), StoreError> {
        let found = with_room(&self.stopping, || search.answer(self.index.as_ref()))?;
        if let Some(answer) = found {
            let _ = self.done.send(Message::Found(ticket, answer));
        }
        Ok(())
    }

    /// Applies changes, as soon as there is room for them; not any more if there is none and the host stops: what the
    /// index lacks is in the journal.
    fn apply(&mut self, changes: &Changes, jobs: &mpsc::Receiver<Job>) -> Result<bool, StoreError> {
        loop {
            match self.index.apply(changes) {
                Ok(()) => return Ok(true),
                Err(StoreError::Full { place }) => {
                    if self.stopping.load(Ordering::Relaxed) {
                        return Ok(false);
                    }
                    tracing::error!(%place, "the disk is full; the index will be tried again");
                    self.wait(jobs)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for room. What is looked up meanwhile is answered as the index has it: nobody knows when there will be any.
    fn wait(&mut self, jobs: &mpsc::Receiver<Job>) -> Result<(), StoreError> {
        let began = Instant::now();
        while let Some(left) = FULL_WAIT.checked_sub(began.elapsed()) {
            match jobs.recv_timeout(left) {
                Ok(Job::Search(ticket, search)) if search.may_lag() => {
                    match search.answer(self.index.as_ref()) {
                        Ok(answer) => drop(self.done.send(Message::Found(ticket, answer))),
                        Err(StoreError::Full { .. }) => self.behind.push_back(Job::Search(ticket, search)),
                        Err(error) => return Err(error),
                    }
                }
                Ok(other) => self.behind.push_back(other),
                // Or it is to stop, and waits no more.
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<(), StoreError> {
        match self.index.checkpoint() {
            // What is not stable is in the journal.
            Ok(()) | Err(StoreError::Full { .. }) => self.unstable = None,
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
