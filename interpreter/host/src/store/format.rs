//! The version of the layout, in a file of its own, so that any version can say which one it met.

use super::{KeyError, StoreError, cipher, replace::replace, segment};
use crate::disk::Disk;
use std::io;

/// The version that this program writes.
const VERSION: u32 = 2;
/// The version of a store that is encrypted.
const VERSION_ENCRYPTED: u32 = 3;
/// The version without an index and without checksums of records: it is read, and made one of this version.
const VERSION_1: u32 = 1;
const FILE: &str = "FORMAT";
const FILE_NEW: &str = "FORMAT.new";

/// What a directory holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Nothing, before it was made a store of this version.
    New,
    /// A store of this version.
    Current,
    /// A store of version 1.
    First,
}

/// Sees that the directory holds a store that can be read, and makes one where there is nothing.
pub(super) fn check(disk: &dyn Disk) -> Result<Format, StoreError> {
    match disk.read(FILE) {
        Ok(found) => {
            let format = compare(disk, &found)?;
            keys_fit(disk, &found)?;
            Ok(format)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(disk),
        Err(error) => Err(StoreError::Io {
            place: disk.place(FILE),
            error,
        }),
    }
}

/// What a directory holds, if it is a store; nothing is changed.
pub(super) fn look(disk: &dyn Disk, names: &[String]) -> Result<Option<Format>, StoreError> {
    if !names.iter().any(|name| name == FILE) {
        return without(disk, names).map(|()| None);
    }
    read(disk).and_then(|found| compare(disk, &found)).map(Some)
}

/// The text that says of which version a store is.
pub(super) fn read(disk: &dyn Disk) -> Result<Vec<u8>, StoreError> {
    disk.read(FILE).map_err(|error| StoreError::Io {
        place: disk.place(FILE),
        error,
    })
}

/// Makes a store of version 1 one of this version: from now on older programs keep away from it.
pub(super) fn upgrade(disk: &dyn Disk) -> Result<(), StoreError> {
    let version = disk.keys().map_or(VERSION, |_| VERSION_ENCRYPTED);
    write(disk, text(version).as_bytes()).map_err(|error| segment::io_error(disk, FILE, error).into())
}

/// Whether the file says that the store is encrypted. Where it is not there, nothing says so.
pub(super) fn is_encrypted(disk: &dyn Disk) -> Result<bool, StoreError> {
    match disk.read(FILE) {
        Ok(found) => Ok(found == text(VERSION_ENCRYPTED).as_bytes()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StoreError::Io {
            place: disk.place(FILE),
            error,
        }),
    }
}

/// A store that is encrypted is opened with its keys. One that is not yet says from now on that it is.
fn keys_fit(disk: &dyn Disk, found: &[u8]) -> Result<(), StoreError> {
    let says_so = found == text(VERSION_ENCRYPTED).as_bytes();
    if disk.keys().is_some() {
        let is_old = found == text(VERSION_1).as_bytes();
        return if says_so || is_old { Ok(()) } else { upgrade(disk) };
    }
    match (says_so, cipher::text(disk)?) {
        (false, None) => Ok(()),
        (true, None) => Err(cipher::lost(disk).into()),
        (_, Some(_)) => Err(KeyError::Missing {
            place: disk.place(""),
        }
        .into()),
    }
}

fn text(version: u32) -> String {
    if version == VERSION_ENCRYPTED {
        // No bit makes one of the other.
        return format!("flowmesh store {version} encrypted\n");
    }
    format!("flowmesh store {version}\n")
}

fn compare(disk: &dyn Disk, found: &[u8]) -> Result<Format, StoreError> {
    let current = [VERSION, VERSION_ENCRYPTED].map(text);
    if current.iter().any(|text| text.as_bytes() == found) {
        return Ok(Format::Current);
    }
    if found == text(VERSION_1).as_bytes() {
        return Ok(Format::First);
    }
    let found = String::from_utf8_lossy(found);
    let found = found.strip_prefix("flowmesh store ").unwrap_or(&found);
    let found = found.trim().chars().take(40).collect();
    Err(StoreError::Version {
        place: disk.place(FILE),
        expected: VERSION,
        found,
    })
}

fn create(disk: &dyn Disk) -> Result<Format, StoreError> {
    let names = disk.list().map_err(|error| StoreError::Io {
        place: disk.place(FILE),
        error,
    })?;
    without(disk, &names)?;
    if cipher::is_encrypted(&names) && disk.keys().is_none() {
        let place = disk.place("");
        return Err(KeyError::Missing { place }.into());
    }
    upgrade(disk)?;
    Ok(Format::New)
}

/// A journal never lies without the file that says of which version it is.
fn without(disk: &dyn Disk, names: &[String]) -> Result<(), StoreError> {
    let Some(name) = names.iter().find(|name| segment::number(name).is_some()) else {
        return Ok(());
    };
    let reason = format!("expected the file `{FILE}` beside it, found none");
    Err(StoreError::Damaged {
        place: disk.place(name),
        offset: 0,
        reason,
    })
}

/// The file appears under its name only when its text is stable.
pub(super) fn write(disk: &dyn Disk, text: &[u8]) -> io::Result<()> {
    replace(disk, (FILE_NEW, FILE), text)
}
