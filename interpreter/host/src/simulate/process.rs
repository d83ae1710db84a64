//! A process of the host: it boots, it writes, it says things, it dies.

use super::{
    Bug,
    calls::Calling,
    clients::Intent,
    workers::Tasked,
    world::{Happens, World},
};
use crate::{
    RunId,
    engine::{Answer, Command, Engine, Input, Output, Restoring, Ticket},
    store::{AppendError, Appended, Journal, Location, Record, StoreError, open_journal},
    workers::{Queues, TaskId},
};
use flowmesh_ir::call::Wire;
use flowmesh_machine::CallId;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// A process.
pub(super) struct Process<'p> {
    pub(super) engine: Engine,
    journal: Journal,
    pub(super) calls: BTreeMap<(RunId, CallId), Calling<'p>>,
    pub(super) queues: Queues,
    pub(super) tasks: BTreeMap<TaskId, Tasked>,
    /// Who waits for an answer.
    pub(super) asked: BTreeMap<Ticket, Intent>,
    /// With a bug that reports batches before they are written: those batches, and what was said too early and is
    /// held back for the bug to be one only.
    late: VecDeque<Arc<Vec<Record>>>,
    held_back: Vec<Output>,
    tickets: u64,
}

impl<'p> World<'p> {
    pub(super) fn boot(&mut self) {
        let mut restoring = Restoring::default();
        let opened = open_journal(&self.disk.shared(), &mut restoring);
        match opened {
            Ok((journal, _)) => {
                let engine = restoring.finish(self.now());
                self.generation = self.generation.saturating_add(1);
                let (calls, asked) = (BTreeMap::new(), BTreeMap::new());
                let (late, held_back) = (VecDeque::new(), Vec::new());
                self.process = Some(Process {
                    engine,
                    journal,
                    calls,
                    queues: Queues::default(),
                    tasks: BTreeMap::new(),
                    asked,
                    late,
                    held_back,
                    tickets: 0,
                });
                self.ask(Command::Deploy(self.deployment.clone()), Intent::Nothing);
            }
            Err(StoreError::Full { .. } | StoreError::Io { .. } | StoreError::Sync { .. }) => {
                self.disk.set_sync_fails(false);
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
        self.crashes = self.crashes.saturating_add(1);
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
        self.tell(Input::Command(ticket, command));
    }

    /// Tells the engine something, writes what there is to write, and does what it says.
    pub(super) fn tell(&mut self, input: Input) {
        let now = self.now();
        let Some(process) = &mut self.process else { return };
        process.engine.handle(now, input);
        if let Some(batch) = process.engine.take_batch() {
            self.write(batch);
        }
        let Some(process) = &mut self.process else { return };
        let outputs: Vec<Output> = process.engine.take_outputs().collect();
        outputs.into_iter().for_each(|output| self.perform(output));
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Call(call) => match &call.request.wire {
                Wire::Worker(queue) => {
                    let queue = queue.clone();
                    self.task(call, queue);
                }
                _ => self.call(call),
            },
            Output::Answer(ticket, answer) => self.answered(ticket, &answer),
            Output::Probe(probe) => self.tell(Input::Answered {
                run: probe.run,
                call: probe.call,
                answer: flowmesh_machine::Answer::Found(false),
            }),
            Output::Happened(_) | Output::More { .. } | Output::Close { .. } | Output::Shift { .. } => {}
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

    fn write(&mut self, batch: Arc<Vec<Record>>) {
        if self.has(Bug::AcknowledgeBeforeSync) || self.has(Bug::SendBeforeSync) {
            self.report_too_early(batch);
            return;
        }
        if self.wrong(|faults| faults.torn_writes) {
            self.disk.set_sync_fails(true);
        }
        let generation = self.generation;
        let Some(process) = &mut self.process else { return };
        let appended = match process.journal.append(&batch) {
            Ok(appended) => Some(appended),
            Err(AppendError::Full { .. }) => None,
            Err(AppendError::Failed(_)) => return self.crash(),
        };
        self.written = self.written.saturating_add(1);
        if self.scenario.crash_after == Some(self.written) {
            return self.crash();
        }
        let delay = self.draw(Duration::from_millis(20));
        self.after(delay, Happens::Written { generation, appended });
    }

    pub(super) fn written(&mut self, generation: u64, appended: Option<Appended>) {
        if generation == self.generation {
            self.tell(appended.map_or(Input::Refused, Input::Committed));
        }
    }

    /// The bugs: the engine is told that a batch is stable before it is. Only what the bug is about is let out; the rest
    /// waits for the write as it should.
    fn report_too_early(&mut self, batch: Arc<Vec<Record>>) {
        let (now, generation) = (self.now(), self.generation);
        let acknowledges = self.has(Bug::AcknowledgeBeforeSync);
        let Some(process) = &mut self.process else { return };
        let nowhere = Location {
            segment: 0,
            offset: 0,
            length: 0,
            sum: 0,
        };
        let appended = Appended {
            places: vec![nowhere; batch.len()],
            ..Appended::default()
        };
        process.late.push_back(batch);
        process.engine.handle(now, Input::Committed(appended));
        let outputs: Vec<Output> = process.engine.take_outputs().collect();
        let early = |output: &Output| matches!(output, Output::Answer(..)) == acknowledges;
        let (early, late): (Vec<Output>, Vec<Output>) = outputs.into_iter().partition(early);
        process.held_back.extend(late);
        early.into_iter().for_each(|output| self.perform(output));
        let delay = self.draw(Duration::from_millis(20));
        self.after(delay, Happens::WriteLate { generation });
    }

    pub(super) fn write_late(&mut self, generation: u64) {
        let Some(process) = self.process.as_mut().filter(|_| generation == self.generation) else {
            return;
        };
        for batch in std::mem::take(&mut process.late) {
            if process.journal.append(&batch).is_err() {
                return self.crash();
            }
        }
        let late = std::mem::take(&mut process.held_back);
        late.into_iter().for_each(|output| self.perform(output));
        self.tell(Input::Forget(RunId(0), Ticket(0)));
    }
}
