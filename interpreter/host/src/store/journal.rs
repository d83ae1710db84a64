//! The journal, open for appending, and its reader.

use super::{
    AppendError, KeyError, Record, StoreError, blob,
    cipher::{Keys, Place},
    compact::Written,
    frame::{self, Encrypting, Written as Frame},
    record::{EventRecord, Location, Order, Position},
    segment::{self, Sealed, Segment},
};
use crate::disk::{Appender, Disk};
use bytes::Bytes;
use std::{
    io,
    sync::{Arc, PoisonError},
};

/// A segment that has grown longer than this is followed by a new one.
const SEGMENT_BYTES_MAX: u64 = 64 << 20;

/// The journal, open for appending. One value per directory.
pub struct Journal {
    disk: Arc<dyn Disk>,
    segment: Segment,
    file: Box<dyn Appender>,
    /// Where it ends.
    end: Position,
    pub(super) segment_bytes_max: u64,
    /// Used again for every frame.
    buffer: Vec<u8>,
    /// Payloads that lie apart and were written by this process; locked while others are written or taken away.
    written: Written,
    /// A segment that was closed and that nobody was told of.
    sealed: Option<Sealed>,
    /// INVARIANT: set for good by the first failure after which nobody knows what is on the disk.
    failed: bool,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// Where its records lie, in order.
    pub places: Vec<Location>,
    /// Where the journal ends now.
    pub end: Position,
    /// The segment that was closed before it, if one was.
    pub sealed: Option<Sealed>,
}

impl Journal {
    /// Where the last segment ends; the header of one that was being made is written.
    pub(super) fn open(disk: Arc<dyn Disk>, last: Segment, end: Position) -> Result<Self, StoreError> {
        let mut segment = last;
        let file = if segment.length < segment::HEADER as u64 {
            segment.length = segment::HEADER as u64;
            segment::create(disk.as_ref(), &segment)?
        } else {
            segment::open(disk.as_ref(), &segment)?
        };
        let end = Position {
            segment: segment.number,
            offset: segment.length,
            ..end
        };
        let mut this = Self {
            disk,
            segment,
            file,
            end,
            segment_bytes_max: SEGMENT_BYTES_MAX,
            buffer: Vec::new(),
            written: Written::default(),
            sealed: None,
            failed: false,
        };
        // What was written before the directory was encrypted has segments of its own.
        if this.disk.keys().is_some() && this.keys().is_none() {
            this.follow()?;
        }
        Ok(this)
    }

    /// With what the last segment is encrypted, if it is.
    fn keys(&self) -> Option<Arc<Keys>> {
        let keys = self.disk.keys()?;
        (!keys.is_plain(self.segment.number)).then(|| Arc::clone(keys))
    }

    /// Payloads that lie apart and were written by this process.
    #[must_use]
    pub fn written(&self) -> Written {
        Arc::clone(&self.written)
    }

    /// Where it ends.
    #[must_use]
    pub fn end(&self) -> Position {
        self.end
    }

    /// Appends records as one batch: when this returns they are on stable storage, all of them.
    ///
    /// # Errors
    /// [`AppendError::Full`] leaves the journal as it was; after [`AppendError::Failed`] it takes nothing any more.
    pub fn append(&mut self, records: &[Record]) -> Result<Appended, AppendError> {
        self.unless_failed(|journal| {
            if journal.segment.length >= journal.segment_bytes_max {
                journal.follow()?;
            }
            journal.append_frame(records)
        })
    }

    /// Closes the last segment, if there is something in it, and goes on in a new one.
    ///
    /// # Errors
    /// As for [`Journal::append`].
    pub fn roll(&mut self) -> Result<Option<Sealed>, AppendError> {
        self.unless_failed(|journal| {
            if journal.segment.batches.is_some() {
                journal.follow()?;
            }
            Ok(journal.sealed.take())
        })
    }

    fn unless_failed<T>(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<T, AppendError>,
    ) -> Result<T, AppendError> {
        if self.failed {
            return Err(AppendError::Failed(StoreError::Stopped));
        }
        let result = act(self);
        self.failed = matches!(result, Err(AppendError::Failed(_)));
        result
    }

    fn append_frame(&mut self, records: &[Record]) -> Result<Appended, AppendError> {
        let number = self.end.batch.saturating_add(1);
        let keys = self.keys();
        let encrypting = keys.as_deref().map(|keys| Encrypting {
            keys,
            segment: self.segment.number,
            base: self.segment.length,
        });
        let written = frame::write(number, records, encrypting.as_ref(), &mut self.buffer);
        if !written.apart.is_empty() {
            let mut known = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            blob::write(self.disk.as_ref(), keys.as_deref(), &written.apart, &mut known)?;
        }
        if let Err(error) = self.file.append(&self.buffer) {
            return Err(self.take_back(error));
        }
        self.file
            .sync()
            .map_err(|error| AppendError::Failed(self.sync_failed(&error)))?;
        Ok(self.appended(number, &written))
    }

