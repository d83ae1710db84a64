//! Letting go of runs that ended long ago, on the thread of the index, some at a time: they are chosen and archived here,
//! and the engine lets those go that nobody needs.
//!
//! While it is on its way, nothing is compacted: the events of a run that goes would be written again behind the record
//! that says so.

use super::Message;
use crate::{
    RunId,
    clock::Clock,
    disk::{Disk, RealDisk},
    host::Retention,
    metrics::{Metrics, add},
    store::{Change, Changes, Index, StoreError},
    upkeep::{
        UpkeepError,
        retire::{Archive, candidates},
    },
};
use jiff::Timestamp;
use std::{
    collections::BTreeSet,
    fs,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc::UnboundedSender;

/// So often it is looked whether there are any.
const LOOKS: Duration = Duration::from_secs(20);
/// So many are let go of at once: a search waits for no more than these to be archived.
const BATCH: usize = 100;

/// What is needed for it, and how far it is.
pub(crate) struct Retiring {
    retention: Option<Retention>,
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
    pub(crate) fn new(retention: Option<Retention>, clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> Self {
        Self {
            retention,
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
        let waits = self.looked.is_some_and(|looked| looked.elapsed() < LOOKS);
        let Some(retention) = self.retention.as_ref().filter(|_| !self.is_busy() && !waits) else {
            return Ok(());
        };
        self.looked = Some(Instant::now());
        let before = self.clock.now().checked_sub(retention.keep);
        let rows = match candidates(index, before.unwrap_or(Timestamp::MIN), BATCH) {
            Ok(rows) => rows,
            // There is no room to open it anew.
            Err(StoreError::Full { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        if rows.is_empty() {
            return Ok(());
        }
        if let Some(directory) = &retention.archive {
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

    /// The engine lets these go.
    pub(super) fn retired(&mut self, runs: &[RunId]) {
        if let Some(asked) = &mut self.asked {
            if runs.len() < asked.len() {
                // Some stay and are archived again: a file holds no run twice.
                self.archive = None;
            } else if asked.len() >= BATCH {
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
