//! A shelf without a disk: for tests in the language, whose runs are few, and for tests of the other one, which it is
//! the measure of. Everything is looked at every time.

use super::{
    Record, StoreError,
    act::{ActKey, KeptAct},
    changes::{Change, Changes, Moved, Put, Snapshot},
    filter::{Count, Filter, Page},
    journal::Reader,
    record::{EventRecord, Location, Traffic},
    result::{KeptResult, ResultKey},
    row::{Block, Granted, Guarded, Pace, Row, behind, replaced},
    shelf::{Due, Shelf, Used},
};
use crate::RunId;
use flowmesh_ir::Hash;
use flowmesh_machine::TimerId;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Rows in memory. Events are read from the journal.
pub struct MemoryShelf {
    reader: Reader,
    state: Mutex<State>,
}

#[derive(Clone, Default)]
struct State {
    runs: BTreeMap<RunId, Known>,
    programs: BTreeMap<Hash, Location>,
    traffic: Vec<Traffic>,
    paces: BTreeMap<Guarded, Pace>,
    results: BTreeMap<ResultKey, KeptResult>,
    acts: BTreeMap<ActKey, KeptAct>,
    granted: Granted,
    note: Vec<u8>,
}

/// A run as it is kept.
#[derive(Clone)]
struct Known {
    row: Row,
    blocks: Vec<Block>,
    snapshot: Option<Snapshot>,
}

