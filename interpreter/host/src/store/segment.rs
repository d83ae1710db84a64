//! Segments: the files of the log, each with a header that says which one it is.

use super::{AppendError, StoreError, frame::Extent, record::Location};
use crate::disk::{Appender, Disk};
use std::io;

/// How long the header is.
pub(super) const HEADER: usize = 16;
const MAGIC: &[u8; 8] = b"FLOWMESH";
const VERSION: u32 = 1;

/// A file of the log and how much of it holds whole batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) number: u32,
    /// The header included; 0 where not even that is there.
    pub(super) length: u64,
}

impl Segment {
    pub(super) fn first() -> Self {
        Self { number: 1, length: 0 }
    }

    pub(super) fn following(&self) -> Self {
        Self {
            number: self.number.saturating_add(1),
            length: HEADER as u64,
        }
    }

    pub(super) fn name(&self) -> String {
        name(self.number)
    }

    pub(super) fn location(&self, base: u64, (offset, length): Extent) -> Location {
        let offset = base.saturating_add(u64::from(offset));
        Location {
            segment: self.number,
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
            length,
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

/// The header of a segment.
pub(super) fn header(number: u32) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    let all = MAGIC
        .iter()
        .copied()
        .chain(VERSION.to_le_bytes())
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
    Ok(file)
}

/// Makes a segment; its header is stable before the first batch goes in.
pub(super) fn create(disk: &dyn Disk, segment: &Segment) -> Result<Box<dyn Appender>, AppendError> {
    begin(disk, segment).map_err(|error| io_error(disk, &segment.name(), error))
}

fn begin(disk: &dyn Disk, segment: &Segment) -> io::Result<Box<dyn Appender>> {
    let mut file = disk.append(&segment.name())?;
    file.truncate(0)?;
    file.append(&header(segment.number))?;
    file.sync()?;
    disk.sync_directory()?;
    Ok(file)
}

/// An error of the system as an error of the log.
pub(super) fn io_error(disk: &dyn Disk, name: &str, error: io::Error) -> AppendError {
    let place = disk.place(name);
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => AppendError::Full { place },
        _ => AppendError::Failed(StoreError::Io { place, error }),
    }
}
