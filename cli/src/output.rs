//! Writing files whole or not at all.

use crate::error::Error;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

/// Puts a text where a path says: beside it first, then in its place, so that nobody ever sees half of it.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    // Through a symbolic link, as an editor would.
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    replace(&place, text).map_err(|why| Error::unwritable(path, &crate::project::words(&why)))
}

fn replace(place: &Path, text: &str) -> io::Result<()> {
    let name = place
        .file_name()
        .ok_or(io::ErrorKind::InvalidInput)?
        .to_string_lossy();
    let beside = place.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = write_through(&beside, place, text).and_then(|()| fs::rename(&beside, place));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write_through(beside: &Path, place: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create_new(beside)?;
    file.write_all(text.as_bytes())?;
    if let Ok(before) = fs::metadata(place) {
        file.set_permissions(before.permissions())?;
    }
    file.sync_all()
}
