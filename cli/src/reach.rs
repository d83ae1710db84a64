//! What is done on a server, or in a directory that none serves.

use crate::{
    client::Client,
    error::Error,
    keys::{KeyFile, below},
};
use flowmesh_host::{
    disk::{Disk, RealDisk},
    store::{self, lock_error},
    upkeep::UpkeepError,
};
use std::{path::Path, sync::Arc};

/// What was reached.
pub(crate) enum Reached {
    /// A server, which works in its directory.
    Server(Client),
    /// A directory in which nothing works, locked for as long as this is there.
    Store(Arc<dyn Disk>),
}

/// The store in a directory, if there is one and nothing works in it.
pub(crate) fn store(dir: &Path, keys: &KeyFile) -> Result<Option<Arc<dyn Disk>>, Error> {
    // To lock a directory makes it; one that is not there is not to be made.
    if !dir.is_dir() || !is_store(dir)? {
        return Ok(None);
    }
    match RealDisk::open(dir) {
        Ok(disk) => keys.encrypt(Arc::new(disk)).map(Some),
        Err(error) => match lock_error(dir, error) {
            store::StoreError::InUse { .. } => Ok(None),
            other => Err(below(&UpkeepError::Store(other))),
        },
    }
}

fn is_store(dir: &Path) -> Result<bool, Error> {
    store::is_there(&RealDisk::look(dir)).map_err(|error| below(&error.into()))
}
