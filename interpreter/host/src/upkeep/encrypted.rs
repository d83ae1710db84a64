//! A directory that is to be filled and encrypted from its beginning.

use super::{UpkeepError, copy::empty};
use crate::{
    disk::Disk,
    store::{self, KeyRing, Random},
};
use std::sync::Arc;

/// An empty directory with keys of its own.
///
/// # Errors
/// If something is in it, or the disk fails.
pub fn encrypted(
    disk: Arc<dyn Disk>,
    ring: &KeyRing,
    random: Random<'_>,
) -> Result<Arc<dyn Disk>, UpkeepError> {
    empty(disk.as_ref())?;
    Ok(store::encrypt(disk, ring, random)?)
}
