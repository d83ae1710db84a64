//! The files of a store as files: for those who copy, fill or empty a directory.

use super::{
    Journal, Record, StoreError, Survey, blob, cipher, format, index,
    record::Position,
    segment::{self, Segment},
};
use crate::disk::Disk;
use std::{io, sync::Arc};

/// Whether there is a store in a directory.
///
/// # Errors
/// If that cannot be read, or it is of another version.
pub fn is_there(disk: &dyn Disk) -> Result<bool, StoreError> {
    match disk.list() {
        Ok(names) => format::look(disk, &names).map(|format| format.is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed(disk, "", error)),
    }
}

/// The files that hold what happened: segments in their order, and payloads that lie apart.
///
/// # Errors
/// If the directory cannot be read.
pub fn files(disk: &dyn Disk) -> Result<Vec<String>, StoreError> {
    let mut names = disk.list().map_err(|error| failed(disk, "", error))?;
    names.retain(|name| segment::number(name).is_some() || is_blob(name));
    names.sort_by_key(|name| {
        (
            segment::number(name).is_none(),
            segment::number(name),
            name.clone(),
        )
    });
    Ok(names)
}

/// The number of the first segment.
///
/// # Errors
/// If the directory cannot be read.
pub fn first_segment(disk: &dyn Disk) -> Result<Option<u32>, StoreError> {
    let names = files(disk)?;
    Ok(names.iter().find_map(|name| segment::number(name)))
}

/// How long a segment is; nothing if it is not there.
#[must_use]
pub fn segment_bytes(disk: &dyn Disk, segment: u32) -> u64 {
    disk.length(&segment::name(segment)).unwrap_or_default()
}

/// Whether a file is a payload that lies apart.
#[must_use]
pub fn is_blob(name: &str) -> bool {
    blob::named(name).is_some() || blob::is_encrypted(name)
}

/// The file of the keys of a directory that is encrypted.
pub const KEYS: &str = cipher::FILE;

/// The text of the keys of a directory, if it is encrypted.
///
/// # Errors
/// If it cannot be read.
pub fn keys_text(disk: &dyn Disk) -> Result<Option<Vec<u8>>, StoreError> {
    cipher::text(disk)
}

/// Makes the keys of another directory those of this one.
///
/// # Errors
/// If the disk fails.
pub fn adopt_keys(disk: &dyn Disk, text: &[u8]) -> Result<(), StoreError> {
    cipher::adopt(disk, text)
}

/// Takes away an index that is encrypted with older data keys than the newest: it is made again.
///
/// # Errors
/// If the disk fails.
pub fn renew_index(disk: &dyn Disk) -> Result<(), StoreError> {
    if disk.keys().is_none_or(|keys| !keys.are_several()) {
        return Ok(());
    }
    match disk.remove(index::FILE) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(disk, index::FILE, error)),
        _ => disk.sync_directory().map_err(|error| failed(disk, "", error)),
    }
}

/// Takes away what was written into a directory that is no store yet.
///
/// # Errors
/// If the disk fails.
pub fn clear(disk: &dyn Disk) -> Result<(), StoreError> {
    for name in files(disk)? {
        disk.remove(&name).map_err(|error| failed(disk, &name, error))?;
    }
    let names = disk.list().map_err(|error| failed(disk, "", error))?;
    cipher::clear(disk, &names).map_err(|error| failed(disk, "", error))?;
    disk.sync_directory().map_err(|error| failed(disk, "", error))
}

/// Cuts off a batch that was being written while it was copied.
///
/// # Errors
/// If the disk fails.
pub fn cut(disk: &dyn Disk, survey: &Survey) -> Result<(), StoreError> {
    let (Some(cut), Some(last)) = (&survey.torn, segments(disk)?.pop()) else {
        return Ok(());
    };
    let truncate = || {
        let mut file = disk.append(&last)?;
        file.truncate(cut.offset)?;
        file.sync()
    };
    truncate().map_err(|error| failed(disk, &last, error))
}

fn segments(disk: &dyn Disk) -> Result<Vec<String>, StoreError> {
    let mut names = files(disk)?;
    names.retain(|name| !is_blob(name));
    Ok(names)
}

/// Makes a directory that holds copies of files a store, of the version that the other one is of.
///
/// # Errors
/// If a disk fails.
pub fn adopt(from: &dyn Disk, to: &dyn Disk) -> Result<(), StoreError> {
    let text = format::read(from)?;
    if let Some(keys) = cipher::text(from)? {
        cipher::adopt(to, &keys)?;
    }
    format::write(to, &text).map_err(|error| failed(to, "", error))
}

/// A directory that is being filled: it is a store only when it is finished.
pub struct Importing {
    disk: Arc<dyn Disk>,
    journal: Journal,
}

impl Importing {
    /// Begins with an empty directory. Its first segment is this one: what is imported with an order of an earlier one
    /// was written before everything else.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn begin(disk: &Arc<dyn Disk>, first: Option<u32>) -> Result<Self, StoreError> {
        let disk = Arc::clone(disk);
        let first = first.unwrap_or(1).max(1);
        let journal = Journal::open(disk.clone(), Segment::new(first), Position::default())?;
        let mut this = Self { disk, journal };
        if let Some(segment) = first.checked_sub(1).filter(|before| *before > 0) {
            this.append(&[Record::Freed { segment }])?;
        }
        Ok(this)
    }

    /// Writes records as one batch.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn append(&mut self, records: &[Record]) -> Result<(), StoreError> {
        if !records.is_empty() {
            self.journal.append(records)?;
        }
        Ok(())
    }

    /// Makes it a store.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn finish(self) -> Result<(), StoreError> {
        format::upgrade(self.disk.as_ref())
    }
}

fn failed(disk: &dyn Disk, name: &str, error: io::Error) -> StoreError {
    segment::io_error(disk, name, error).into()
}
