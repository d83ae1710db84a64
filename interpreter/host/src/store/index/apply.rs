//! Taking changes: rows, the entries that follow from them, counts, places, and how far the journal is in all that.

use super::{
    count::Counting,
    error::{Tried, Trouble},
    places, tables,
};
use crate::{
    RunId,
    store::{
        changes::{Change, Changes, Moved, Put, Snapshot},
        entry::{self, Entry},
        row::{self, Block, Row, proto::Stored},
        segment::Sealed,
    },
};
use redb::{ReadableTable, Table, WriteTransaction};

/// A longer ending lies apart from its row, so that rows stay short.
const ENDING_BYTES_MAX: usize = 16 << 10;

type Bytes = &'static [u8];
type Id = &'static [u8; 16];

/// The tables that rows are in, open for writing.
struct Rows<'t> {
    rows: Table<'t, Id, Bytes>,
    entries: Table<'t, Bytes, ()>,
    places: Table<'t, Bytes, Bytes>,
    endings: Table<'t, Id, Bytes>,
    snapshots: Table<'t, Id, Bytes>,
    counting: Counting,
}

/// Writes changes into a transaction.
///
/// `segment` is one that all events lie in or before that are in the index.
pub(super) fn apply(transaction: &WriteTransaction, changes: &Changes, segment: u32) -> Tried<()> {
    let mut rows = Rows {
        rows: transaction.open_table(tables::ROWS)?,
        entries: transaction.open_table(tables::ENTRIES)?,
        places: transaction.open_table(tables::PLACES)?,
        endings: transaction.open_table(tables::ENDINGS)?,
        snapshots: transaction.open_table(tables::SNAPSHOTS)?,
        counting: Counting::default(),
    };
    for change in &changes.runs {
        match change {
            Change::Put(put) => rows.put(put)?,
            Change::Moved(moved) => rows.moved(moved)?,
            Change::Forget(run) => rows.forget(*run, segment)?,
        }
    }
    let mut counts = transaction.open_table(tables::COUNTS)?;
    rows.counting.apply(&mut counts)?;
    if !changes.programs.is_empty() || !changes.dropped.is_empty() {
        let mut programs = transaction.open_table(tables::PROGRAMS)?;
        for hash in &changes.dropped {
            programs.remove(&hash.0)?;
        }
        for kept in &changes.programs {
            programs.insert(&kept.hash.0, tables::write_location(kept.place).as_slice())?;
        }
    }
    if !changes.paces.is_empty() {
        let mut paces = transaction.open_table(tables::PACES)?;
        for (place, pace) in &changes.paces {
            let place = place.write();
            match pace {
                Some(pace) => drop(paces.insert(place.as_slice(), tables::sum(pace.write()).as_slice())?),
                None => drop(paces.remove(place.as_slice())?),
            }
        }
    }
    results(transaction, changes)?;
    acts(transaction, changes)?;
    meta(transaction, changes)
}

fn results(transaction: &WriteTransaction, changes: &Changes) -> Tried<()> {
    if changes.results.is_empty() {
        return Ok(());
    }
    let mut results = transaction.open_table(tables::RESULTS)?;
    for (key, result) in &changes.results {
        let key = key.write();
        match result {
            Some(result) => drop(results.insert(key.as_slice(), tables::sum(result.write()).as_slice())?),
            None => drop(results.remove(key.as_slice())?),
        }
    }
    Ok(())
}

fn acts(transaction: &WriteTransaction, changes: &Changes) -> Tried<()> {
    if changes.acts.is_empty() {
        return Ok(());
    }
    let mut acts = transaction.open_table(tables::ACTS)?;
    for (key, kept) in &changes.acts {
        let key = key.write();
        match kept {
            Some(kept) => drop(acts.insert(key.as_slice(), tables::sum(kept.write()).as_slice())?),
            None => drop(acts.remove(key.as_slice())?),
        }
    }
    Ok(())
}

fn meta(transaction: &WriteTransaction, changes: &Changes) -> Tried<()> {
    let mut meta = transaction.open_table(tables::META)?;
    if let Some(upto) = changes.upto {
        meta.insert(tables::META_UPTO, tables::write_position(upto).as_slice())?;
    }
    if let Some(traffic) = &changes.traffic {
        meta.insert(tables::META_TRAFFIC, tables::write_traffic(traffic).as_slice())?;
    }
    if let Some(granted) = changes.granted {
        meta.insert(tables::META_GRANTED, tables::sum(granted.write()).as_slice())?;
    }
    if let Some(note) = &changes.note {
        meta.insert(tables::META_NOTE, tables::sum(note.clone()).as_slice())?;
    }
    Ok(())
}

/// Takes note of segments that are closed.
pub(super) fn seal<'s>(transaction: &WriteTransaction, all: impl Iterator<Item = &'s Sealed>) -> Tried<()> {
    let mut sealed = transaction.open_table(tables::SEALED)?;
    for one in all {
        sealed.insert(one.segment, tables::write_sealed(one).as_slice())?;
    }
    Ok(())
}

/// Takes note that segments up to this one are let go of.
pub(super) fn free(transaction: &WriteTransaction, segment: u32) -> Tried<()> {
    let mut meta = transaction.open_table(tables::META)?;
    meta.insert(
        tables::META_FREED,
        tables::sum(segment.to_le_bytes().to_vec()).as_slice(),
    )?;
    let mut sealed = transaction.open_table(tables::SEALED)?;
    sealed.retain(|known, _| known > segment)?;
    let mut entries = transaction.open_table(tables::ENTRIES)?;
    let (all, kept) = (entry::all_gone(), entry::gone(segment.saturating_add(1)));
    entries.retain_in(all.0.as_slice()..kept.0.as_slice(), |_, ()| false)?;
    Ok(())
}

