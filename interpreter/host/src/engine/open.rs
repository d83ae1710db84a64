//! A store with its runs: the engine where the journal ends, and an index that knows all that it knows.

use super::{Engine, Restoring};
use crate::{
    disk::Disk,
    store::{Changes, Index, Journal, Opened, Opening, OpeningOptions, Shelf, StoreError},
};
use jiff::Timestamp;
use std::sync::Arc;

/// So many rows are applied at once.
const ROWS: usize = 4096;

/// A store that was opened.
pub struct Store {
    /// Its runs.
    pub engine: Engine,
    /// Its journal.
    pub journal: Journal,
    /// What its runs are found by.
    pub index: Arc<Index>,
    /// How many runs had not ended.
    pub live: u64,
    /// What was found in it.
    pub opened: Opened,
}

/// Opens a directory, or makes a store in it.
///
/// # Errors
/// If it is of another version or damaged, if a run in it cannot be gone on with, or if the disk fails.
pub fn open(disk: Arc<dyn Disk>, options: &OpeningOptions, now: Timestamp) -> Result<Store, StoreError> {
    let mut opening = Opening::begin(disk, options)?;
    let index = Arc::clone(opening.index());
    // An index that was made again knows nothing yet.
    let mut restoring = if index.upto().batch > 0 {
        let mut restoring = Restoring::behind(&index)?;
        opening.replay(&mut restoring)?;
        restoring
    } else {
        let mut restoring = Restoring::beside(Arc::clone(&index));
        opening.replay_all(&mut restoring)?;
        restoring
    };
    restoring.in_order();
    index.apply(&Changes {
        runs: restoring.forgotten(),
        programs: restoring.programs(),
        acts: restoring.acts(now),
        ..restoring.between().changes()
    })?;
    loop {
        let runs = restoring.rows(ROWS);
        if runs.is_empty() {
            break;
        }
        index.apply(&Changes {
            runs,
            ..Changes::default()
        })?;
    }
    let (journal, index, opened) = opening.finish()?;
    restoring.index_stands(journal.end());
    let live = index.programs()?.iter().map(|(_, live)| *live).sum();
    Ok(Store {
        engine: restoring.finish(now),
        live,
        journal,
        index,
        opened,
    })
}
