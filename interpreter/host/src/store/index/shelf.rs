//! The index as a shelf: what is asked of it.

use super::{
    Index, count,
    error::{Tried, Trouble},
    search::Search,
    tables,
};
use crate::{
    RunId,
    store::{
        StoreError,
        act::{ActKey, KeptAct},
        changes::{Changes, Snapshot},
        entry::{self, Entry},
        filter::{Count, Filter, Page},
        record::{EventRecord, Traffic},
        result::{KeptResult, ResultKey},
        row::{Granted, Guarded, Pace, Row, proto::Stored},
        shelf::{Due, Shelf, Used},
    },
};
use flowmesh_ir::Hash;
use flowmesh_machine::TimerId;
use redb::{ReadTransaction, ReadableTable};
use std::{collections::BTreeMap, ops::Bound, sync::Arc};

impl Shelf for Index {
    fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        self.take(changes)
    }

    fn checkpoint(&self) -> Result<(), StoreError> {
        self.make_stable()
    }

    fn row(&self, run: RunId) -> Result<Option<Row>, StoreError> {
        self.read(|transaction| match stored(transaction, run)? {
            Some(stored) => full(transaction, run, stored).map(Some),
            None => Ok(None),
        })
    }

    fn by_key(&self, namespace: &str, flow: &str, key: &str) -> Result<Option<RunId>, StoreError> {
        // One run has it, or several that share a history, of which the last has it.
        for run in self.runs(&entry::key(namespace, flow, key), usize::MAX)? {
            let superseded = self.read(|transaction| {
                let found = stored(transaction, run)?;
                Ok(found.is_none_or(|stored| stored.superseded))
            })?;
            if !superseded {
                return Ok(Some(run));
            }
        }
        Ok(None)
    }

    fn snapshot(&self, run: RunId) -> Result<Option<Snapshot>, StoreError> {
        self.read(|transaction| {
            let table = transaction.open_table(tables::SNAPSHOTS)?;
            let Some(found) = table.get(&tables::id(run))? else {
                return Ok(None);
            };
            // It is a cache: what is not whole is as if it were not there.
            let whole = tables::summed(found.value()).and_then(<[u8]>::split_first_chunk::<8>);
            Ok(whole.map(|(events, bytes)| Snapshot {
                events: u64::from_le_bytes(*events),
                bytes: bytes.into(),
            }))
        })
    }

    fn events(&self, run: RunId, from: u64) -> Result<Vec<EventRecord>, StoreError> {
        let mut places = self.places(run, from)?;
        loop {
            let read = self.events_at(run, &places, from);
            // Compaction may have taken away what was to be read; then they lie elsewhere by now.
            let now = match &read {
                Ok(_) => return read,
                Err(_) => self.places(run, from)?,
            };
            if now == places {
                return read;
            }
            places = now;
        }
    }

    fn timers(&self, after: Option<Due>, limit: usize) -> Result<Vec<Due>, StoreError> {
        let start = after.map(|(at, run, timer)| entry::timer((at, run, timer.0)));
        self.read(|transaction| {
            let mut found = Vec::new();
            let table = transaction.open_table(tables::ENTRIES)?;
            let all = entry::timers();
            let begin = match &start {
                Some(start) => Bound::Excluded(start.0.as_slice()),
                None => Bound::Included(all.0.as_slice()),
            };
            for one in table.range::<&[u8]>((begin, Bound::Unbounded))? {
                let (key, _) = one?;
                if found.len() >= limit || !key.value().starts_with(&all.0) {
                    break;
                }
                let (at, run, timer) =
                    entry::as_timer(key.value()).ok_or(Trouble::Damaged("a timer of nothing"))?;
                found.push((at, run, TimerId(timer)));
            }
            Ok(found)
        })
    }

    fn hearers(&self, event: &str) -> Result<Vec<RunId>, StoreError> {
        self.runs(&entry::awaited(event), usize::MAX)
    }

    fn guarded(&self) -> Result<Vec<RunId>, StoreError> {
        let mut runs = self.runs(&entry::guards(), usize::MAX)?;
        runs.sort_unstable();
        runs.dedup();
        Ok(runs)
    }

    fn busy(&self) -> Result<Vec<RunId>, StoreError> {
        self.runs(&entry::busy(), usize::MAX)
    }

    fn search(&self, filter: &Filter, limit: usize) -> Result<Page, StoreError> {
        self.read(|transaction| {
            let (found, cursor) = Search::new(transaction)?.page(filter, limit)?;
            let rows = found
                .into_iter()
                .map(|(run, stored)| Ok((run, full(transaction, run, stored)?)));
            Ok(Page {
                runs: rows.collect::<Tried<_>>()?,
                cursor,
            })
        })
    }

    fn count(&self, filter: &Filter) -> Result<Count, StoreError> {
        self.read(|transaction| Search::new(transaction)?.count(filter))
    }

    fn states(&self, namespace: &str, flow: &str) -> Result<Vec<(String, u64)>, StoreError> {
        self.read(|transaction| {
            let states = Search::new(transaction)?.states(namespace, Some(flow))?;
            Ok(states
                .into_iter()
                .map(|(_, state, count)| (state, count))
                .collect())
        })
    }

    fn totals(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.read(|transaction| {
            let mut states: BTreeMap<String, u64> = BTreeMap::new();
            for (_, state, runs) in Search::new(transaction)?.sizes(&count::all_states())? {
                let count = states.entry(state).or_default();
                *count = count.saturating_add(runs);
            }
            Ok(states.into_iter().collect())
        })
    }

    fn programs(&self) -> Result<Vec<Used>, StoreError> {
        self.read(|transaction| {
            let counts = transaction.open_table(tables::COUNTS)?;
            let prefix = count::all_programs();
            let mut found = Vec::new();
            for one in counts.range(prefix.as_slice()..)? {
                let (key, _) = one?;
                if !key.value().starts_with(&prefix) {
                    break;
                }
                let hashes = count::of_program(key.value()).ok_or(Trouble::Damaged("a count of nothing"))?;
                let live = counts.get(count::live(hashes).as_slice())?;
                found.push((hashes, live.map_or(0, |live| live.value())));
            }
            Ok(found)
        })
    }

    fn program(&self, hash: Hash) -> Result<Option<Arc<[u8]>>, StoreError> {
        let mut place = self.place_of(hash)?;
        while let Some(at) = place {
            let read = self.program_at(hash, at);
            // As above.
            let now = match &read {
                Ok(_) => return read.map(Some),
                Err(_) => self.place_of(hash)?,
            };
            if now == place {
                return read.map(Some);
            }
            place = now;
        }
        Ok(None)
    }

    fn kept(&self) -> Result<Vec<Hash>, StoreError> {
        Ok(self.all_programs()?.into_iter().map(|kept| kept.hash).collect())
    }

    fn traffic(&self) -> Result<Vec<Traffic>, StoreError> {
        self.read(|transaction| {
            meta(transaction, tables::META_TRAFFIC, |bytes| {
                tables::read_traffic(bytes).ok_or(Trouble::Damaged("traffic that is no message"))
            })
            .map(Option::unwrap_or_default)
        })
    }

    fn paces(&self) -> Result<Vec<(Guarded, Pace)>, StoreError> {
        self.read(|transaction| {
            let mut all = Vec::new();
            for one in transaction.open_table(tables::PACES)?.iter()? {
                let (place, pace) = one?;
                let pace = tables::summed(pace.value()).and_then(Pace::read);
                let found = Guarded::read(place.value()).zip(pace);
                all.push(found.ok_or(Trouble::Damaged("a guard that is no message"))?);
            }
            Ok(all)
        })
    }

    fn results(&self) -> Result<Vec<(ResultKey, KeptResult)>, StoreError> {
        self.read(|transaction| {
            let mut all = Vec::new();
            for one in transaction.open_table(tables::RESULTS)?.iter()? {
                let (key, result) = one?;
                let result = tables::summed(result.value()).and_then(KeptResult::read);
                let found = ResultKey::read(key.value()).zip(result);
                all.push(found.ok_or(Trouble::Damaged("a result that is no message"))?);
            }
            Ok(all)
        })
    }

    fn acts(&self, visit: &mut dyn FnMut(KeptAct)) -> Result<(), StoreError> {
        self.read(|transaction| {
            for one in transaction.open_table(tables::ACTS)?.iter()? {
                visit(act(one?.1.value())?);
            }
            Ok(())
        })
    }

    fn act(&self, key: &ActKey) -> Result<Option<KeptAct>, StoreError> {
        self.read(|transaction| {
            let found = transaction
                .open_table(tables::ACTS)?
                .get(key.write().as_slice())?;
            found.map(|bytes| act(bytes.value())).transpose()
        })
    }

    fn granted(&self) -> Result<Granted, StoreError> {
        self.read(|transaction| {
            meta(transaction, tables::META_GRANTED, |bytes| {
                let granted = tables::summed(bytes).and_then(Granted::read);
                granted.ok_or(Trouble::Damaged("grants that are no message"))
            })
            .map(Option::unwrap_or_default)
        })
    }

    fn note(&self) -> Result<Vec<u8>, StoreError> {
        self.read(|transaction| {
            meta(transaction, tables::META_NOTE, |bytes| {
                let note = tables::summed(bytes).ok_or(Trouble::Damaged("a note that is not whole"))?;
                Ok(note.to_vec())
            })
            .map(Option::unwrap_or_default)
        })
    }
}

