//! The state of everything from the journal, and what is to be done again.

use super::{
    Deployment, Engine, Held,
    batch::Deferred,
    happen,
    ledger::Task,
    output::Output,
    share::{share_with, take_over},
};
use crate::{
    RunId,
    store::{
        self, Block, Change, EventRecord, Kept, Origin, Position, Record, Replaying, StoreError, Traffic,
    },
};
use flowmesh_ir::{
    Hash, Program,
    call::{Failure, Reply},
};
use flowmesh_machine::{Ask, Effect, EventKind, Settings};
use jiff::Timestamp;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// An engine that is being brought to where its journal ends.
#[derive(Debug, Default)]
pub struct Restoring {
    engine: Engine,
    programs: HashMap<Hash, Arc<[u8]>>,
    settings: HashMap<Hash, Arc<[u8]>>,
    /// The last batch that an index knows of, if there is one.
    known: Option<u64>,
    /// Runs to which something happened that it does not know.
    unknown: BTreeSet<RunId>,
    kept: Vec<Kept>,
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
    /// One beside an index that knows everything up to a batch.
    pub(super) fn beside(upto: Position) -> Self {
        Self {
            known: Some(upto.batch),
            ..Self::default()
        }
    }

    /// Where programs and settings lie.
    pub(super) fn programs(&mut self) -> Vec<Kept> {
        std::mem::take(&mut self.kept)
    }

