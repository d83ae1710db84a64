//! Compaction of a directory in which no host works: all of its journal is written again that is needed, and the rest goes.

use super::{Progress, Retiring, UpkeepError, retire::retire};
use crate::{
    disk::Disk,
    engine::{self, Store},
    store::{
        self, Changes, OpeningOptions, Shelf, StoreError,
        compact::{self, Compaction, Step},
    },
};
use jiff::Timestamp;
use std::{collections::BTreeSet, sync::Arc};

/// What compaction came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// How many bytes the journal and the payloads beside it had.
    pub before: u64,
    /// How many they have now.
    pub after: u64,
    /// How many segments went.
    pub segments: u64,
    /// How many runs went that ended long ago.
    pub runs: usize,
}

/// Compacts a directory, after runs were let go of that ended long ago. Wherever it is interrupted, nothing is lost, and it may be begun anew.
///
/// # Errors
/// If there is no store in it, it is damaged, there is no room, or the disk fails.
pub fn compact(
    disk: &Arc<dyn Disk>,
    now: Timestamp,
    retiring: Option<&Retiring<'_>>,
    progress: Progress<'_>,
) -> Result<Compacted, UpkeepError> {
    if !store::is_there(disk.as_ref())? {
        let place = disk.place("");
        return Err(UpkeepError::NoStore { place });
    }
    let before = bytes(disk.as_ref())?;
    store::renew_index(disk.as_ref())?;
    // What a host would do about its runs is left to the next one: nothing of it is written.
    let Store {
        engine,
        mut journal,
        index,
        ..
    } = engine::open(Arc::clone(disk), &OpeningOptions::default(), now)?;
    let runs = match retiring {
        Some(retiring) => retire(retiring, (&mut journal, &index), &engine)?,
        None => 0,
    };
    journal
        .roll()
        .map_err(StoreError::from)?
        .into_iter()
        .for_each(|sealed| index.seal(sealed));
    index.apply(&Changes {
        upto: Some(journal.end()),
        ..Changes::default()
    })?;
    let (last, total) = (journal.end().segment, compact::bytes(disk.as_ref())?);
    let written = journal.written();
    let compaction = Compaction {
        disk: disk.as_ref(),
        index: &index,
        written: &written,
        // Programs that no run has are deployed again by whoever needs them.
        in_use: &BTreeSet::new(),
    };
    let mut compacted = Compacted {
        before,
        after: before,
        segments: 0,
        runs,
    };
    let mut done: u64 = 0;
    while index.freed().saturating_add(1) < last {
        let first = store::segment_bytes(disk.as_ref(), index.freed().saturating_add(1));
        let step = compaction.step(&mut |records| {
            let appended = journal.append(&records)?;
            if let Some(sealed) = appended.sealed.clone() {
                index.seal(sealed);
            }
            Ok(appended)
        })?;
        match step {
            Step::Moved(_) => {}
            Step::Freed(_) => {
                compacted.segments = compacted.segments.saturating_add(1);
                done = done.saturating_add(first);
            }
            Step::Nothing => break,
        }
        progress(done, total);
    }
    index.checkpoint()?;
    compacted.after = bytes(disk.as_ref())?;
    drop((engine, journal, index));
    store::tidy(disk.as_ref(), &store::system_random)?;
    Ok(compacted)
}

/// How long journal and payloads are.
fn bytes(disk: &dyn Disk) -> Result<u64, StoreError> {
    let mut all: u64 = 0;
    for name in store::files(disk)? {
        let length = disk.length(&name).map_err(|error| StoreError::Io {
            place: disk.place(&name),
            error,
        })?;
        all = all.saturating_add(length);
    }
    Ok(all)
}
