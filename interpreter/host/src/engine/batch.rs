//! Group commit: what waits to be written, and what waits for it to be written.

use super::{
    input::Ticket,
    output::{Output, Search},
    query::Query,
};
use crate::store::Record;
use std::{collections::VecDeque, sync::Arc};

/// A batch is full when its payloads are about this long; the next record begins another.
const BATCH_BYTES_MAX: usize = 8 << 20;

/// Something that may leave the engine when the batch it belongs to is on stable storage.
#[derive(Clone, Debug)]
pub(super) enum Deferred {
    /// As it is.
    Output(Output),
    /// An answer, made from what is known when it is given.
    Answer(Ticket, Query),
    /// A question to the index, once it knows everything.
    Search(Ticket, Search),
}

/// Records that are written together, and what follows from them.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    pub(super) records: Arc<Vec<Record>>,
    pub(super) deferred: Vec<Deferred>,
    bytes: usize,
}

/// At most one batch is being written; the others wait in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Batches {
    in_flight: Option<Batch>,
    waiting: VecDeque<Batch>,
    /// Above nothing while what is added must not be parted.
    together: u32,
}

impl Batches {
    /// Adds a record to the last batch that is not being written.
    pub(super) fn add(&mut self, record: Record, bytes: usize) {
        let full = |batch: &Batch| batch.bytes >= BATCH_BYTES_MAX && self.together == 0;
        if self.waiting.back().is_none_or(full) {
            self.waiting.push_back(Batch::default());
        }
        if let Some(batch) = self.waiting.back_mut() {
            // Not shared before it is taken, so this never copies.
            Arc::make_mut(&mut batch.records).push(record);
            batch.bytes = batch.bytes.saturating_add(bytes);
        }
    }

    /// What is added from now on is in the log all together or not at all.
    pub(super) fn together(&mut self) {
        if self.together == 0
            && self
                .waiting
                .back()
                .is_some_and(|batch| batch.bytes >= BATCH_BYTES_MAX)
        {
            self.waiting.push_back(Batch::default());
        }
        self.together = self.together.saturating_add(1);
    }

    /// What is added from now on may be parted again, unless somebody else still holds it together.
    pub(super) fn part(&mut self) {
        self.together = self.together.saturating_sub(1);
        if self.together == 0
            && let Some(batch) = self.waiting.pop_back_if(|batch| batch.records.is_empty())
            && let Some(before) = self.waiting.back_mut().or(self.in_flight.as_mut())
        {
            before.deferred.extend(batch.deferred);
        }
    }

    /// Keeps something back until everything that happened so far is written; gives it back if it is.
    pub(super) fn defer(&mut self, deferred: Deferred) -> Option<Deferred> {
        match self.waiting.back_mut().or(self.in_flight.as_mut()) {
            Some(batch) => {
                batch.deferred.push(deferred);
                None
            }
            None => Some(deferred),
        }
    }

    /// The next batch to write, unless one is being written.
    pub(super) fn take(&mut self) -> Option<Arc<Vec<Record>>> {
        if self.in_flight.is_some() {
            return None;
        }
        let batch = self.waiting.pop_front()?;
        let records = Arc::clone(&batch.records);
        self.in_flight = Some(batch);
        Some(records)
    }

    /// The batch that was being written is on stable storage.
    pub(super) fn committed(&mut self) -> Option<Batch> {
        self.in_flight.take()
    }

    /// The batch that was being written is not in the log: it goes back to the front, and all are handed out for
    /// mending.
    pub(super) fn take_back(&mut self) -> impl Iterator<Item = &mut Batch> {
        if let Some(batch) = self.in_flight.take() {
            self.waiting.push_front(batch);
        }
        self.waiting.iter_mut()
    }

    /// Gives up on batches without records; what they kept back follows the ones before, or is handed out.
    pub(super) fn drop_empty(&mut self) -> Vec<Deferred> {
        let mut free = Vec::new();
        for batch in std::mem::take(&mut self.waiting) {
            if !batch.records.is_empty() {
                self.waiting.push_back(batch);
            } else if let Some(before) = self.waiting.back_mut() {
                before.deferred.extend(batch.deferred);
            } else {
                free.extend(batch.deferred);
            }
        }
        free
    }

    /// Whether nothing was added behind the batch that is being written.
    pub(super) fn is_last(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether everything is on stable storage.
    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.is_none() && self.waiting.is_empty()
    }
}
