//! A process of the host: it boots, it writes, it says things, it dies.

use super::{
    Bug,
    calls::Calling,
    check::timers::dated_ahead,
    clients::Intent,
    planted::{as_if_written, with_keys},
    workers::Tasked,
    world::{Happens, World},
};
use crate::{
    RunId,
    engine::{
        Answer, Command, Engine, Found, Input, Output, Probe, Programs, Search, Store, Ticket, Want, open,
        schedules::ScheduleCommand, view::RunView,
    },
    store::{
        AppendError, Appended, Changes, Filter, Index, Journal, OpeningOptions, Record, Shelf, StoreError,
    },
    workers::{Queues, TaskId},
};
use flowmesh_ir::call::Wire;
use flowmesh_machine::CallId;
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// Worlds are small, and there are many.
/// Of a thousand bodies that have come to their end, how many have not made what they ought to.
const NOT_MADE: u64 = 100;
const INDEX: OpeningOptions = OpeningOptions {
    journal_read_max: u64::MAX,
    blobs_read_max: u64::MAX,
    index_read_max: u64::MAX,
    cache_bytes: 1 << 20,
};

/// A process.
pub(super) struct Process<'p> {
    pub(super) engine: Engine,
    pub(super) journal: Journal,
    pub(super) index: Arc<Index>,
    /// Programs that were looked up.
    programs: Programs,
    /// What the index has no room for.
    unindexed: VecDeque<Box<Changes>>,
    pub(super) calls: BTreeMap<(RunId, CallId), Calling<'p>>,
    pub(super) queues: Queues,
    pub(super) tasks: BTreeMap<TaskId, Tasked>,
    /// Who waits for an answer.
    pub(super) asked: BTreeMap<Ticket, Intent>,
    /// With a bug that reports batches before they are stable: what was said too early and is held back for the bug to
    /// be one only.
    pub(super) held_back: Vec<Output>,
    tickets: u64,
}

impl<'p> World<'p> {
    pub(super) fn boot(&mut self) {
        self.spoil_disk();
        self.disk
            .set_power(self.scenario.power.get(self.openings.len()).copied());
        let before = self.disk.changes();
        if !self.openings.is_empty()
            && let Some(seed) = self.encrypts_later.take()
        {
            self.disk.encrypt(seed);
        }
        let opened = self.disk.opened().and_then(|disk| {
            self.disk = disk;
            open(self.disk.shared(), &INDEX, self.now())
        });
        self.openings.push(self.disk.changes().saturating_sub(before));
        match opened {
            Ok(Store {
                mut engine,
                journal,
                index,
                ..
            }) => {
                self.generation = self.generation.saturating_add(1);
                engine.reside(self.residence);
                let (calls, asked) = (BTreeMap::new(), BTreeMap::new());
                self.process = Some(Process {
                    engine,
                    journal,
                    index,
                    programs: Programs::default(),
                    unindexed: VecDeque::new(),
                    calls,
                    queues: Queues::default(),
                    tasks: BTreeMap::new(),
                    asked,
                    held_back: Vec::new(),
                    tickets: 0,
                });
                self.spoil_memory();
                self.ask(Command::Deploy(self.current()), Intent::Nothing);
                if !self.program.schedules.is_empty() {
                    self.ask(Command::Schedule(ScheduleCommand::Keep), Intent::Keep);
                }
            }
            Err(error @ (StoreError::Full { .. } | StoreError::Io { .. } | StoreError::Sync { .. })) => {
                self.note(&format!("the store cannot be opened: {error}"));
                self.disk.set_sync_fails(false);
                if !self.disk.has_power() {
                    self.crashes = self.crashes.saturating_add(1);
                    self.disk.crash(&mut self.chance);
                }
                self.after(Duration::from_secs(1), Happens::Boot);
            }
            Err(error) => self.breaks(format!("the store cannot be opened after a crash: {error}")),
        }
    }

    /// The power fails. Clients that wait for an answer will ask again, or not.
    pub(super) fn crash(&mut self) {
        let Some(process) = self.process.take() else {
            return;
        };
        self.late_keys.clear();
        self.crashes = self.crashes.saturating_add(1);
        self.came_back = self.came_back.saturating_add(process.engine.came_back().0);
        self.disk.crash(&mut self.chance);
        self.unanswered(process.asked.into_values().collect());
        let delay = self.draw(Duration::from_millis(500));
        self.after(delay, Happens::Boot);
    }