impl Rows<'_> {
    fn stored(&self, run: RunId) -> Tried<Option<Stored>> {
        let found = self.rows.get(&tables::id(run))?;
        let read = |bytes: &[u8]| Stored::read(bytes).map_err(|no| Trouble::Damaged(no.0));
        found.map(|bytes| read(bytes.value())).transpose()
    }

    fn put(&mut self, put: &Put) -> Tried<()> {
        let old = self.stored(put.run)?;
        let mut stored = Stored::new(&put.row);
        if let Some(old) = &old {
            stored.places.clone_from(&old.places);
            (stored.spilled, stored.oldest, stored.bytes) = (old.spilled, old.oldest, old.bytes);
        }
        let known = places::known(&stored);
        let unknown = skip_known(put, known)?;
        places::add(put.run, &mut stored, unknown, &mut self.places)?;
        if places::known(&stored) != put.row.next {
            let (places, events) = (places::known(&stored), put.row.next);
            return Err(misfit(
                put.run,
                &format!("expected places of {events} events, found {places}"),
            ));
        }
        self.replace(put.run, old, stored, &put.row)?;
        match &put.snapshot {
            Some(snapshot) => self.keep(put.run, snapshot),
            None if put.row.ended && !put.row.busy => {
                self.snapshots.remove(&tables::id(put.run))?;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn keep(&mut self, run: RunId, snapshot: &Snapshot) -> Tried<()> {
        let mut bytes = snapshot.events.to_le_bytes().to_vec();
        bytes.extend(snapshot.bytes.iter());
        self.snapshots
            .insert(&tables::id(run), tables::sum(bytes).as_slice())?;
        Ok(())
    }

    fn moved(&mut self, moved: &Moved) -> Tried<()> {
        let Some(old) = self.stored(moved.run)? else {
            return Ok(());
        };
        let (_, blocks) = places::from(moved.run, &old, 0, &self.places)?;
        let blocks = row::replaced(&blocks, moved.first, &moved.blocks);
        let Some(blocks) = blocks.map_err(|reason| misfit(moved.run, reason))? else {
            return Ok(());
        };
        let row = old.clone().row(None).map_err(|no| Trouble::Damaged(no.0))?;
        let mut stored = old.clone();
        places::clear(moved.run, &mut stored, &mut self.places)?;
        places::add(moved.run, &mut stored, &blocks, &mut self.places)?;
        self.replace(moved.run, Some(old), stored, &row)
    }

    /// One row and its entries instead of another.
    fn replace(&mut self, run: RunId, old: Option<Stored>, mut stored: Stored, row: &Row) -> Tried<()> {
        let mut before = Vec::new();
        let had_ending_apart = old.as_ref().is_some_and(|old| old.ending_apart);
        if let Some(old) = old {
            let (oldest, bytes) = (old.oldest, old.bytes);
            let row = old.row(None).map_err(|no| Trouble::Damaged(no.0))?;
            before = entry::entries(run, &row, oldest);
            self.counting.row(&row, bytes, -1);
        }
        self.counting.row(row, stored.bytes, 1);
        let after = entry::entries(run, row, stored.oldest);
        self.change(before, after)?;
        // A row that was only moved has its ending where it was.
        if stored.ending.len() > ENDING_BYTES_MAX {
            let ending = tables::sum(std::mem::take(&mut stored.ending).into_bytes());
            self.endings.insert(&tables::id(run), ending.as_slice())?;
            stored.ending_apart = true;
        } else if had_ending_apart && !stored.ending_apart {
            self.endings.remove(&tables::id(run))?;
        }
        self.rows.insert(&tables::id(run), stored.write().as_slice())?;
        Ok(())
    }

    fn change(&mut self, mut before: Vec<Entry>, mut after: Vec<Entry>) -> Tried<()> {
        before.sort_unstable();
        after.sort_unstable();
        for gone in before.iter().filter(|entry| after.binary_search(entry).is_err()) {
            self.entries.remove(gone.0.as_slice())?;
        }
        for new in after.iter().filter(|entry| before.binary_search(entry).is_err()) {
            self.entries.insert(new.0.as_slice(), ())?;
        }
        Ok(())
    }

    fn forget(&mut self, run: RunId, segment: u32) -> Tried<()> {
        let Some(mut old) = self.stored(run)? else {
            return Ok(());
        };
        let (oldest, bytes) = (old.oldest, old.bytes);
        places::clear(run, &mut old, &mut self.places)?;
        let row = old.row(None).map_err(|no| Trouble::Damaged(no.0))?;
        self.counting.row(&row, bytes, -1);
        let gone = row.blobs.iter().map(|hash| entry::gone_blob(segment, *hash));
        self.change(entry::entries(run, &row, oldest), gone.collect())?;
        let id = tables::id(run);
        self.rows.remove(&id)?;
        self.endings.remove(&id)?;
        self.snapshots.remove(&id)?;
        Ok(())
    }
}

/// The places that are not known yet.
fn skip_known(put: &Put, known: u64) -> Tried<&[Block]> {
    let skipped = known.checked_sub(put.first);
    let unknown = skipped.and_then(|skipped| row::behind(&put.places, skipped));
    unknown.ok_or_else(|| {
        let first = put.first;
        misfit(
            put.run,
            &format!("expected the place of event {known}, found those from {first} on"),
        )
    })
}

fn misfit(run: RunId, reason: &str) -> Trouble {
    Trouble::Misfit(format!("run `{run}`: {reason}"))
}
