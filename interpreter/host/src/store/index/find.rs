//! Where things lie that the index knows of: events, programs, payloads.

use super::{
    Index,
    error::Trouble,
    places,
    shelf::{stored, with_prefix},
    tables,
};
use crate::{
    RunId,
    store::{
        Record, StoreError,
        changes::Kept,
        entry::{self, Entry},
        record::{EventRecord, Location, Order},
        row::Block,
    },
};
use flowmesh_ir::Hash;
use jiff::Timestamp;
use redb::ReadableTable;
use std::{collections::BTreeSet, ops::Bound, sync::Arc};

/// Where a run stands among those that ended in its state, the earliest first.
#[derive(Clone, Debug)]
pub(crate) struct EndedPlace(Entry);

impl Index {
    pub(super) fn events_at(
        &self,
        run: RunId,
        (first, blocks): &(u64, Vec<Block>),
        from: u64,
    ) -> Result<Vec<EventRecord>, StoreError> {
        let mut next = *first;
        let mut events = Vec::new();
        for block in blocks {
            let (found, _) = self.block(run, next, *block)?;
            next = next.saturating_add(u64::from(block.events));
            events.extend(found.into_iter().filter(|event| event.sequence >= from));
        }
        Ok(events)
    }

    pub(super) fn place_of(&self, hash: Hash) -> Result<Option<Location>, StoreError> {
        self.read(|transaction| {
            let table = transaction.open_table(tables::PROGRAMS)?;
            let Some(found) = table.get(&hash.0)? else {
                return Ok(None);
            };
            let place = tables::read_location(found.value());
            place
                .map(Some)
                .ok_or(Trouble::Damaged("a program without its place"))
        })
    }

    pub(super) fn program_at(&self, hash: Hash, place: Location) -> Result<Arc<[u8]>, StoreError> {
        match self.reader().read(place)? {
            Record::Program {
                hash: found,
                json: bytes,
            }
            | Record::Settings { hash: found, bytes }
                if found == hash =>
            {
                Ok(bytes)
            }
            _ => Err(self.damaged("the place of a program, where something else lies")),
        }
    }

    /// Where the events of a run lie, from the block with an event on, and the number of the first of them.
    pub(in crate::store) fn places(&self, run: RunId, from: u64) -> Result<(u64, Vec<Block>), StoreError> {
        self.read(|transaction| {
            let Some(stored) = stored(transaction, run)? else {
                return Ok((from, Vec::new()));
            };
            places::from(run, &stored, from, &transaction.open_table(tables::PLACES)?)
        })
    }

    /// The events of one block, of which the first has this number, and when each was written first.
    pub(in crate::store) fn block(
        &self,
        run: RunId,
        first: u64,
        block: Block,
    ) -> Result<(Vec<EventRecord>, Vec<Order>), StoreError> {
        let (events, order) = self.reader().ordered(block.place)?;
        let right = |(number, event): (u64, &EventRecord)| event.run == run && event.sequence == number;
        if events.len() as u64 == u64::from(block.events) && (first..).zip(&events).all(right) {
            Ok((events, order))
        } else {
            Err(self.damaged("the place of an event, where something else lies"))
        }
    }

    /// Programs and settings, and where they lie.
    pub(in crate::store) fn all_programs(&self) -> Result<Vec<Kept>, StoreError> {
        self.read(|transaction| {
            let mut all = Vec::new();
            for one in transaction.open_table(tables::PROGRAMS)?.iter()? {
                let (hash, place) = one?;
                let place = tables::read_location(place.value());
                let place = place.ok_or(Trouble::Damaged("a program without its place"))?;
                let hash = Hash(*hash.value());
                all.push(Kept { hash, place });
            }
            Ok(all)
        })
    }

    /// The payloads of runs that lie apart, each once.
    pub(in crate::store) fn blobs(&self) -> Result<Vec<Hash>, StoreError> {
        self.read(|transaction| {
            let mut all = Vec::new();
            with_prefix(transaction, &entry::blobs(), |entry| {
                let hash = entry::as_blob(entry);
                if all.last().copied() != hash {
                    all.extend(hash);
                }
                true
            })?;
            Ok(all)
        })
    }

    /// Whether a payload that lies apart is of a run, or of one whose records may still be read.
    pub(in crate::store) fn needs_blob(&self, hash: Hash) -> Result<bool, StoreError> {
        if !self.runs(&entry::blob(hash), 1)?.is_empty() {
            return Ok(true);
        }
        Ok(self.all_gone()?.contains(&hash))
    }

    /// Payloads that only records name which nobody needs.
    pub(in crate::store) fn gone_blobs(&self) -> Result<Vec<Hash>, StoreError> {
        let mut gone = Vec::new();
        for hash in self.all_gone()? {
            if self.runs(&entry::blob(hash), 1)?.is_empty() {
                gone.push(hash);
            }
        }
        Ok(gone)
    }

    fn all_gone(&self) -> Result<BTreeSet<Hash>, StoreError> {
        self.read(|transaction| {
            let mut all = BTreeSet::new();
            with_prefix(transaction, &entry::all_gone(), |entry| {
                all.extend(entry::as_gone(entry));
                true
            })?;
            Ok(all)
        })
    }

    /// Runs that ended in a state before a time, the earliest first.
    pub(crate) fn ended_before(
        &self,
        state: &str,
        before: Timestamp,
        most: usize,
    ) -> Result<Vec<RunId>, StoreError> {
        let (all, end) = (entry::ended(state), entry::ended(state).time(before));
        self.read(|transaction| {
            let mut runs = Vec::new();
            with_prefix(transaction, &all, |entry| {
                let earlier = entry < end.0.as_slice() && runs.len() < most;
                runs.extend(entry::run(entry).filter(|_| earlier));
                earlier
            })?;
            Ok(runs)
        })
    }

    /// The same behind a place, each with its own.
    pub(crate) fn ended_behind(
        &self,
        state: &str,
        behind: Option<&EndedPlace>,
        (before, most): (Timestamp, usize),
    ) -> Result<Vec<(EndedPlace, RunId)>, StoreError> {
        let (all, end) = (entry::ended(state), entry::ended(state).time(before));
        let from = behind.map_or(Bound::Included(&all), |EndedPlace(place)| Bound::Excluded(place));
        let from = from.map(|entry| entry.0.as_slice());
        self.read(|transaction| {
            let mut runs = Vec::new();
            let table = transaction.open_table(tables::ENTRIES)?;
            for one in table.range::<&[u8]>((from, Bound::Excluded(end.0.as_slice())))? {
                let (key, _) = one?;
                if runs.len() >= most {
                    break;
                }
                let place = EndedPlace(Entry(key.value().to_vec()));
                runs.extend(entry::run(key.value()).map(|run| (place, run)));
            }
            Ok(runs)
        })
    }

    /// Runs whose entries begin with something, in order, at most so many.
    pub(in crate::store) fn runs(&self, prefix: &Entry, limit: usize) -> Result<Vec<RunId>, StoreError> {
        self.read(|transaction| {
            let mut runs = Vec::new();
            with_prefix(transaction, prefix, |entry| {
                if runs.len() < limit {
                    runs.extend(entry::run(entry));
                }
                runs.len() < limit
            })?;
            Ok(runs)
        })
    }
}