    pub(super) fn ask(&mut self, command: Command, intent: Intent) {
        let Some(process) = &mut self.process else {
            self.unanswered(vec![intent]);
            return;
        };
        process.tickets = process.tickets.saturating_add(1);
        let ticket = Ticket(process.tickets);
        process.asked.insert(ticket, intent);
        let command = self.spoil_command(command);
        self.tell(Input::Command(ticket, command));
    }

    /// Tells the engine something, writes what there is to write, and does what it says.
    pub(super) fn tell(&mut self, input: Input) {
        let now = self.told_now(&input);
        let Some(process) = &mut self.process else { return };
        process.engine.handle(now, input);
        if let (_, Some(run)) = process.engine.came_back() {
            self.breaks(format!("run {run} came back otherwise than it left"));
            return;
        }
        if let Some(batch) = process.engine.take_batch() {
            self.write(&batch);
        }
        let Some(process) = &mut self.process else { return };
        let outputs: Vec<Output> = process.engine.take_outputs().collect();
        outputs.into_iter().for_each(|output| self.perform(output));
    }

    pub(super) fn perform(&mut self, output: Output) {
        match output {
            Output::Call(call) => {
                let Some(call) = self.spoil_call(call) else { return };
                match &call.request.wire {
                    Wire::Worker(queue) => {
                        let queue = queue.clone();
                        self.task(call, queue);
                    }
                    _ => self.call(call),
                }
            }
            Output::Answer(ticket, answer) => self.answered(ticket, &answer),
            Output::Probe(probe) => {
                let there = self.is_there(&probe);
                let (run, call) = (probe.run, probe.call);
                let answer = flowmesh_machine::Answer::Found(there);
                self.tell(Input::Answered { run, call, answer });
            }
            Output::Index(changes) => self.index(changes),
            Output::Search(ticket, search) => self.search(ticket, &search),
            Output::Fetch(wants) => self.fetch(wants),
            Output::Happened(_)
            | Output::Retired(_)
            | Output::More { .. }
            | Output::Close { .. }
            | Output::Shift { .. } => {}
        }
    }

    /// Whether a target is there. Most bodies that have come to their end have made theirs.
    fn is_there(&mut self, probe: &Probe) -> bool {
        if probe.after && !self.chance.happens(NOT_MADE) {
            self.targets.insert(probe.target.clone());
        }
        let looks_away = self.has(Bug::LookAway) && !probe.after;
        self.targets.contains(&probe.target) && !looks_away
    }

    /// The index takes what is new, in order; what it has no room for, later.
    fn index(&mut self, mut changes: Box<Changes>) {
        self.spoil_changes(&mut changes);
        let (now, late) = (self.now(), self.has(Bug::IndexLate));
        let Some(process) = &mut self.process else { return };
        process.unindexed.push_back(changes);
        if late {
            // What was given before is taken now.
            return self.index_later(now);
        }
        self.index_waiting();
        if self.chance.happens(200)
            && let Some(process) = &self.process
            && !matches!(process.index.checkpoint(), Ok(()) | Err(StoreError::Full { .. }))
        {
            self.crash();
        }
    }

    /// The bug: the index has only what was given before.
    fn index_later(&mut self, now: Timestamp) {
        let Some(process) = &mut self.process else { return };
        while process.unindexed.len() > 1
            && let Some(changes) = process.unindexed.pop_front()
        {
            if process.index.apply(&changes).is_err() {
                return self.crash();
            }
        }
        process.engine.handle(now, Input::Indexed);
    }

    /// The index takes what it had no room for, as far as there is.
    pub(super) fn index_waiting(&mut self) {
        let now = self.now();
        while let Some(process) = &mut self.process
            && let Some(changes) = process.unindexed.front()
        {
            match process.index.apply(changes) {
                Ok(()) => {}
                Err(StoreError::Full { .. }) => return,
                Err(_) => return self.crash(),
            }
            process.unindexed.pop_front();
            process.engine.handle(now, Input::Indexed);
        }
    }

    /// What a process looks up is read some time before it is told.
    fn fetch(&mut self, wants: Vec<Want>) {
        let generation = self.generation;
        let delay = self.draw(Duration::from_millis(20));
        if self.chance.happens(500) {
            return self.after(delay, Happens::Fetch { generation, wants });
        }
        let Some(process) = &mut self.process else { return };
        match process.look_up(wants) {
            Ok(found) => self.after(delay, Happens::Fetched { generation, found }),
            Err(_) => self.crash(),
        }
    }

