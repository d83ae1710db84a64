//! Segments: the files of the journal, each with a header that says which one it is.

use super::{
    AppendError, StoreError,
    frame::{Extent, Frame},
    record::Location,
};
use crate::disk::{Appender, Disk};
use sha2::{Digest, Sha256};
use std::io;

/// How long the header is.
pub(super) const HEADER: usize = 16;
const MAGIC: &[u8; 8] = b"FLOWMESH";
const VERSION: u32 = 2;
/// The first form, whose frames are still read.
const VERSION_1: u32 = 1;

/// A file of the journal and how much of it holds whole batches.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) number: u32,
    /// The header included; 0 where not even that is there.
    pub(super) length: u64,
    /// The numbers of the first and the last batch in it.
    pub(super) batches: Option<(u64, u64)>,
    digest: Sha256,
}

/// A segment that is not appended to any more: what must be found of it, whoever looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Its number.
    pub segment: u32,
    /// How long the file is.
    pub length: u64,
    /// The numbers of the first and the last batch in it.
    pub batches: Option<(u64, u64)>,
    /// SHA-256 over number and checksum of every frame in it.
    pub digest: [u8; 32],
}

impl Segment {
    /// A segment of which nothing is there yet.
    pub(super) fn new(number: u32) -> Self {
        Self {
            number,
            length: 0,
            batches: None,
            digest: Sha256::new(),
        }
    }

    pub(super) fn following(&self) -> Self {
        Self {
            length: HEADER as u64,
            ..Self::new(self.number.saturating_add(1))
        }
    }

    pub(super) fn name(&self) -> String {
        name(self.number)
    }

    pub(super) fn location(&self, base: u64, extent: Extent) -> Location {
        let offset = base.saturating_add(u64::from(extent.offset));
        Location {
            segment: self.number,
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
            length: extent.length,
            sum: extent.sum,
        }
    }

    /// A frame follows that was read.
    pub(super) fn add(&mut self, frame: &Frame<'_>) {
        self.grow(frame.length(), frame.number, frame.sum);
    }

    /// A frame follows: how long it is, its number and its checksum.
    pub(super) fn grow(&mut self, length: usize, number: u64, sum: u32) {
        self.length = self.length.saturating_add(length as u64);
        let first = self.batches.map_or(number, |(first, _)| first);
        self.batches = Some((first, number));
        self.digest.update(number.to_le_bytes());
        self.digest.update(sum.to_le_bytes());
    }

    /// What must be found of it when it is not appended to any more.
    pub(super) fn sealed(&self) -> Sealed {
        Sealed {
            segment: self.number,
            length: self.length,
            batches: self.batches,
            digest: self.digest.clone().finalize().into(),
        }
    }
}

/// `journal-000001.log`
pub(super) fn name(number: u32) -> String {
    format!("journal-{number:06}.log")
}

/// The number of a segment's file, if the name is one of a segment.
pub(super) fn number(name: &str) -> Option<u32> {
    name.strip_prefix("journal-")?.strip_suffix(".log")?.parse().ok()
}

/// Whether the bytes begin with the header of this segment.
pub(super) fn has_header(number: u32, bytes: &[u8]) -> bool {
    [VERSION, VERSION_1]
        .iter()
        .any(|version| bytes.starts_with(&header(*version, number)))
}

fn header(version: u32, number: u32) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    let all = MAGIC
        .iter()
        .copied()
        .chain(version.to_le_bytes())
        .chain(number.to_le_bytes());
    header.iter_mut().zip(all).for_each(|(to, from)| *to = from);
    header
}

/// Opens the last segment where its whole batches end. The last of them may never have been synced: a process that
/// was killed leaves its writes with the system. It is made stable here, before anything follows from it.
pub(super) fn open(disk: &dyn Disk, last: &Segment) -> Result<Box<dyn Appender>, StoreError> {
    let io = |error| StoreError::from(io_error(disk, &last.name(), error));
    let mut file = disk.append(&last.name()).map_err(io)?;
    if file.length().map_err(io)? > last.length {
        file.truncate(last.length).map_err(io)?;
    }
    file.sync().map_err(io)?;
    disk.sync_directory().map_err(io)?;
    Ok(file)
}

/// Makes a segment; its header is stable before the first batch goes in.
pub(super) fn create(disk: &dyn Disk, segment: &Segment) -> Result<Box<dyn Appender>, AppendError> {
    begin(disk, segment).map_err(|error| io_error(disk, &segment.name(), error))
}

fn begin(disk: &dyn Disk, segment: &Segment) -> io::Result<Box<dyn Appender>> {
    let mut file = disk.append(&segment.name())?;
    file.truncate(0)?;
    file.append(&header(VERSION, segment.number))?;
    file.sync()?;
    disk.sync_directory()?;
    Ok(file)
}

/// An error of the system as an error of the journal.
pub(super) fn io_error(disk: &dyn Disk, name: &str, error: io::Error) -> AppendError {
    let place = disk.place(name);
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => AppendError::Full { place },
        _ => AppendError::Failed(StoreError::Io { place, error }),
    }
}
