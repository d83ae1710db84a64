//! The state of everything from the journal, and what is to be done again.

mod taking;

use super::{
    Deployment, Engine, Programs,
    guards::Guards,
    happen::moves_to,
    ledger::Task,
    load::{apply_again, contradiction, load},
    namespace::within,
    ordering::Ordering,
    programs::made,
    results::Results,
    rows::Between,
};
use crate::{
    RunId,
    store::{
        self, ActKey, Block, Change, EventRecord, Index, Kept, KeptAct, Origin, Position, Shelf, StoreError,
    },
};
use flowmesh_ir::{Hash, Name};
use flowmesh_machine::EventKind;
use jiff::Timestamp;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// An engine that is being brought to where its journal ends: from the first event on, or from what an index knows.
#[derive(Default)]
pub struct Restoring {
    engine: Engine,
    programs: HashMap<Hash, Arc<[u8]>>,
    settings: HashMap<Hash, Arc<[u8]>>,
    /// An index, and the last batch that it knows of.
    beside: Option<(Arc<Index>, u64)>,
    /// Whether everything that it knows is taken from it.
    trusted: bool,
    made: Programs,
    /// Runs to which something happened that it does not know.
    unknown: BTreeSet<RunId>,
    kept: Vec<Kept>,
    /// Runs for which something may be to be done, and those that have ended since.
    open: BTreeSet<RunId>,
    ended: BTreeSet<RunId>,
    /// Runs that are kept no longer.
    forgotten: BTreeSet<RunId>,
    /// In which order everything was written, whatever order it is read in.
    ordering: Ordering,
}

impl From<Engine> for Restoring {
    /// One that has read the journal up to where this engine stands.
    fn from(engine: Engine) -> Self {
        Self {
            engine,
            ..Self::default()
        }
    }
}

impl Restoring {
    /// One beside an index that knows everything up to a batch; what that is, the journal says once more.
    pub(super) fn beside(index: Arc<Index>) -> Self {
        let known = index.upto().batch;
        let mut this = Self {
            beside: Some((index, known)),
            ..Self::default()
        };
        this.engine.ledger.guards.keep_untold();
        this.engine.ledger.results.keep_untold();
        this
    }

