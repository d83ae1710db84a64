//! The key from outside with which a directory is encrypted.

use crate::{error::Error, exit::Exit};
use clap::Args;
use flowmesh_host::{
    disk::Disk,
    store::{self, KeyError, KeyRing, StoreError},
    upkeep::{self, UpkeepError},
};
use std::{path::PathBuf, sync::Arc};

/// Where the key is.
#[derive(Args, Default)]
pub(crate) struct KeyFile {
    /// Encrypt what is written into the directory with the first key in this file; those behind it still open it
    #[arg(long, global = true, value_name = "FILE", env = "FLOWMESH_KEY_FILE")]
    key_file: Option<PathBuf>,
}

impl KeyFile {
    /// The keys, if a file was named.
    pub(crate) fn ring(&self) -> Result<Option<KeyRing>, Error> {
        let read = |path: &PathBuf| KeyRing::read(path);
        self.key_file.as_ref().map(read).transpose().map_err(|error| {
            let exit = Exit::Usage;
            let (code, help) = (error.code(), Some(error.help().to_owned()));
            let message = error.to_string();
            Error::Below {
                code,
                message,
                help,
                exit,
            }
        })
    }

    /// The keys, for what cannot be done without.
    pub(crate) fn needed(&self, place: &str) -> Result<KeyRing, Error> {
        let place = place.to_owned();
        self.ring()?
            .ok_or_else(|| below(&StoreError::Key(KeyError::Missing { place }).into()))
    }

    /// A directory to write into: encrypted from now on, if a file was named.
    pub(crate) fn encrypt(&self, disk: Arc<dyn Disk>) -> Result<Arc<dyn Disk>, Error> {
        match self.ring()? {
            Some(ring) => {
                store::encrypt(disk, &ring, &store::system_random).map_err(|error| below(&error.into()))
            }
            None => Ok(disk),
        }
    }

    /// A directory to read from.
    pub(crate) fn unlock(&self, disk: Arc<dyn Disk>) -> Result<Arc<dyn Disk>, Error> {
        match self.ring()? {
            Some(ring) => {
                store::unlock(disk, &ring, &store::system_random).map_err(|error| below(&error.into()))
            }
            None => Ok(disk),
        }
    }

    /// An empty directory to fill.
    pub(crate) fn fill(&self, disk: Arc<dyn Disk>) -> Result<Arc<dyn Disk>, Error> {
        match self.ring()? {
            Some(ring) => {
                upkeep::encrypted(disk, &ring, &store::system_random).map_err(|error| below(&error))
            }
            None => Ok(disk),
        }
    }
}

/// An error of the upkeep of a directory.
pub(crate) fn below(error: &UpkeepError) -> Error {
    let exit = match error {
        UpkeepError::Store(_) | UpkeepError::Stream(_) => Exit::Trouble,
        UpkeepError::NoStore { .. }
        | UpkeepError::Taken { .. }
        | UpkeepError::Line { .. }
        | UpkeepError::Refused(_) => Exit::Usage,
    };
    Error::Below {
        code: error.code(),
        message: error.to_string(),
        help: Some(error.help().to_owned()),
        exit,
    }
}
