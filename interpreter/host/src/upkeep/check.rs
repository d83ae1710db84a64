//! Checking a directory: everything in it is read, and every run is played to the machine once more.

use super::{Progress, UpkeepError};
use crate::{
    disk::Disk,
    engine::Restoring,
    store::{self, StoreError, Survey},
};
use std::sync::Arc;

/// What a check has found.
#[derive(Debug)]
pub struct Checked {
    /// What the files hold.
    pub survey: Survey,
    /// Why a host could not go on from what they hold, though they are whole.
    pub unplayable: Option<StoreError>,
}

impl Checked {
    /// Whether a host can go on from it, and nothing is lost.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.survey.is_sound() && self.unplayable.is_none()
    }
}

/// Checks a directory. Nothing is changed in it.
///
/// # Errors
/// If there is no store in it, or a file cannot be read at all.
pub fn check(disk: &Arc<dyn Disk>, progress: Progress<'_>) -> Result<Checked, UpkeepError> {
    if !store::is_there(disk.as_ref())? {
        let place = disk.place("");
        return Err(UpkeepError::NoStore { place });
    }
    let survey = store::survey(disk.as_ref(), &mut |_, _| Ok(()), progress)?;
    let unplayable = if survey.is_sound() && survey.locked == 0 {
        match store::read_journal(disk, &mut Restoring::default()) {
            Ok(()) => None,
            Err(error @ StoreError::Io { .. }) => return Err(error.into()),
            Err(error) => Some(error),
        }
    } else {
        None
    };
    Ok(Checked { survey, unplayable })
}
