//! The index: a database beside the journal, of everything by which runs are found while they are not in memory.
//!
//! INVARIANT: it is never ahead of the journal: what is applied follows from batches that are on stable storage. It may
//! lag behind, and it can be lost: everything in it follows from the journal, and is made again from there.
//!
//! What is applied is stable at the next checkpoint. Where there is no room for it, the database is opened once more
//! as it was at the last one, and what was applied since then is applied again.

mod apply;
mod backend;
mod count;
mod database;
mod error;
pub(super) mod find;
mod places;
mod search;
mod shelf;
mod tables;

use super::{StoreError, changes::Changes, journal::Reader, record::Position, segment::Sealed};
use crate::disk::Disk;
use database::{Known, begin, database, known, tables as make_tables};
use error::{Tried, Trouble};
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable, WriteTransaction};
use std::{
    collections::BTreeMap,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

/// The file of the index.
pub(super) const FILE: &str = "index.redb";
/// When so many runs were applied since the last checkpoint, there is another: they are kept in memory until then.
const UNSTABLE_MAX: usize = 20_000;

/// The index, open.
pub struct Index {
    disk: Arc<dyn Disk>,
    reader: Reader,
    cache_bytes: usize,
    /// Closed after there was no room.
    database: RwLock<Option<Arc<Database>>>,
    /// Locked by who writes. INVARIANT: locked before `database`.
    state: Mutex<State>,
}

struct State {
    /// What was applied since the last checkpoint.
    unstable: Vec<Arc<Changes>>,
    unstable_runs: usize,
    /// Segments that were closed since the last change.
    sealed: BTreeMap<u32, Sealed>,
    upto: Position,
    /// What of it is stable.
    upto_stable: Position,
    freed: u32,
}

/// What became of an index that was there, or was not.
pub(super) enum Attempt {
    /// It is as it was left.
    Sound(Box<Index>),
    /// It cannot be used, and why.
    Unusable(String),
}

impl Index {
    /// Opens the index of a directory, if there is one that can be used.
    ///
    /// # Errors
    /// If the disk fails.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        cache_bytes: usize,
        checked_max: u64,
    ) -> Result<Attempt, StoreError> {
        let length = match disk.length(FILE) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Attempt::Unusable("there is none".to_owned()));
            }
            Err(error) => {
                let place = disk.place(FILE);
                return Err(StoreError::Io { place, error });
            }
        };
        // The database does not promise to say of what was changed behind its back that it is damaged; it may panic.
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let database = database(disk.as_ref(), cache_bytes, length <= checked_max)?;
            let known = known(&database)?;
            Ok::<_, Trouble>((database, known))
        }));
        let error = match opened {
            Ok(Ok((database, Some(known)))) => {
                let index = Self::new(disk, cache_bytes, database, known);
                return Ok(Attempt::Sound(Box::new(index)));
            }
            Ok(Ok((_, None))) => return Ok(Attempt::Unusable("it is of another version".to_owned())),
            Ok(Err(trouble)) => trouble.at(disk.place(FILE)),
            Err(_) => return Ok(Attempt::Unusable("it is damaged".to_owned())),
        };
        match error {
            StoreError::Io { ref error, .. } if error.kind() == io::ErrorKind::UnexpectedEof => {
                Ok(Attempt::Unusable("it is cut off".to_owned()))
            }
            // So the database says it of a file that is not one yet: the power failed while it was made.
            StoreError::Io { ref error, .. } if error.kind() == io::ErrorKind::InvalidData => {
                Ok(Attempt::Unusable(error.to_string()))
            }
            StoreError::Io { .. } | StoreError::Full { .. } => Err(error),
            StoreError::Index { reason, .. } => Ok(Attempt::Unusable(reason)),
            other => Ok(Attempt::Unusable(other.to_string())),
        }
    }

    /// Makes an empty index, in the place of one that there may be.
    ///
    /// # Errors
    /// If the disk fails.
    pub(super) fn create(disk: Arc<dyn Disk>, cache_bytes: usize) -> Result<Self, StoreError> {
        match disk.remove(FILE) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let place = disk.place(FILE);
                return Err(StoreError::Io { place, error });
            }
        }
        let made = database(disk.as_ref(), cache_bytes, false).and_then(|database| {
            let transaction = begin(&database, true)?;
            make_tables(&transaction)?;
            transaction.commit()?;
            Ok(database)
        });
        let made = made.map_err(|trouble| trouble.at(disk.place(FILE)))?;
        disk.sync_directory().map_err(|error| StoreError::Io {
            place: disk.place(FILE),
            error,
        })?;
        Ok(Self::new(disk, cache_bytes, made, Known::default()))
    }

    fn new(disk: Arc<dyn Disk>, cache_bytes: usize, database: Database, known: Known) -> Self {
        Self {
            reader: Reader::new(disk.clone()),
            disk,
            cache_bytes,
            database: RwLock::new(Some(Arc::new(database))),
            state: Mutex::new(State {
                unstable: Vec::new(),
                unstable_runs: 0,
                sealed: BTreeMap::new(),
                upto: known.upto,
                upto_stable: known.upto,
                freed: known.freed,
            }),
        }
    }

    /// A batch all of whose effects are in it.
    #[must_use]
    pub fn upto(&self) -> Position {
        self.state().upto
    }

    /// A batch all of whose effects are in it and stable.
    #[must_use]
    pub fn upto_stable(&self) -> Position {
        self.state().upto_stable
    }

    /// The last segment that was let go of.
    #[must_use]
    pub fn freed(&self) -> u32 {
        self.state().freed
    }

    pub(super) fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Segments that are closed.
    pub(super) fn sealed(&self) -> Result<BTreeMap<u32, Sealed>, StoreError> {
        let mut all = self.read(|transaction| {
            let table = transaction.open_table(tables::SEALED)?;
            let mut all = BTreeMap::new();
            for one in table.iter()? {
                let (segment, bytes) = one?;
                let segment = segment.value();
                let sealed = tables::read_sealed(segment, bytes.value());
                all.insert(
                    segment,
                    sealed.ok_or(Trouble::Damaged("a segment that is not whole"))?,
                );
            }
            Ok(all)
        })?;
        all.extend(
            self.state()
                .sealed
                .iter()
                .map(|(segment, sealed)| (*segment, sealed.clone())),
        );
        Ok(all)
    }

    /// A segment is closed.
    pub fn seal(&self, sealed: Sealed) {
        self.state().sealed.insert(sealed.segment, sealed);
    }

    /// How many bytes of the journal are needed by a row.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn bytes_needed(&self) -> Result<u64, StoreError> {
        self.read(|transaction| {
            let counts = transaction.open_table(tables::COUNTS)?;
            let bytes = counts.get(count::bytes().as_slice())?;
            Ok(bytes.map_or(0, |bytes| bytes.value()))
        })
    }

    /// It failed in a way that nobody can tell.
    pub(crate) fn broken(&self) -> StoreError {
        self.damaged("it cannot be read")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self) -> String {
        self.disk.place(FILE)
    }

    pub(super) fn damaged(&self, reason: &str) -> StoreError {
        StoreError::Index {
            place: self.place(),
            reason: reason.to_owned(),
        }
    }

    fn take(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut state = self.state();
        let segment = changes.upto.unwrap_or(state.upto).segment.max(state.upto.segment);
        let result = self.write(&mut state, false, |transaction| {
            apply::apply(transaction, changes, segment)
        });
        self.settle(result)?;
        state.upto = changes.upto.unwrap_or(state.upto);
        state.unstable_runs = state.unstable_runs.saturating_add(changes.runs.len());
        state.unstable.push(Arc::new(changes.clone()));
        if state.unstable_runs >= UNSTABLE_MAX {
            let result = self.write(&mut state, true, |_| Ok(()));
            self.settle(result)?;
            stable(&mut state);
        }
        Ok(())
    }

    fn make_stable(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.unstable.is_empty() && state.sealed.is_empty() {
            return Ok(());
        }
        let result = self.write(&mut state, true, |_| Ok(()));
        self.settle(result)?;
        stable(&mut state);
        Ok(())
    }

    /// Takes note, for good, that segments up to this one are let go of.
    pub(super) fn free(&self, segment: u32) -> Result<(), StoreError> {
        let mut state = self.state();
        let result = self.write(&mut state, true, |transaction| apply::free(transaction, segment));
        self.settle(result)?;
        state.freed = segment;
        stable(&mut state);
        Ok(())
    }

    /// One transaction, with what was applied and lost before it, and with the segments that were closed.
    fn write(
        &self,
        state: &mut State,
        is_stable: bool,
        act: impl FnOnce(&WriteTransaction) -> Tried<()>,
    ) -> Tried<()> {
        let database = self.opened(state)?;
        let transaction = begin(&database, is_stable)?;
        if !state.sealed.is_empty() {
            apply::seal(&transaction, state.sealed.values())?;
        }
        act(&transaction)?;
        transaction.commit()?;
        Ok(())
    }

    /// After a failure the database is closed: it takes nothing any more.
    fn settle(&self, result: Tried<()>) -> Result<(), StoreError> {
        let result = result.map_err(|trouble| trouble.at(self.place()));
        if result.is_err() {
            self.hold(None);
        }
        result
    }

    fn held(&self) -> Option<Arc<Database>> {
        self.database
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn hold(&self, database: Option<Arc<Database>>) {
        *self.database.write().unwrap_or_else(PoisonError::into_inner) = database;
    }

    /// The database; if it was closed, as it was left at the last checkpoint, and what was applied since.
    fn opened(&self, state: &State) -> Tried<Arc<Database>> {
        if let Some(database) = self.held() {
            return Ok(database);
        }
        let database = database(self.disk.as_ref(), self.cache_bytes, false)?;
        for changes in &state.unstable {
            let transaction = begin(&database, false)?;
            apply::apply(&transaction, changes, state.upto.segment)?;
            transaction.commit()?;
        }
        let database = Arc::new(database);
        self.hold(Some(Arc::clone(&database)));
        Ok(database)
    }

    /// Reads what was applied so far. Nobody waits for those who write.
    fn read<T>(&self, act: impl FnOnce(&ReadTransaction) -> Tried<T>) -> Result<T, StoreError> {
        let database = self.held().map_or_else(|| self.opened(&self.state()), Ok);
        database
            .and_then(|database| Ok(database.begin_read()?))
            .and_then(|transaction| act(&transaction))
            .map_err(|trouble| trouble.at(self.place()))
    }
}

fn stable(state: &mut State) {
    state.upto_stable = state.upto;
    state.unstable.clear();
    state.unstable_runs = 0;
    state.sealed.clear();
}

#[cfg(test)]
mod tests;
