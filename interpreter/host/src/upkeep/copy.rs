//! Copies of a directory: backups, also while a host works in it, and what is made of them again.
//!
//! A journal only grows at its end, and payloads are stable before a batch names them. So a copy of the segments in
//! their order, and then of the payloads, holds everything that was acknowledged before it began. Only compaction takes
//! files away: then the copy begins anew. What was copied is seen to before it becomes a store.

use super::{Progress, UpkeepError};
use crate::{
    disk::Disk,
    store::{self, Keyed, StoreError, Survey},
};
use std::{collections::BTreeSet, io, sync::Arc};

/// How often a copy is begun while files are taken away.
const TRIES: usize = 5;
/// Files of a directory that are not its content.
const OTHERS: [&str; 2] = ["LOCK", "api"];

/// What was copied.
#[derive(Debug)]
pub struct Copied {
    /// How many files.
    pub files: usize,
    /// How many bytes.
    pub bytes: u64,
    /// What the copy holds.
    pub survey: Survey,
}

/// Copies the store in a directory to one that is empty. The index is not copied: it is made again from the journal.
///
/// # Errors
/// If there is no store, it is damaged, the other directory is not empty, or a disk fails.
pub fn copy(from: &dyn Disk, to: &dyn Disk, progress: Progress<'_>) -> Result<Copied, UpkeepError> {
    if !store::is_there(from)? {
        let place = from.place("");
        return Err(UpkeepError::NoStore { place });
    }
    empty(to)?;
    let copied = tries(from, to, progress);
    if copied.is_err() {
        // The first error is what matters.
        let _ = store::clear(to);
    }
    copied
}

/// Sees that nothing is in a directory that is to be filled.
pub(super) fn empty(disk: &dyn Disk) -> Result<(), UpkeepError> {
    let place = disk.place("");
    let names = disk.list().map_err(|error| StoreError::Io {
        place: place.clone(),
        error,
    })?;
    let is_ours = |name: &String| disk.keys().is_some() && name == store::KEYS;
    match names
        .into_iter()
        .find(|name| !OTHERS.contains(&name.as_str()) && !is_ours(name))
    {
        None => Ok(()),
        Some(file) => Err(UpkeepError::Taken { place, file }),
    }
}

fn tries(from: &dyn Disk, to: &dyn Disk, progress: Progress<'_>) -> Result<Copied, UpkeepError> {
    let mut tried: usize = 0;
    loop {
        tried = tried.saturating_add(1);
        let before = store::files(from)?;
        let keys = store::keys_text(from)?;
        let copied = once(from, to, &before, progress)?;
        if copied.survey.is_sound() {
            store::adopt(from, to)?;
        }
        // The last compaction may have let go of data keys.
        let as_before = keys == store::keys_text(from)?;
        if copied.survey.is_sound() && as_before {
            return Ok(copied);
        }
        let after: BTreeSet<String> = store::files(from)?.into_iter().collect();
        let taken_away = !as_before || before.iter().any(|name| !after.contains(name));
        if !taken_away || tried >= TRIES {
            return Err(not_sound(from).into());
        }
        store::clear(to)?;
    }
}

/// One copy, and what it holds.
fn once(
    from: &dyn Disk,
    to: &dyn Disk,
    segments: &[String],
    progress: Progress<'_>,
) -> Result<Copied, UpkeepError> {
    let mut copied = Copied {
        files: 0,
        bytes: 0,
        survey: Survey::default(),
    };
    let blobs = |names: Vec<String>| names.into_iter().filter(|name| store::is_blob(name));
    let segments = segments.iter().filter(|name| !store::is_blob(name)).cloned();
    for name in segments {
        file(from, to, &name, &mut copied)?;
        progress(copied.bytes, copied.bytes);
    }
    for name in blobs(store::files(from)?) {
        file(from, to, &name, &mut copied)?;
        progress(copied.bytes, copied.bytes);
    }
    to.sync_directory().map_err(|error| failed(to, "", error))?;
    copied.survey = survey(from, to, progress)?;
    store::cut(to, &copied.survey)?;
    Ok(copied)
}

/// What a copy holds, seen to with the keys of the other one, if they are there. Without them, checksums are seen to.
fn survey(from: &dyn Disk, to: &dyn Disk, progress: Progress<'_>) -> Result<Survey, StoreError> {
    if let Some(keys) = from.keys() {
        let to = Keyed::new(to, Arc::clone(keys));
        return store::survey(&to, &mut |_, _| Ok(()), progress);
    }
    // Its keys say that it is encrypted.
    if let Some(keys) = store::keys_text(from)? {
        store::adopt_keys(to, &keys)?;
    }
    store::survey(to, &mut |_, _| Ok(()), progress)
}

/// Copies a file, if it is still there.
fn file(from: &dyn Disk, to: &dyn Disk, name: &str, copied: &mut Copied) -> Result<(), StoreError> {
    let bytes = match from.read(name) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(from, name, error)),
    };
    let write = || {
        let mut file = to.append(name)?;
        file.truncate(0)?;
        file.append(&bytes)?;
        file.sync()
    };
    write().map_err(|error| failed(to, name, error))?;
    copied.files = copied.files.saturating_add(1);
    copied.bytes = copied.bytes.saturating_add(bytes.len() as u64);
    Ok(())
}

/// What is wrong with a directory whose copy is not sound, where it lies.
fn not_sound(from: &dyn Disk) -> StoreError {
    let survey = match store::survey(from, &mut |_, _| Ok(()), &mut |_, _| {}) {
        Ok(survey) => survey,
        Err(error) => return error,
    };
    let first = survey.damages.into_iter().next();
    first.map_or_else(
        || StoreError::Contradiction {
            reason: format!("runs in `{}` are not whole", from.place("")),
        },
        |damage| damage.into(),
    )
}

fn failed(disk: &dyn Disk, name: &str, error: io::Error) -> StoreError {
    let place = disk.place(name);
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { place },
        _ => StoreError::Io { place, error },
    }
}