fn act(bytes: &[u8]) -> Tried<KeptAct> {
    let kept = tables::summed(bytes).and_then(KeptAct::read);
    kept.ok_or(Trouble::Damaged("an act that is no message"))
}

/// Shows every entry with a prefix, until nobody wants more.
pub(super) fn with_prefix(
    transaction: &ReadTransaction,
    prefix: &Entry,
    mut show: impl FnMut(&[u8]) -> bool,
) -> Tried<()> {
    let table = transaction.open_table(tables::ENTRIES)?;
    for one in table.range(prefix.0.as_slice()..)? {
        let (key, _) = one?;
        if !key.value().starts_with(&prefix.0) || !show(key.value()) {
            break;
        }
    }
    Ok(())
}

pub(super) fn stored(transaction: &ReadTransaction, run: RunId) -> Tried<Option<Stored>> {
    let table = transaction.open_table(tables::ROWS)?;
    let found = table.get(&tables::id(run))?;
    let read = |bytes: &[u8]| Stored::read(bytes).map_err(|no| Trouble::Damaged(no.0));
    found.map(|bytes| read(bytes.value())).transpose()
}

/// A row with its ending, wherever that lies.
pub(super) fn full(transaction: &ReadTransaction, run: RunId, stored: Stored) -> Tried<Row> {
    let damaged = || Trouble::Damaged("an ending that is not whole");
    let apart = if stored.ending_apart {
        let table = transaction.open_table(tables::ENDINGS)?;
        let found = table.get(&tables::id(run))?.ok_or_else(damaged)?;
        let bytes = tables::summed(found.value()).ok_or_else(damaged)?;
        Some(String::from_utf8(bytes.to_vec()).map_err(|_| damaged())?)
    } else {
        None
    };
    stored.row(apart.as_deref()).map_err(|no| Trouble::Damaged(no.0))
}

/// Something of the meta table.
pub(super) fn meta<T>(
    transaction: &ReadTransaction,
    name: &str,
    read: impl FnOnce(&[u8]) -> Tried<T>,
) -> Tried<Option<T>> {
    let table = transaction.open_table(tables::META)?;
    let found = table.get(name)?;
    found.map(|bytes| read(bytes.value())).transpose()
}
