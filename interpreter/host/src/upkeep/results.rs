//! Recorded results of a directory in which no host works: seeing them, and having some forgotten.

use super::UpkeepError;
use crate::{
    disk::Disk,
    engine::{self, ResultFilter, ResultPage, ResultPlace, Store},
    store::{self, OpeningOptions, Record, StoreError},
};
use flowmesh_ir::Name;
use jiff::Timestamp;
use std::sync::Arc;

/// So many results are forgotten in one batch.
const BATCH: usize = 1000;

/// A page of the results of a namespace that somebody means.
///
/// # Errors
/// If there is no store in the directory, it is damaged, or the disk fails.
pub fn results(
    disk: &Arc<dyn Disk>,
    of: (&Name, &ResultFilter),
    page: (Option<ResultPlace>, usize),
    now: Timestamp,
) -> Result<ResultPage, UpkeepError> {
    Ok(open(disk, now)?.engine.result_page(of, page, now))
}

/// Has results forgotten; how many.
///
/// # Errors
/// If there is no store in the directory, it is damaged, there is no room, or the disk fails.
pub fn forget_results(
    disk: &Arc<dyn Disk>,
    of: (&Name, &ResultFilter),
    now: Timestamp,
) -> Result<usize, UpkeepError> {
    let Store {
        engine, mut journal, ..
    } = open(disk, now)?;
    let voided: Vec<Record> = engine
        .results_wanted(of, now)
        .into_iter()
        .map(Record::Voided)
        .collect();
    // Whoever opens the directory next reads what the index was not told.
    for some in voided.chunks(BATCH) {
        journal.append(some).map_err(StoreError::from)?;
    }
    Ok(voided.len())
}

/// What a host would do about its runs is left to the next one: nothing of it is written.
fn open(disk: &Arc<dyn Disk>, now: Timestamp) -> Result<Store, UpkeepError> {
    if !store::is_there(disk.as_ref())? {
        let place = disk.place("");
        return Err(UpkeepError::NoStore { place });
    }
    Ok(engine::open(Arc::clone(disk), &OpeningOptions::default(), now)?)
}