    /// Rows that the index lacks, at most so many; none if it lacks none.
    pub(super) fn rows(&mut self, most: usize) -> Vec<Change> {
        let mut rows = Vec::new();
        while rows.len() < most
            && let Some(run) = self.unknown.pop_first()
        {
            rows.extend(self.engine.row(run).map(|row| (run, row)));
        }
        self.engine.puts(rows)
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
    pub fn finish(self, now: Timestamp) -> Engine {
        let mut engine = self.engine;
        engine
            .live_runs()
            .into_iter()
            .for_each(|run| engine.resume(now, run));
        let names = engine.ledger.guards.names();
        engine.tasks.extend(names.into_iter().map(Task::Grant));
        let orphans = engine.ledger.orphans.clone();
        let abandon = |(run, how)| Task::Abandon(run, how);
        engine.tasks.extend(orphans.into_iter().map(abandon));
        engine.work(now);
        engine
    }

    /// Takes note of where events lie that the index does not know.
    fn place(&mut self, run: RunId, block: Block, behind: Position) {
        let (Some(known), Some(held)) = (self.known, self.engine.runs.get_mut(&run)) else {
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
        let held = self
            .engine
            .runs
            .get_mut(&run)
            .ok_or_else(|| contradiction(run, "it has no beginning"))?;
        if held.next != record.sequence {
            let found = format!("expected its event {}, found {}", held.next, record.sequence);
            return Err(contradiction(run, &found));
        }
        if held.shared.is_some_and(|shared| record.sequence < shared.events) {
            let before = held.state();
            share_with(&mut self.engine.ledger, run, held, &record.event);
            let after = held.state();
            self.engine.index.change(&held.name, before, after, run);
            return Ok(());
        }
        let before = held.state();
        let mut effects = std::mem::take(&mut self.engine.effects);
        self.engine.ledger.event(run, held, &record.event.kind);
        if !held.apply(&record.event, &mut effects) {
            return Err(contradiction(run, "an event follows its end"));
        }
        take_timer(held, &record.event.kind);
        for effect in effects.drain(..) {
            keep_timer(held, &effect);
            let ledger = &mut self.engine.ledger;
            ledger.effect(run, held, &effect, &mut self.engine.tasks);
            keep_end(held, &effect);
        }
        if let EventKind::Continued { .. } = record.event.kind {
            take_over(&mut self.engine.ledger, run, held);
        }
        // What they were to lead to, they have led to, or it is asked for again when the journal has ended.
        self.engine.tasks.clear();
        self.engine.effects = effects;
        let after = held.state();
        self.engine.index.change(&held.name, before, after, run);
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
        let deployment = self.deployment(run, origin)?;
        let flow = deployment.program.flow_named(&origin.flow);
        let flow = flow.ok_or_else(|| contradiction(run, "its program does not have its flow"))?;
        self.engine
            .hold(run, deployment, flow, key.clone(), origin.shared);
        Ok(())
    }

    fn deployment(&mut self, run: RunId, origin: &Origin) -> Result<Arc<Deployment>, StoreError> {
        let hashes = (origin.program, origin.settings);
        if let Some(known) = self.engine.deployments.get(&hashes) {
            return Ok(Arc::clone(known));
        }
        let json = self.programs.get(&origin.program);
        let bytes = self.settings.get(&origin.settings);
        let (Some(json), Some(bytes)) = (json, bytes) else {
            return Err(contradiction(run, "its program is not in the journal"));
        };
        let deployment = load(origin, json, bytes)?;
        Ok(self.engine.known(Arc::new(deployment)))
    }
}

impl Replaying for Restoring {
    fn next(&mut self, run: RunId) -> Result<u64, StoreError> {
        Ok(self.engine.runs.get(&run).map_or(0, |held| held.next))
    }

    fn events(&mut self, events: Vec<EventRecord>, block: Block, behind: Position) -> Result<(), StoreError> {
        let run = events.first().map(|event| event.run);
        events.iter().try_for_each(|event| self.event(event))?;
        run.into_iter().for_each(|run| self.place(run, block, behind));
        Ok(())
    }

    fn kept(&mut self, record: Record, kept: Kept) -> Result<(), StoreError> {
        if self.known.is_some() {
            self.kept.push(kept);
        }
        match record {
            Record::Program { hash, json } => {
                self.engine.kept.insert(hash);
                self.programs.insert(hash, json);
            }
            Record::Settings { hash, bytes } => {
                self.engine.kept.insert(hash);
                self.settings.insert(hash, bytes);
            }
            _ => {}
        }
        Ok(())
    }

    /// Only compaction writes it, which no host does yet: to leave it out would send traffic elsewhere.
    fn traffic(&mut self, traffic: Traffic) -> Result<(), StoreError> {
        let reason = format!(
            "the traffic of `{}` was written again, by a later version",
            traffic.service
        );
        Err(StoreError::Contradiction { reason })
    }

    fn schedule(&mut self, schedule: store::Schedule) -> Result<(), StoreError> {
        self.engine.schedules.restore(schedule);
        Ok(())
    }

    /// As above: to leave it out would bring the run back.
    fn forgotten(&mut self, run: RunId) -> Result<(), StoreError> {
        Err(contradiction(run, "it was let go of, by a later version"))
    }
}

/// A program with its settings, from what the journal holds of them.
fn load(origin: &Origin, json: &[u8], settings: &[u8]) -> Result<Deployment, StoreError> {
    let wrong = |reason: String| StoreError::Program {
        program: origin.program.to_string(),
        reason,
    };
    let program: Program = serde_json::from_slice(json).map_err(|error| wrong(error.to_string()))?;
    if program.version != flowmesh_ir::program::VERSION {
        let (expected, found) = (flowmesh_ir::program::VERSION, program.version);
        return Err(wrong(format!(
            "expected version {expected} of the representation, found {found}"
        )));
    }
    flowmesh_ir::validate(&program).map_err(|invalid| wrong(invalid.0))?;
    let settings = Settings::from_json(&program, settings).map_err(|error| wrong(error.to_string()))?;
    let deployment = Deployment::new(program, settings);
    if deployment.program_hash != origin.program || deployment.settings_hash != origin.settings {
        return Err(wrong("its content is not what its hash says".to_owned()));
    }
    Ok(deployment)
}

/// A timer that came due is not armed any more.
fn take_timer(held: &mut Held, kind: &EventKind) {
    if let (EventKind::Fired { timer }, Some(live)) = (kind, held.live()) {
        live.take_timer(*timer);
    }
}

fn keep_timer(held: &mut Held, effect: &Effect) {
    let Some(live) = held.live() else { return };
    match effect {
        Effect::Timer { timer, at } => live.timers.push((*timer, *at)),
        Effect::Disarm { timer } => drop(live.take_timer(*timer)),
        _ => {}
    }
}

fn keep_end(held: &mut Held, effect: &Effect) {
    if let Effect::Finished(outcome) = effect {
        let ending = held.deployment.ending(held.flow, outcome);
        held.end(ending);
    }
}

fn contradiction(run: RunId, reason: &str) -> StoreError {
    StoreError::Contradiction {
        reason: format!("run `{run}`: {reason}"),
    }
}

impl Engine {
    /// Asks again for what a run waits for.
    fn resume(&mut self, now: Timestamp, run: RunId) {
        let Some(held) = self.runs.get_mut(&run) else {
            return;
        };
        let program = Arc::clone(&held.deployment.program);
        let Some(live) = held.live() else { return };
        let asked = live
            .asks
            .iter()
            .filter(|(_, ask)| !matches!(ask, Ask::Acquire { .. }));
        self.tasks.extend(asked.map(|(call, _)| Task::Ask(run, *call)));
        // They are armed again, each as it stands.
        live.timers.clear();
        let pending = flowmesh_machine::pending(&program, &live.run);
        for effect in pending {
            match effect {
                Effect::Timer { timer, at } => self.arm(run, timer, at),
                Effect::Call { .. } => self.call_again(now, run, effect),
                Effect::More { call } => self.defer(Deferred::Output(Output::More { run, call })),
                _ => {}
            }
        }
    }

    fn arm(&mut self, run: RunId, timer: flowmesh_machine::TimerId, at: Timestamp) {
        if let Some(live) = self.runs.get_mut(&run).and_then(Held::live) {
            live.timers.push((timer, at));
            self.timers.arm(at, run, timer);
        }
    }

    pub(super) fn call_again(&mut self, now: Timestamp, run: RunId, effect: Effect) {
        let Some(held) = self.runs.get_mut(&run) else {
            return;
        };
        let Some(call) = happen::call(run, held, effect) else {
            return;
        };
        // A stream only reads.
        if call.request.effect.repeatable() || happen::is_stream(&call.request.wire) {
            self.defer(Deferred::Output(Output::Call(call)));
        } else {
            let why = "the process ended while it was on its way, and without a `key` it is not sent twice";
            self.replied(
                now,
                run,
                call.call,
                Reply::Failed(Failure::Unknown(why.to_owned())),
            );
        }
    }
}
