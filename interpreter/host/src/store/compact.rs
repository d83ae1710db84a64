//! Compaction: the oldest segment is let go of, after everything that is needed of it was written again at the end.
//!
//! A step writes events again that lie in that segment and belong to a run that is kept, as an ordinary batch, and
//! tells the index where they lie now. When there are none any more, the programs in it that are needed and the traffic
//! that was moved are written again; the index is made stable; the journal says that the segment is let go of; and only
//! then its file goes. A crash in between leaves both copies, and the older is let go of later.

mod free;
mod moving;

pub(super) use free::remove;

use super::{Index, Record, StoreError, entry, journal::Appended, shelf::Shelf};
use crate::disk::Disk;
use flowmesh_ir::Hash;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

/// How many bytes of events one step writes again, about.
///
/// A step is one batch, and what is to be appended meanwhile waits for it: about as long as a commit of a full group.
const STEP_BYTES: u64 = 1 << 20;
/// How many runs one step looks at.
const STEP_RUNS: usize = 256;

/// Appends records as one batch.
pub type Append<'a> = &'a mut dyn FnMut(Vec<Record>) -> Result<Appended, StoreError>;

/// What compaction works on.
pub struct Compaction<'a> {
    /// The directory.
    pub disk: &'a dyn Disk,
    /// Its index.
    pub index: &'a Index,
    /// Payloads that were written by this process: the index may not know of them yet.
    pub written: &'a Mutex<BTreeSet<Hash>>,
    /// Programs and settings that runs may be started with, though none was.
    pub in_use: &'a BTreeSet<Hash>,
}

/// What a step has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many runs were seen to.
    Moved(usize),
    /// This segment was let go of.
    Freed(u32),
    /// There is nothing that could be let go of.
    Nothing,
}

/// How much of a journal may be needed by nobody before compaction is worth its while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Of a hundred bytes, so many; with 100 it never is.
    pub percent: u8,
    /// So many in any case.
    pub bytes: u64,
}

impl Default for Due {
    fn default() -> Self {
        Self {
            percent: 50,
            bytes: 64 << 20,
        }
    }
}

/// Whether so much is not needed, payloads that lie apart included, that compaction is worth its while; and whether the
/// journal is so much longer than when it was compacted last and had this length.
///
/// # Errors
/// If the index or the disk cannot be read.
pub fn is_due(disk: &dyn Disk, index: &Index, due: Due, left: u64) -> Result<bool, StoreError> {
    if due.percent >= 100 {
        return Ok(false);
    }
    let (journal, gone) = (bytes(disk)?, free::gone(disk, index)?);
    let all = journal.saturating_add(gone);
    let dead = all.saturating_sub(index.bytes_needed()?);
    let much = dead.saturating_mul(100) >= all.saturating_mul(u64::from(due.percent));
    // What is around records is never needed, and is there again when they were written again.
    let grown = left == 0 || all.saturating_sub(left) >= due.bytes;
    Ok(much && dead >= due.bytes && grown)
}

/// How many bytes all segments have.
///
/// # Errors
/// If the disk cannot be read.
pub fn bytes(disk: &dyn Disk) -> Result<u64, StoreError> {
    let io = |error| StoreError::Io {
        place: disk.place(""),
        error,
    };
    let names = disk.list().map_err(io)?;
    let segments = names.iter().filter(|name| super::segment::number(name).is_some());
    let mut bytes: u64 = 0;
    for name in segments {
        bytes = bytes.saturating_add(disk.length(name).map_err(io)?);
    }
    Ok(bytes)
}

impl Compaction<'_> {
    /// Does a part of the work. Nothing else may be applied to the index meanwhile.
    ///
    /// # Errors
    /// If a batch cannot be appended, or the index or the disk fails.
    pub fn step(&self, append: Append<'_>) -> Result<Step, StoreError> {
        let oldest = self.index.freed().saturating_add(1);
        // Events behind that point may be of runs that the index does not know yet.
        if self.index.upto().segment <= oldest {
            return Ok(Step::Nothing);
        }
        let runs = self.index.runs(&entry::oldest(oldest), STEP_RUNS)?;
        if runs.is_empty() {
            self.free(oldest, append)?;
            return Ok(Step::Freed(oldest));
        }
        let parts = self.gather(&runs, oldest)?;
        if parts.is_empty() {
            return Err(self
                .index
                .damaged("runs that should have events in a segment and have none"));
        }
        let appended = append(parts.iter().cloned().map(Record::History).collect())?;
        self.index.apply(&moving::changes(&parts, &appended))?;
        Ok(Step::Moved(parts.len()))
    }
}

/// Payloads that were written by a process.
pub type Written = Arc<Mutex<BTreeSet<Hash>>>;