    /// One that begins with what an index knows: it reads the journal behind that.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub(super) fn behind(index: &Arc<Index>) -> Result<Self, StoreError> {
        let mut this = Self {
            trusted: true,
            ..Self::beside(Arc::clone(index))
        };
        let shelf = index.as_ref();
        this.engine.kept = shelf.kept()?.into_iter().collect();
        this.programs_in_use(shelf)?;
        for moved in shelf.traffic()? {
            let since = index.upto().into();
            this.engine
                .ledger
                .traffic
                .shift(moved.service, moved.weights, since);
        }
        let note = store::read_note(&shelf.note()?);
        let note = note.ok_or_else(|| contradiction(RunId(0), "schedules that cannot be read"))?;
        let (schedules, deployed) = note;
        this.ordering = Ordering::behind(index.upto(), deployed);
        for schedule in schedules {
            this.engine.schedules.restore(schedule);
        }
        shelf.acts(&mut |kept| {
            this.engine.acts.note(&kept.act);
        })?;
        this.guards(shelf)?;
        this.engine.ledger.results = Results::from_index(shelf.results()?);
        for run in shelf.busy()?.into_iter().chain(this.engine.schedules.begun()) {
            this.load(run)?;
        }
        let next = shelf.timers(None, 1)?;
        this.engine.dormant.beyond = next.first().map(|(at, ..)| *at);
        Ok(this)
    }

    fn programs_in_use(&mut self, shelf: &Index) -> Result<(), StoreError> {
        for (hashes, live) in shelf.programs()? {
            if live > 0 {
                let deployment = self.made.get(shelf, hashes)?;
                self.engine.known(deployment);
                self.engine.found.push(hashes);
            }
        }
        Ok(())
    }

    /// Who holds and who waits for guards, and what is known of these beside.
    fn guards(&mut self, shelf: &Index) -> Result<(), StoreError> {
        let mut askers = Vec::new();
        for run in shelf.guarded()? {
            let Some(row) = shelf.row(run)? else { continue };
            askers.extend(row.guards.into_iter().map(|guard| (run, guard)));
        }
        self.engine.ledger.guards = Guards::from_index(shelf.granted()?, askers, shelf.paces()?);
        Ok(())
    }

    /// Takes a run from the index, if it is there and was not taken before.
    fn load(&mut self, run: RunId) -> Result<(), StoreError> {
        let Some((index, _)) = self.beside.as_ref().filter(|_| self.trusted) else {
            return Ok(());
        };
        if self.engine.runs.contains_key(&run) || self.forgotten.contains(&run) {
            return Ok(());
        }
        if let Some(mut loaded) = load(index.as_ref(), &mut self.made, run)? {
            self.engine.ledger.orphans.append(&mut loaded.orphans);
            if loaded.busy {
                self.open.insert(run);
                self.ended.extend(loaded.held.ending().map(|_| run));
            }
            self.engine.enter(run, loaded);
        }
        Ok(())
    }

    /// Where programs and settings lie.
    pub(super) fn programs(&mut self) -> Vec<Kept> {
        std::mem::take(&mut self.kept)
    }

    /// What was done with keys, as far as the index lacks it.
    pub(super) fn acts(&mut self, now: Timestamp) -> Vec<(ActKey, Option<KeptAct>)> {
        self.engine.acts.expire(now);
        self.engine.acts.take_untold()
    }

    /// Rows that the index lacks, at most so many; none if it lacks none.
    pub(super) fn rows(&mut self, most: usize) -> Vec<Change> {
        let mut rows = Vec::new();
        while rows.len() < most
            && let Some(run) = self.unknown.pop_first()
        {
            let Some(mut row) = self.engine.row(run) else {
                continue;
            };
            // Until this process has done it, another one may have to.
            row.busy = !row.ended || self.ended.contains(&run) || self.has_left(run);
            if row.busy {
                self.open.insert(run);
            }
            rows.push((run, row, None));
        }
        self.engine.puts(rows)
    }

    /// Whether a run has left children that may not know it.
    fn has_left(&self, run: RunId) -> bool {
        let mut orphans = self.engine.ledger.orphans.values();
        orphans.any(|(_, by)| *by == run)
    }

    /// The journal was read: everything stands as if that had been in the order in which it was written.
    pub(super) fn in_order(&mut self) {
        self.ordering.restore(&mut self.engine);
    }

    /// Runs that are kept no longer.
    pub(super) fn forgotten(&self) -> Vec<Change> {
        self.forgotten.iter().copied().map(Change::Forget).collect()
    }

    /// Where traffic goes, how guards and schedules stand.
    pub(super) fn between(&mut self) -> Between {
        let (paces, granted) = self.engine.ledger.guards.take_untold();
        Between {
            traffic: Some(self.engine.traffic_now()),
            paces,
            granted,
            results: self.engine.ledger.results.take_untold(),
            note: Some(self.engine.note()),
        }
    }

    /// The index knows everything.
    pub(super) fn index_stands(&mut self, end: Position) {
        self.engine.rows.begin(end);
        for held in self.engine.runs.values_mut() {
            held.places.all_known(held.next);
        }
    }

    /// What happens to every run is told from now on, from its first event after the journal.
    pub fn follow_all(&mut self) {
        self.engine.follow_all = true;
    }

    /// A program that is at hand, and needs not be read from the journal.
    pub(crate) fn know(&mut self, deployment: Arc<Deployment>) {
        self.engine.known(deployment);
    }

    /// The engine where the journal ends, with nothing asked for again.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The journal ends here. What had been asked for and has not come is asked for again; of calls that must not be
    /// sent twice nobody knows whether they were sent, and they end with `Unknown`.
    #[must_use]
    pub fn finish(mut self, now: Timestamp) -> Engine {
        self.in_order();
        let mut engine = self.engine;
        engine.now = now;
        engine
            .live_runs()
            .into_iter()
            .for_each(|run| engine.resume(now, run));
        engine.tasks.extend(self.ended.into_iter().map(Task::Ended));
        let places = engine.ledger.guards.places();
        engine.tasks.extend(places.into_iter().map(Task::Grant));
        let places = engine.ledger.guards.places();
        engine.tasks.extend(places.into_iter().map(Task::Grant));
        let orphans = engine.ledger.orphans.clone();
        let abandon = |(run, how)| Task::Abandon(run, how);
        engine.tasks.extend(orphans.into_iter().map(abandon));
        engine.schedules.listen_all();
        // Their rows said that something was to be done, and are written again when it is.
        self.open.into_iter().for_each(|run| engine.touch(run));
        engine.work(now);
        let runs: Vec<RunId> = engine.runs.keys().copied().collect();
        runs.into_iter().for_each(|run| engine.rest_later(run));
        engine.rest();
        engine.ask_wanted();
        engine
    }

    /// Takes note of where events lie that the index does not know.
    fn place(&mut self, run: RunId, block: Block, behind: Position) {
        let known = self.beside.as_ref().map(|(_, known)| *known);
        let (Some(known), Some(held)) = (known, self.engine.runs.get_mut(&run)) else {
            return;
        };
        if behind.batch < known {
            held.places.all_known(held.next);
        } else {
            held.places.recent.push(block);
            self.unknown.insert(run);
            // By which run another one is followed stands in its row.
            self.unknown.extend(held.shared.map(|shared| shared.run));
        }
    }

    fn event(&mut self, record: &EventRecord) -> Result<(), StoreError> {
        if let Some(origin) = &record.origin {
            self.begin(record, origin)?;
        }
        let run = record.run;
        let home = moves_to(&record.event.kind);
        let home = home.map(|to| self.deployment(run, to)).transpose()?;
        let held = self
            .engine
            .runs
            .get_mut(&run)
            .ok_or_else(|| contradiction(run, "it has no beginning"))?;
        self.engine.ledger.order = self.ordering.take();
        apply_again(&mut self.engine.ledger, held, record, home.as_ref())?;
        if held.ending().is_some() && self.trusted {
            self.ended.insert(run);
        }
        Ok(())
    }

    fn begin(&mut self, record: &EventRecord, origin: &Origin) -> Result<(), StoreError> {
        let run = record.run;
        let EventKind::Started { key, .. } = &record.event.kind else {
            return Err(contradiction(run, "it does not begin with a start"));
        };
        if self.engine.runs.contains_key(&run) {
            return Err(contradiction(run, "it begins twice"));
        }
        let deployment = self.deployment(run, (origin.program, origin.settings))?;
        let flow = deployment.program.flow_named(&origin.flow);
        let flow = flow.ok_or_else(|| contradiction(run, "its program does not have its flow"))?;
        if let Some(shared) = origin.shared {
            self.load(shared.run)?;
            self.loses_key((&origin.namespace, &origin.flow), key.as_deref())?;
        }
        self.engine.hold(run, deployment, flow, key.clone(), origin);
        self.ordering.begins(run);
        Ok(())
    }

    /// Whoever has a key loses it to a run that shares its history.
    fn loses_key(&mut self, (namespace, flow): (&Name, &Name), key: Option<&str>) -> Result<(), StoreError> {
        let Some(key) = key else { return Ok(()) };
        let known = self.engine.keyed_run(&within(namespace, flow), key);
        let run = match (&self.beside, known) {
            (_, Some(run)) => Some(run),
            (Some((index, _)), None) if self.trusted => index.by_key(namespace, flow, key)?,
            _ => None,
        };
        if let Some(run) = run {
            self.load(run)?;
            self.unknown.insert(run);
        }
        Ok(())
    }

    fn deployment(&mut self, run: RunId, hashes: (Hash, Hash)) -> Result<Arc<Deployment>, StoreError> {
        if let Some(known) = self.engine.deployments.get(&hashes) {
            return Ok(Arc::clone(known));
        }
        let (program, settings) = hashes;
        let json = self.bytes(self.programs.get(&program), program)?;
        let bytes = self.bytes(self.settings.get(&settings), settings)?;
        let (Some(json), Some(bytes)) = (json, bytes) else {
            return Err(contradiction(run, "its program is not in the journal"));
        };
        let deployment = made(hashes, &json, &bytes)?;
        Ok(self.engine.known(Arc::new(deployment)))
    }

    /// What was read on the way, or lies before that.
    fn bytes(&self, read: Option<&Arc<[u8]>>, hash: Hash) -> Result<Option<Arc<[u8]>>, StoreError> {
        match (read, &self.beside) {
            (None, Some((index, _))) if self.trusted => index.program(hash),
            (read, _) => Ok(read.cloned()),
        }
    }
}
