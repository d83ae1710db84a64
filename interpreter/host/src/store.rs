//! The embedded store: one directory with an append-only log of everything that happened.
//!
//! | file | holds |
//! |---|---|
//! | `LOCK` | the lock of the process that uses the directory, and its number |
//! | `FORMAT` | the version of this layout |
//! | `journal-000001.log`, ... | segments: a header, then frames, each a batch of records that is there whole or not at all |
//!
//! A batch is acknowledged after one write and one `fdatasync`, and only one is on its way at a time: a crash can
//! therefore tear the last frame and no other. A log was chosen over a database since nothing is ever changed
//! in it and nothing is looked up in it on the way of a step.

mod error;
mod format;
mod frame;
mod from_proto;
mod proto;
mod record;
mod recover;
mod segment;
mod to_proto;

#[cfg(test)]
mod tests;

pub use error::{AppendError, StoreError, lock_error};
pub use record::{EventRecord, Location, Origin, Record};
pub use recover::Cut;

use crate::disk::{Appender, Disk};
use bytes::Bytes;
use segment::Segment;
use std::{io, sync::Arc};

/// A segment that has grown longer than this is followed by a new one.
const SEGMENT_BYTES_MAX: u64 = 64 << 20;

/// The log, open for appending. One value per directory.
pub struct Store {
    disk: Arc<dyn Disk>,
    segment: Segment,
    file: Box<dyn Appender>,
    /// The number of the next batch.
    next: u64,
    segment_bytes_max: u64,
    /// Used again for every frame.
    buffer: Vec<u8>,
    /// INVARIANT: set for good by the first failure after which nobody knows what is on the disk.
    failed: bool,
}

/// What was found in a store that was opened.
#[derive(Debug, Default)]
pub struct Opened {
    /// A batch that was being written when the last process ended, and that nobody was told of.
    pub cut: Option<Cut>,
}

impl Store {
    /// Opens the log in a directory, or makes it, and hands over every record in order.
    ///
    /// # Errors
    /// If it is of another version or damaged, if the disk fails, or if `visit` says so.
    pub fn open(
        disk: Arc<dyn Disk>,
        visit: &mut dyn FnMut(Record, Location) -> Result<(), StoreError>,
    ) -> Result<(Self, Opened), StoreError> {
        format::check(disk.as_ref())?;
        let found = recover::recover(disk.as_ref(), visit)?;
        let file = segment::open(disk.as_ref(), &found.last)?;
        let store = Self {
            disk,
            segment: found.last,
            file,
            next: found.next,
            segment_bytes_max: SEGMENT_BYTES_MAX,
            buffer: Vec::new(),
            failed: false,
        };
        Ok((store, Opened { cut: found.cut }))
    }

    /// Appends records as one batch: when this returns they are on stable storage, all of them.
    ///
    /// # Errors
    /// [`AppendError::Full`] leaves the log as it was; after [`AppendError::Failed`] it takes nothing any more.
    pub fn append(&mut self, records: &[Record]) -> Result<Vec<Location>, AppendError> {
        if self.failed {
            return Err(AppendError::Failed(StoreError::Stopped));
        }
        let result = self.append_frame(records);
        self.failed = matches!(result, Err(AppendError::Failed(_)));
        result
    }

    fn append_frame(&mut self, records: &[Record]) -> Result<Vec<Location>, AppendError> {
        self.roll_if_long()?;
        let extents = frame::write(self.next, records, &mut self.buffer);
        if let Err(error) = self.file.append(&self.buffer) {
            return Err(self.take_back(error));
        }
        self.file
            .sync()
            .map_err(|error| AppendError::Failed(self.sync_failed(&error)))?;
        let base = self.segment.length;
        self.segment.length = base.saturating_add(self.buffer.len() as u64);
        self.next = self.next.saturating_add(1);
        Ok(extents
            .iter()
            .map(|extent| self.segment.location(base, *extent))
            .collect())
    }

    /// A write that failed may have written anything; the log is cut back to what was there before.
    fn take_back(&mut self, error: io::Error) -> AppendError {
        let place = self.disk.place(&self.segment.name());
        if error.kind() != io::ErrorKind::StorageFull && error.kind() != io::ErrorKind::QuotaExceeded {
            return AppendError::Failed(StoreError::Io { place, error });
        }
        match self.file.truncate(self.segment.length) {
            Ok(()) => AppendError::Full { place },
            Err(error) => AppendError::Failed(StoreError::Io { place, error }),
        }
    }

    fn sync_failed(&self, error: &io::Error) -> StoreError {
        StoreError::Sync {
            place: self.disk.place(&self.segment.name()),
            reason: error.to_string(),
        }
    }

    fn roll_if_long(&mut self) -> Result<(), AppendError> {
        if self.segment.length < self.segment_bytes_max {
            return Ok(());
        }
        let next = self.segment.following();
        self.file = segment::create(self.disk.as_ref(), &next)?;
        self.segment = next;
        Ok(())
    }
}

/// Reads records again, while the log is appended to.
#[derive(Clone)]
pub struct Reader {
    disk: Arc<dyn Disk>,
}

impl Reader {
    /// A reader of the log in a directory.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>) -> Self {
        Self { disk }
    }

    /// The record at a place that [`Store::append`] or [`Store::open`] gave out.
    ///
    /// # Errors
    /// If the disk fails or there is something else by now.
    pub fn read(&self, at: Location) -> Result<Record, StoreError> {
        let name = segment::name(at.segment);
        let bytes = self.disk.read_at(&name, u64::from(at.offset), at.length as usize);
        let place = || self.disk.place(&name);
        let bytes = bytes.map_err(|error| StoreError::Io {
            place: place(),
            error,
        })?;
        frame::record(Bytes::from(bytes)).map_err(|unreadable| StoreError::Damaged {
            place: place(),
            offset: u64::from(at.offset),
            reason: unreadable.0.to_owned(),
        })
    }
}
