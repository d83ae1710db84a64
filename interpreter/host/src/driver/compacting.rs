//! Compaction beside everything else: on the thread of the index, a step at a time, so that what the index is to do goes
//! before, and through the thread that writes, so that one batch of about a MiB is all that an append has to wait for.

use super::writer::Appending;
use crate::{
    disk::Disk,
    metrics::{Metrics, add},
    store::{
        Index, Shelf, StoreError,
        compact::{self, Compaction, Due, Step, Written},
    },
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// So often it is looked whether it is worth its while.
const LOOKS: Duration = Duration::from_secs(20);
/// So long others come before the next step.
const REST: Duration = Duration::from_millis(10);

/// What is needed for it, and how far it is.
pub(crate) struct Compacting {
    disk: Arc<dyn Disk>,
    written: Written,
    append: Appending,
    due: Due,
    metrics: Arc<Metrics>,
    /// Up to which segment it goes, while it goes on.
    upto: Option<u32>,
    /// How long the journal was when it went on last.
    left: u64,
    looked: Option<Instant>,
    stepped: Instant,
    /// Set by a failure that another look does not mend.
    given_up: bool,
}

impl Compacting {
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        (written, append): (Written, Appending),
        due: Due,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            disk,
            written,
            append,
            due,
            metrics,
            upto: None,
            left: 0,
            looked: None,
            stepped: Instant::now(),
            given_up: false,
        }
    }

    /// For how long nothing is to be done about it, at the most.
    pub(super) fn rest(&self, otherwise: Duration) -> Duration {
        self.upto.map_or(otherwise, |_| REST)
    }

    /// Does a step, if it is time for one. Only failures of the index are failures of the host; of others it is said
    /// why the journal grows.
    pub(super) fn tend(&mut self, index: &Index) -> Result<(), StoreError> {
        if self.given_up || self.stepped.elapsed() < REST {
            return Ok(());
        }
        let tended = match self.upto {
            Some(upto) => self.step(index, upto),
            None => self.look(index),
        };
        self.stepped = Instant::now();
        match tended {
            Ok(()) => Ok(()),
            Err(error @ StoreError::Index { .. }) => Err(error),
            Err(error) => {
                self.upto = None;
                // Where there is no room, and where the host stops, there is nothing to mend.
                self.given_up = !matches!(error, StoreError::Full { .. } | StoreError::Stopped);
                if self.given_up {
                    tracing::error!(%error, "the journal is not compacted any more; see `flowmesh store check`");
                }
                Ok(())
            }
        }
    }

    fn look(&mut self, index: &Index) -> Result<(), StoreError> {
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOKS) {
            return Ok(());
        }
        self.looked = Some(Instant::now());
        if compact::is_due(self.disk.as_ref(), index, self.due, self.left)? {
            self.upto = index.upto().segment.checked_sub(1);
            tracing::info!("the journal is compacted");
        }
        Ok(())
    }

    fn step(&mut self, index: &Index, upto: u32) -> Result<(), StoreError> {
        let in_use = index.kept()?.into_iter().collect();
        let compaction = Compaction {
            disk: self.disk.as_ref(),
            index,
            written: &self.written,
            // A run may have been started just now that the index does not know.
            in_use: &in_use,
        };
        let append = &self.append;
        let step = compaction.step(&mut |records| append.append(records))?;
        let ended = match step {
            Step::Moved(_) => false,
            Step::Nothing => true,
            Step::Freed(segment) => {
                add(&self.metrics.freed, 1);
                segment >= upto || !compact::is_due(self.disk.as_ref(), index, self.due, 0)?
            }
        };
        if ended {
            self.upto = None;
            self.left = compact::bytes(self.disk.as_ref())?;
            tracing::info!(bytes = self.left, "the journal was compacted");
        }
        Ok(())
    }
}
