//! Letting go of runs that ended long ago, on the thread of the index, some at a time: they are chosen and archived here,
//! and the engine lets those go that nobody needs.
//!
//! While it is on its way, nothing is compacted: the events of a run that goes would be written again behind the record
//! that says so.

use super::{Live, Message};
use crate::{
    RunId,
    clock::Clock,
    disk::{Disk, RealDisk},
    host::Retention,
    metrics::{Metrics, add},
    store::{Change, Changes, Index, Row, StoreError},
    upkeep::{
        UpkeepError,
        retire::{Archive, candidates},
        sweep::{Keeps, Sweep},
    },
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc::UnboundedSender, watch};

/// So often it is looked whether there are any.
const LOOKS: Duration = Duration::from_secs(20);
/// Where not all were gone over, it goes on after this.
const GOES_ON: Duration = Duration::from_secs(1);
/// So many are let go of at once: a search waits for no more than these to be archived.
const BATCH: usize = 100;

/// What is needed for it, and how far it is.
pub(crate) struct Retiring {
    keep: Option<SignedDuration>,
    /// Where those that go are archived.
    directory: Option<PathBuf>,
    /// What the flows say of it that runs are started with.
    live: watch::Receiver<Option<Live>>,
    sweep: Sweep,
    /// How long it rests before it looks again.
    rest: Duration,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    archive: Option<(RealDisk, Archive)>,
    looked: Option<Instant>,
    /// Those that the engine was asked about, or that the index does not know to be gone.
    asked: Option<BTreeSet<RunId>>,
    /// Whether the engine has said which of these go.
    answered: bool,
}

impl Retiring {
    pub(crate) fn new(
        retention: Option<Retention>,
        live: watch::Receiver<Option<Live>>,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let (keep, directory) = retention.map_or((None, None), |it| (it.keep, it.archive));
        Self {
            keep,
            directory,
            live,
            sweep: Sweep::default(),
            rest: LOOKS,
            clock,
            metrics,
            archive: None,
            looked: None,
            asked: None,
            answered: false,
        }
    }

    /// Whether some are on their way out.
    pub(super) fn is_busy(&self) -> bool {
        self.asked.is_some()
    }

    /// Sees whether there are any, if it is time to. Only failures of the index are failures of the host.
    pub(super) fn tend(
        &mut self,
        index: &Index,
        driver: &UnboundedSender<Message>,
    ) -> Result<(), StoreError> {
        let waits = self.looked.is_some_and(|looked| looked.elapsed() < self.rest);
        if waits || self.is_busy() {
            return Ok(());
        }
        self.looked = Some(Instant::now());
        let rows = match self.over(index) {
            Ok(rows) => rows,
            // There is no room to open it anew.
            Err(StoreError::Full { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        if rows.is_empty() {
            return Ok(());
        }
        if let Some(directory) = &self.directory {
            let archived = match self.archive.take() {
                Some(archive) => Ok(archive),
                None => create(directory, self.clock.now()),
            };
            let archived = archived.and_then(|(disk, mut archive)| {
                archive.add(index, &rows)?;
                archive.sync(&disk)?;
                Ok((disk, archive))
            });
            match archived {
                Ok(archive) => self.archive = Some(archive),
                Err(UpkeepError::Store(error @ StoreError::Index { .. })) => return Err(error),
                // Another file is begun then.
                Err(error) => {
                    tracing::error!(%error, "runs that ended long ago cannot be archived, and stay");
                    return Ok(());
                }
            }
        }
        let runs: Vec<RunId> = rows.into_keys().collect();
        (self.asked, self.answered) = (Some(runs.iter().copied().collect()), false);
        // If the driver has ended, so does this thread.
        let _ = driver.send(Message::Retire(runs));
        Ok(())
    }

    /// Some of those that are kept no longer.
    fn over(&mut self, index: &Index) -> Result<BTreeMap<RunId, Row>, StoreError> {
        let live = self.live.borrow().clone();
        let program = live.as_ref().map(|live| live.deployment.program.as_ref());
        let (keeps, now) = (Keeps::new(self.keep, program), self.clock.now());
        self.rest = LOOKS;
        match (keeps.of.is_empty(), keeps.usual) {
            (true, None) => Ok(BTreeMap::new()),
            (true, Some(keep)) => {
                let before = now.checked_sub(keep).unwrap_or(Timestamp::MIN);
                candidates(index, before, BATCH)
            }
            (false, _) => {
                let (rows, all) = self.sweep.next(index, &keeps, now)?;
                if !all {
                    self.rest = GOES_ON;
                }
                Ok(rows)
            }
        }
    }

    /// The engine lets these go.
    pub(super) fn retired(&mut self, runs: &[RunId]) {
        if let Some(asked) = &mut self.asked {
            if runs.len() < asked.len() {
                // Some stay and are archived again: a file holds no run twice.
                self.archive = None;
            } else if asked.len() >= BATCH && self.rest == LOOKS {
                // Where many were there, more may be.
                self.looked = None;
            }
            asked.retain(|run| runs.contains(run));
            self.answered = true;
            add(
                &self.metrics.retired,
                u64::try_from(runs.len()).unwrap_or_default(),
            );
            tracing::info!(runs = runs.len(), "runs that ended long ago are let go of");
        }
        self.see_whether_done();
    }

    /// The index has taken changes.
    pub(super) fn applied(&mut self, changes: &Changes) {
        let Some(asked) = &mut self.asked else { return };
        for change in &changes.runs {
            if let Change::Forget(run) = change {
                asked.remove(run);
            }
        }
        self.see_whether_done();
    }

    fn see_whether_done(&mut self) {
        if self.answered && self.asked.as_ref().is_some_and(BTreeSet::is_empty) {
            self.asked = None;
        }
    }
}

/// A file of its own for each process, named after when it was begun.
fn create(directory: &std::path::Path, now: Timestamp) -> Result<(RealDisk, Archive), UpkeepError> {
    fs::create_dir_all(directory).map_err(UpkeepError::Stream)?;
    let disk = RealDisk::look(directory);
    let name = format!("runs-{}.jsonl", now.strftime("%Y%m%dT%H%M%SZ"));
    let archive = Archive::create(&disk as &dyn Disk, &name)?;
    Ok((disk, archive))
}
