//! The version of the layout, in a file of its own, so that any version can say which one it met.

use super::{StoreError, segment};
use crate::disk::Disk;
use std::io;

/// The version that this program reads and writes.
const VERSION: u32 = 1;
const FILE: &str = "FORMAT";
const FILE_NEW: &str = "FORMAT.new";

/// Sees that the directory holds a store of this version, and makes one where there is nothing.
pub(super) fn check(disk: &dyn Disk) -> Result<(), StoreError> {
    match disk.read(FILE) {
        Ok(found) => compare(disk, &found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(disk),
        Err(error) => Err(StoreError::Io {
            place: disk.place(FILE),
            error,
        }),
    }
}

fn text() -> String {
    format!("flowmesh store {VERSION}\n")
}

fn compare(disk: &dyn Disk, found: &[u8]) -> Result<(), StoreError> {
    if found == text().as_bytes() {
        return Ok(());
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

/// The file appears under its name only when its text is stable.
fn create(disk: &dyn Disk) -> Result<(), StoreError> {
    let io = |error| StoreError::Io {
        place: disk.place(FILE),
        error,
    };
    let names = disk.list().map_err(io)?;
    if let Some(name) = names.iter().find(|name| segment::number(name).is_some()) {
        let reason = format!("expected the file `{FILE}` beside it, found none");
        return Err(StoreError::Damaged {
            place: disk.place(name),
            offset: 0,
            reason,
        });
    }
    write(disk).map_err(|error| segment::io_error(disk, FILE, error).into())
}

fn write(disk: &dyn Disk) -> io::Result<()> {
    let mut file = disk.append(FILE_NEW)?;
    file.truncate(0)?;
    file.append(text().as_bytes())?;
    file.sync()?;
    disk.rename(FILE_NEW, FILE)?;
    disk.sync_directory()
}