    fn appended(&mut self, number: u64, written: &Frame) -> Appended {
        let base = self.segment.length;
        self.segment.grow(self.buffer.len(), number, written.sum);
        self.end = Position {
            batch: number,
            segment: self.segment.number,
            offset: self.segment.length,
            sum: written.sum,
        };
        let place = |extent| self.segment.location(base, extent);
        Appended {
            places: written.extents.iter().copied().map(place).collect(),
            end: self.end,
            sealed: self.sealed.take(),
        }
    }

    /// A write that failed may have written anything; the journal is cut back to what was there before.
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

    /// A segment that there was no room for is taken away before the one before it grows again: only the last one may
    /// be torn.
    fn not_begun(&self, next: &Segment, error: AppendError) -> AppendError {
        let taken_away = match self.disk.remove(&next.name()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => self.disk.sync_directory(),
        };
        match (error, taken_away) {
            (AppendError::Full { .. }, Err(error)) => AppendError::Failed(StoreError::Io {
                place: self.disk.place(&next.name()),
                error,
            }),
            (error, _) => error,
        }
    }

    fn follow(&mut self) -> Result<(), AppendError> {
        let next = self.segment.following();
        self.file = match segment::create(self.disk.as_ref(), &next) {
            Ok(file) => file,
            Err(error) => return Err(self.not_begun(&next, error)),
        };
        self.sealed = Some(self.segment.sealed());
        self.segment = next;
        self.end = Position {
            segment: self.segment.number,
            offset: self.segment.length,
            ..self.end
        };
        Ok(())
    }
}

/// Reads records again, while the journal is appended to.
#[derive(Clone)]
pub struct Reader {
    disk: Arc<dyn Disk>,
}

impl Reader {
    /// A reader of the journal in a directory.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>) -> Self {
        Self { disk }
    }

    /// The record at a place that was given out for it.
    ///
    /// # Errors
    /// If the disk fails or there is something else by now.
    pub fn read(&self, at: Location) -> Result<Record, StoreError> {
        let name = segment::name(at.segment);
        let bytes = self.disk.read_at(&name, u64::from(at.offset), at.length as usize);
        let bytes = bytes.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof => {
                self.damaged(at, "expected a record here, found the end")
            }
            _ => StoreError::Io {
                place: self.disk.place(&name),
                error,
            },
        })?;
        if crc32fast::hash(&bytes) != at.sum {
            return Err(self.damaged(at, "expected a record that is whole"));
        }
        let bytes = plain(self.disk.as_ref(), bytes.into(), at)?;
        self.decode_at(bytes, at)
    }

    /// The events of the record at a place.
    ///
    /// # Errors
    /// As for [`Reader::read`].
    pub fn events(&self, at: Location) -> Result<Vec<EventRecord>, StoreError> {
        self.ordered(at).map(|(events, _)| events)
    }

    /// The events of the record at a place, and when each was written first.
    ///
    /// # Errors
    /// As for [`Reader::read`].
    pub(super) fn ordered(&self, at: Location) -> Result<(Vec<EventRecord>, Vec<Order>), StoreError> {
        match self.read(at)? {
            Record::Event(event) => Ok((vec![event], vec![at.into()])),
            Record::History(mut history) => {
                let order = history.take_order(at);
                Ok((history.into_events(), order))
            }
            _ => Err(self.damaged(at, "expected events, found something else")),
        }
    }

    /// The record of bytes that were read at a place, and are not encrypted any more.
    pub(super) fn decode_at(&self, bytes: Bytes, at: Location) -> Result<Record, StoreError> {
        let fetch = |hash, length| blob::read(self.disk.as_ref(), at.segment, hash, length);
        frame::record(bytes, &fetch).map_err(|error| error.at(|reason| self.damaged(at, reason)))
    }

    fn damaged(&self, at: Location, reason: &str) -> StoreError {
        StoreError::Damaged {
            place: self.disk.place(&segment::name(at.segment)),
            offset: u64::from(at.offset),
            reason: reason.to_owned(),
        }
    }
}

/// The bytes of a record at a place, as they were before they were encrypted, if they were.
pub(super) fn plain(disk: &dyn Disk, bytes: Bytes, at: Location) -> Result<Bytes, StoreError> {
    let Some(keys) = disk.keys().filter(|keys| !keys.is_plain(at.segment)) else {
        return Ok(bytes);
    };
    let place = Place::Record {
        segment: at.segment,
        offset: u64::from(at.offset),
    };
    keys.open(place, &bytes).map(Bytes::from).ok_or_else(|| {
        let (place, offset) = (disk.place(&segment::name(at.segment)), u64::from(at.offset));
        let reason = FORGED_RECORD.to_owned();
        KeyError::Forged {
            place,
            offset,
            reason,
        }
        .into()
    })
}

/// What is wrong with a record that is whole and cannot be opened.
pub(super) const FORGED_RECORD: &str = "a record that its keys do not open";
/// What is wrong with a batch that is whole and was written by somebody else, elsewhere, or under another number.
pub(super) const FORGED_BATCH: &str = "a batch that its keys do not vouch for";