    pub(super) fn fetch_late(&mut self, generation: u64, wants: Vec<Want>) {
        let Some(process) = self.process.as_mut().filter(|_| generation == self.generation) else {
            return;
        };
        match process.look_up(wants) {
            Ok(found) => self.tell(Input::Fetched(found)),
            Err(_) => self.crash(),
        }
    }

    pub(super) fn fetched(&mut self, generation: u64, found: Vec<Found>) {
        if generation == self.generation {
            self.tell(Input::Fetched(found));
        }
    }

    /// All runs as they stand: those in memory, and those that the index alone knows.
    pub(super) fn views(&self) -> Vec<RunView> {
        let Some(process) = &self.process else {
            return Vec::new();
        };
        let known = process.index.search(&Filter::default(), usize::MAX);
        let known = known.map(|page| page.runs).unwrap_or_default().into_iter();
        let mut views: BTreeMap<RunId, RunView> =
            known.map(|(run, row)| (run, RunView::of_row(run, row))).collect();
        views.extend(process.engine.views().into_iter().map(|view| (view.id, view)));
        views.into_values().collect()
    }

    fn search(&mut self, ticket: Ticket, search: &Search) {
        let Some(process) = &self.process else { return };
        match search.answer(process.index.as_ref()) {
            Ok(answer) => self.answered(ticket, &answer),
            Err(_) => self.crash(),
        }
    }

    fn answered(&mut self, ticket: Ticket, answer: &Answer) {
        let intent = self
            .process
            .as_mut()
            .and_then(|process| process.asked.remove(&ticket));
        if let Some(intent) = intent {
            self.hear(intent, answer);
        }
    }

    fn write(&mut self, batch: &Arc<Vec<Record>>) {
        if let Some(ahead) = dated_ahead(batch, self.latest()) {
            self.breaks(ahead);
        }
        if self.has(Bug::AcknowledgeBeforeSync) || self.has(Bug::SendBeforeSync) || self.has(Bug::IndexAhead)
        {
            self.report_too_early(batch);
            return;
        }
        if self.wrong(|faults| faults.torn_writes) {
            self.disk.set_sync_fails(true);
        }
        let Ok(appended) = self.append(batch) else {
            return self.crash();
        };
        self.written = self.written.saturating_add(1);
        if self.scenario.crash_after == Some(self.written) {
            return self.crash();
        }
        let generation = self.generation;
        let delay = self.draw(Duration::from_millis(20));
        self.after(delay, Happens::Written { generation, appended });
    }

    /// What became of a batch; nothing if there was no room for it.
    pub(super) fn append(&mut self, batch: &Arc<Vec<Record>>) -> Result<Option<Appended>, StoreError> {
        let (written, ignores_full) = (self.spoil_batch(batch), self.has(Bug::IgnoreFullDisk));
        let Some(process) = &mut self.process else {
            return Ok(None);
        };
        match process.journal.append(&written) {
            Ok(appended) => {
                let sealed = appended.sealed.iter();
                sealed.for_each(|sealed| process.index.seal(sealed.clone()));
                Ok(Some(match self.late_keys.is_empty() {
                    true => appended,
                    false => with_keys(batch, appended),
                }))
            }
            Err(AppendError::Full { .. }) if ignores_full => Ok(Some(as_if_written(process, batch.len()))),
            Err(AppendError::Full { .. }) => Ok(None),
            Err(AppendError::Failed(why)) => Err(why),
        }
    }

    pub(super) fn written(&mut self, generation: u64, appended: Option<Appended>) {
        if generation == self.generation {
            let late = std::mem::take(&mut self.late_keys);
            if let (false, Some(process)) = (late.is_empty(), &mut self.process)
                && process.journal.append(&late).is_err()
            {
                return self.crash();
            }
            self.tell(appended.map_or(Input::Refused, Input::Committed));
            self.compact_if_due();
        }
    }

    pub(super) fn write_late(&mut self, generation: u64) {
        let Some(process) = self.process.as_mut().filter(|_| generation == self.generation) else {
            return;
        };
        self.disk.sync_late();
        let late = std::mem::take(&mut process.held_back);
        late.into_iter().for_each(|output| self.perform(output));
        self.tell(Input::Forget(RunId(0), Ticket(0)));
    }
}

impl Process<'_> {
    fn look_up(&mut self, wants: Vec<Want>) -> Result<Vec<Found>, StoreError> {
        let (index, programs) = (self.index.as_ref(), &mut self.programs);
        wants
            .into_iter()
            .map(|want| want.look_up(index, programs))
            .collect()
    }
}
