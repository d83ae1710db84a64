//! Files that only their owner may read, and that are never half written.

use crate::{error::Error, project::words};
use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

/// Who may read what is secret.
pub(crate) const OWNER: u32 = 0o600;
/// Who may read what is not.
pub(crate) const ALL: u32 = 0o644;

/// Makes a directory that only its owner may look into, if there is none.
pub(crate) fn directory(dir: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(dir)
        .map_err(|why| Error::unwritable(dir, &words(&why)))
}

/// Writes a file that is not there yet.
pub(crate) fn create(path: &Path, text: &str, mode: u32) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|why| match why.kind() {
        ErrorKind::AlreadyExists => Error::Exists {
            path: path.to_owned(),
        },
        _ => Error::unwritable(path, &words(&why)),
    })
}

/// Writes a file in the place of the one that may be there. Whoever reads it has the old content or the new one, never a
/// part.
pub(crate) fn replace(path: &Path, text: &str, mode: u32) -> Result<(), Error> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    // One that was left behind by a crash.
    match fs::remove_file(&beside) {
        Err(why) if why.kind() != ErrorKind::NotFound => return Err(Error::unwritable(beside, &words(&why))),
        _ => {}
    }
    create(&beside, text, mode)?;
    fs::rename(&beside, path).map_err(|why| Error::unwritable(path, &words(&why)))
}