impl MemoryShelf {
    /// An empty one beside a journal.
    #[must_use]
    pub fn new(reader: Reader) -> Self {
        let state = Mutex::default();
        Self { reader, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The runs that a filter wants, whichever page they are on, the newest first.
    fn wanted(&self, filter: &Filter) -> Vec<(RunId, Row)> {
        let state = self.state();
        let wanted = state
            .runs
            .iter()
            .rev()
            .filter(|(_, known)| filter.wants(&known.row));
        wanted.map(|(run, known)| (*run, known.row.clone())).collect()
    }

    fn runs(&self, wanted: impl Fn(&Row) -> bool) -> Vec<RunId> {
        let state = self.state();
        let runs = state.runs.iter().filter(|(_, known)| wanted(&known.row));
        runs.map(|(run, _)| *run).collect()
    }

    fn known<T>(&self, run: RunId, of: impl FnOnce(&Known) -> T) -> Option<T> {
        self.state().runs.get(&run).map(of)
    }
}

impl State {
    fn put(&mut self, put: &Put) {
        let old = self.runs.remove(&put.run);
        let (mut blocks, old_snapshot) = old.map_or((Vec::new(), None), |old| (old.blocks, old.snapshot));
        let known = Block::events(&blocks).saturating_sub(put.first);
        blocks.extend(behind(&put.places, known).unwrap_or_default());
        let snapshot = put
            .snapshot
            .clone()
            .or(old_snapshot.filter(|_| !put.row.ended || put.row.busy));
        let row = put.row.clone();
        self.runs.insert(
            put.run,
            Known {
                row,
                blocks,
                snapshot,
            },
        );
    }

    fn moved(&mut self, moved: &Moved) {
        let Some(known) = self.runs.get_mut(&moved.run) else {
            return;
        };
        if let Ok(Some(blocks)) = replaced(&known.blocks, moved.first, &moved.blocks) {
            known.blocks = blocks;
        }
    }
}

impl Shelf for MemoryShelf {
    fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut state = self.state();
        for change in &changes.runs {
            match change {
                Change::Put(put) => state.put(put),
                Change::Moved(moved) => state.moved(moved),
                Change::Forget(run) => drop(state.runs.remove(run)),
            }
        }
        let programs = changes.programs.iter().map(|kept| (kept.hash, kept.place));
        state.programs.extend(programs);
        for hash in &changes.dropped {
            state.programs.remove(hash);
        }
        if let Some(traffic) = &changes.traffic {
            state.traffic.clone_from(traffic);
        }
        for (place, pace) in &changes.paces {
            match pace {
                Some(pace) => drop(state.paces.insert(place.clone(), pace.clone())),
                None => drop(state.paces.remove(place)),
            }
        }
        for (key, result) in &changes.results {
            match result {
                Some(result) => drop(state.results.insert(key.clone(), result.clone())),
                None => drop(state.results.remove(key)),
            }
        }
        for (key, kept) in &changes.acts {
            match kept {
                Some(kept) => drop(state.acts.insert(key.clone(), kept.clone())),
                None => drop(state.acts.remove(key)),
            }
        }
        state.granted = changes.granted.unwrap_or(state.granted);
        if let Some(note) = &changes.note {
            state.note.clone_from(note);
        }
        Ok(())
    }

    fn checkpoint(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn row(&self, run: RunId) -> Result<Option<Row>, StoreError> {
        Ok(self.known(run, |known| known.row.clone()))
    }

    fn by_key(&self, namespace: &str, flow: &str, key: &str) -> Result<Option<RunId>, StoreError> {
        let same =
            |row: &Row| row.namespace == namespace && row.flow == flow && row.key.as_deref() == Some(key);
        let same = |row: &Row| same(row) && !row.superseded;
        Ok(self.runs(same).first().copied())
    }

    fn snapshot(&self, run: RunId) -> Result<Option<Snapshot>, StoreError> {
        Ok(self.known(run, |known| known.snapshot.clone()).flatten())
    }

    fn events(&self, run: RunId, from: u64) -> Result<Vec<EventRecord>, StoreError> {
        let blocks = self.known(run, |known| known.blocks.clone()).unwrap_or_default();
        let mut events = Vec::new();
        for block in blocks {
            events.extend(self.reader.events(block.place)?);
        }
        events.retain(|event| event.sequence >= from);
        Ok(events)
    }

    fn timers(&self, after: Option<Due>, limit: usize) -> Result<Vec<Due>, StoreError> {
        let state = self.state();
        let of = |(run, known): (&RunId, &Known)| {
            let run = *run;
            let timers = known.row.timers.clone().into_iter();
            timers.map(move |(timer, at)| (at, run, TimerId(timer)))
        };
        let mut all: Vec<Due> = state.runs.iter().flat_map(of).collect();
        all.retain(|due| after.is_none_or(|after| *due > after));
        all.sort_unstable();
        all.truncate(limit);
        Ok(all)
    }

    fn hearers(&self, event: &str) -> Result<Vec<RunId>, StoreError> {
        Ok(self.runs(|row| row.awaited.iter().any(|awaited| awaited == event)))
    }

    fn guarded(&self) -> Result<Vec<RunId>, StoreError> {
        Ok(self.runs(|row| !row.guards.is_empty()))
    }

    fn busy(&self) -> Result<Vec<RunId>, StoreError> {
        Ok(self.runs(|row| row.busy))
    }

    fn search(&self, filter: &Filter, limit: usize) -> Result<Page, StoreError> {
        let mut runs = self.wanted(filter);
        runs.retain(|(run, _)| filter.before.is_none_or(|before| *run < before));
        let more = runs.len() > limit;
        runs.truncate(limit);
        let cursor = runs.last().map(|(run, _)| *run).filter(|_| more);
        Ok(Page { runs, cursor })
    }

    fn count(&self, filter: &Filter) -> Result<Count, StoreError> {
        Ok(Count::Exactly(self.wanted(filter).len() as u64))
    }

    fn states(&self, namespace: &str, flow: &str) -> Result<Vec<(String, u64)>, StoreError> {
        let of_flow = Filter {
            namespace: namespace.into(),
            flow: Some(flow.into()),
            ..Filter::default()
        };
        let mut states: BTreeMap<String, u64> = BTreeMap::new();
        for (_, row) in self.wanted(&of_flow) {
            let count = states.entry(row.state.to_string()).or_default();
            *count = count.saturating_add(1);
        }
        Ok(states.into_iter().collect())
    }

    fn totals(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let mut states: BTreeMap<String, u64> = BTreeMap::new();
        for known in self.state().runs.values() {
            let count = states.entry(known.row.state.to_string()).or_default();
            *count = count.saturating_add(1);
        }
        Ok(states.into_iter().collect())
    }

    fn programs(&self) -> Result<Vec<Used>, StoreError> {
        let mut programs: BTreeMap<(Hash, Hash), u64> = BTreeMap::new();
        for known in self.state().runs.values() {
            let live = programs
                .entry((known.row.program, known.row.settings))
                .or_default();
            *live = live.saturating_add(u64::from(!known.row.ended));
            for home in &known.row.homes {
                programs.entry(*home).or_default();
            }
        }
        Ok(programs.into_iter().collect())
    }

    fn program(&self, hash: Hash) -> Result<Option<Arc<[u8]>>, StoreError> {
        let Some(place) = self.state().programs.get(&hash).copied() else {
            return Ok(None);
        };
        match self.reader.read(place)? {
            Record::Program { json: bytes, .. } | Record::Settings { bytes, .. } => Ok(Some(bytes)),
            _ => Ok(None),
        }
    }

    fn kept(&self) -> Result<Vec<Hash>, StoreError> {
        Ok(self.state().programs.keys().copied().collect())
    }

    fn traffic(&self) -> Result<Vec<Traffic>, StoreError> {
        Ok(self.state().traffic.clone())
    }

    fn results(&self) -> Result<Vec<(ResultKey, KeptResult)>, StoreError> {
        Ok(self.state().results.clone().into_iter().collect())
    }

    fn paces(&self) -> Result<Vec<(Guarded, Pace)>, StoreError> {
        Ok(self.state().paces.clone().into_iter().collect())
    }

    fn acts(&self, visit: &mut dyn FnMut(KeptAct)) -> Result<(), StoreError> {
        self.state().acts.values().cloned().for_each(visit);
        Ok(())
    }

    fn act(&self, key: &ActKey) -> Result<Option<KeptAct>, StoreError> {
        Ok(self.state().acts.get(key).cloned())
    }

    fn granted(&self) -> Result<Granted, StoreError> {
        Ok(self.state().granted)
    }

    fn note(&self) -> Result<Vec<u8>, StoreError> {
        Ok(self.state().note.clone())
    }
}
