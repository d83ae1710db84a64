//! Promises that are broken on purpose: each of these worlds must be found out, or the checks are worth nothing.
//!
//! A bug is switched on by [`super::Scenario::bug`]. Most of them change what goes in or comes out of the shipped engine,
//! as if it had done so; those of a restart take something from the engine that it had read.

mod spoiled;

use super::{
    calls::is_unknown,
    process::Process,
    world::{Happens, World},
};
use crate::{
    engine::{Call, Command, Input, Output, written::drop_timers},
    store::{Appended, Change, Changes, Location, Record},
};
use flowmesh_ir::{
    PolicyId,
    call::{Reply, Request},
    policy::Policy,
    service::EffectKind,
};
use flowmesh_machine::EventKind;
use jiff::{SignedDuration, Timestamp};
pub(super) use spoiled::with_keys;
use spoiled::{cut_last_batch, forgotten, without_values};
use std::{sync::Arc, time::Duration};

/// A promise that is broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Starts, signals and cancels are acknowledged before they are on stable storage.
    AcknowledgeBeforeSync,
    /// Calls are sent before the event that led to them is on stable storage.
    SendBeforeSync,
    /// The disk loses what was decided on times that are due.
    ForgetSchedules,
    /// A sync that failed is tried again, and believed the second time.
    RetryFailedSync,
    /// A batch that there was no room for counts as written.
    IgnoreFullDisk,
    /// The last record of a batch of several is not written.
    WriteAllButOne,
    /// Opening a store cuts off its last batch, whole as it is.
    CutWholeBatch,
    /// The index misses changes.
    LeaveOutOfIndex,
    /// The index misses the timers of runs.
    LeaveOutTimers,
    /// The timers of a run are lost where its machine is written down.
    SnapshotWithoutTimers,
    /// The index is said to have taken what it takes later.
    IndexLate,
    /// The index takes what is not on stable storage in the journal.
    IndexAhead,
    /// A restart forgets the timers.
    ForgetTimers,
    /// A restart forgets who holds locks and pools.
    ForgetHolders,
    /// A restart forgets the keys of starts.
    ForgetKeys,
    /// The keys of requests are written after what came of these, in a batch of their own.
    ForgetRequestKeys,
    /// Timers come due before their time.
    FireEarly,
    /// What is asked for again after a restart has another key.
    OtherKeyAfterRestart,
    /// A call that must not be repeated is.
    RepeatOnce,
    /// A reply is lost on its way to the engine.
    LoseReply,
    /// What undoes is not sent, and counts as done.
    PretendUndone,
    /// A restart forgets which tokens were given.
    ReuseTokens,
    /// A restart counts rates from the beginning.
    RateFromRestart,
    /// Priority counts for more than any wait.
    ForgetAgeing,
    /// Compaction leaves out the keys with which runs were started.
    CompactWithoutKeys,
    /// Compaction leaves out when events were written first.
    CompactWithoutOrder,
    /// Compaction leaves out what lies between runs.
    CompactWithoutBetween,
    /// What a flow has produced is not found.
    LookAway,
    /// Results are reused however old they are.
    ReuseForEver,
    /// A result is reused by a call with another key.
    ReuseOfAnyKey,
    /// The index misses results.
    LeaveOutResults,
    /// A run that moves to another program forgets what it would have to undo.
    ForgetUndoInMove,
    /// What is written of a move leaves out the values.
    ForgetValuesOfMove,
    /// A directory that is opened again counts nonces from the beginning, under the key that it had.
    ReuseNonces,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 34] = [
        Self::AcknowledgeBeforeSync,
        Self::SendBeforeSync,
        Self::ForgetSchedules,
        Self::RetryFailedSync,
        Self::IgnoreFullDisk,
        Self::WriteAllButOne,
        Self::CutWholeBatch,
        Self::LeaveOutOfIndex,
        Self::LeaveOutTimers,
        Self::SnapshotWithoutTimers,
        Self::IndexLate,
        Self::IndexAhead,
        Self::ForgetTimers,
        Self::ForgetHolders,
        Self::ForgetKeys,
        Self::ForgetRequestKeys,
        Self::FireEarly,
        Self::OtherKeyAfterRestart,
        Self::RepeatOnce,
        Self::LoseReply,
        Self::PretendUndone,
        Self::ReuseTokens,
        Self::RateFromRestart,
        Self::ForgetAgeing,
        Self::CompactWithoutKeys,
        Self::CompactWithoutOrder,
        Self::CompactWithoutBetween,
        Self::LookAway,
        Self::ReuseForEver,
        Self::ReuseOfAnyKey,
        Self::LeaveOutResults,
        Self::ForgetUndoInMove,
        Self::ForgetValuesOfMove,
        Self::ReuseNonces,
    ];
}

impl Bug {
    /// Whether compaction does it. In worlds with others there is none: it syncs what they leave out.
    pub(super) fn is_of_compaction(self) -> bool {
        matches!(
            self,
            Self::CompactWithoutKeys | Self::CompactWithoutOrder | Self::CompactWithoutBetween
        )
    }
}

/// How early timers come due.
const EARLY: SignedDuration = SignedDuration::from_secs(2);
/// Of a thousand replies, changes of the index and undoing calls, how many go wrong.
const OFTEN: u64 = 100;

impl World<'_> {
    pub(super) fn has(&self, bug: Bug) -> bool {
        self.scenario.bug == Some(bug)
    }

    /// Whether something goes wrong this time that the bug lets go wrong now and then.
    fn strikes(&mut self, bug: Bug) -> bool {
        self.has(bug) && self.chance.happens(OFTEN)
    }

    /// Before a store is opened that was there before.
    pub(super) fn spoil_disk(&self) {
        if self.has(Bug::CutWholeBatch) && self.generation > 0 {
            cut_last_batch(&self.disk);
        }
        if self.has(Bug::ReuseNonces) {
            self.disk.set_chance_stuck();
        }
    }

    /// After a store was opened that was there before.
    pub(super) fn spoil_memory(&mut self) {
        let (timers, holders) = (self.has(Bug::ForgetTimers), self.has(Bug::ForgetHolders));
        let (tokens, rates) = (self.has(Bug::ReuseTokens), self.has(Bug::RateFromRestart));
        let ageless = self.has(Bug::ForgetAgeing);
        if self.has(Bug::ForgetUndoInMove)
            && let Some(process) = &mut self.process
        {
            process.engine.forget_undo_in_moves();
        }
        let (for_ever, any_key) = (self.has(Bug::ReuseForEver), self.has(Bug::ReuseOfAnyKey));
        if let Some(process) = &mut self.process {
            process.engine.break_results(for_ever, any_key);
        }
        if let Some(process) = self.process.as_mut().filter(|_| ageless) {
            process.engine.break_guards(|guards| guards.forget_ageing());
        }
        if let Some(process) = self.process.as_mut().filter(|_| self.generation > 1) {
            if timers {
                process.engine.forget_timers();
            }
            if holders {
                process.engine.forget_holders();
            }
            if tokens {
                process.engine.break_guards(|guards| guards.forget_tokens());
            }
            if rates {
                process.engine.break_guards(|guards| guards.forget_rates());
            }
        }
    }

    /// What the engine is told that the time is.
    pub(super) fn told_now(&self, input: &Input) -> Timestamp {
        let now = self.now();
        if self.has(Bug::FireEarly) && matches!(input, Input::Tick) {
            return now.checked_add(EARLY).unwrap_or(now);
        }
        now
    }

    /// A command as it comes to the engine.
    pub(super) fn spoil_command(&self, mut command: Command) -> Command {
        if self.has(Bug::ForgetKeys)
            && let Command::Start(start) = &mut command
            && let Some(key) = &mut start.key
        {
            // What does not meet the key that was there before is as good as forgotten.
            key.push_str(&"'".repeat(usize::try_from(self.generation).unwrap_or_default()));
        }
        command
    }

    /// A call as it leaves the engine; none if it is not sent.
    pub(super) fn spoil_call(&mut self, call: Call) -> Option<Call> {
        if self.has(Bug::OtherKeyAfterRestart)
            && self.generation > 1
            && call.request.effect == EffectKind::Keyed
            && let Some(key) = &call.request.key
        {
            let key = Some(format!("{key}'"));
            let request = Arc::new(Request {
                key,
                ..Request::clone(&call.request)
            });
            return Some(Call { request, ..call });
        }
        if call.undo && self.strikes(Bug::PretendUndone) {
            let reply = Reply::Answer {
                status: 200,
                body: Arc::from(*b""),
            };
            let (run, call) = (call.run, call.call);
            self.tell(Input::Replied { run, call, reply });
            return None;
        }
        Some(call)
    }

    /// By which policy, and with what effect, the mesh goes about a request.
    pub(super) fn spoil_plan(&self, request: &Request) -> (PolicyId, EffectKind) {
        let (policy, effect) = (request.policy, request.effect);
        let repeats = |policy: &Policy| policy.retry.is_some();
        let repeating = self.program.policies.iter().position(repeats);
        match repeating.and_then(|at| u32::try_from(at).ok()) {
            Some(at) if self.has(Bug::RepeatOnce) && effect == EffectKind::Once => {
                (PolicyId(at), EffectKind::Idempotent)
            }
            _ => (policy, effect),
        }
    }

    /// Whether a reply is lost before the engine hears it.
    pub(super) fn loses(&mut self, reply: &Reply) -> bool {
        !is_unknown(reply) && self.strikes(Bug::LoseReply)
    }

    /// What the index is given, as it takes it.
    pub(super) fn spoil_changes(&mut self, changes: &mut Changes) {
        if self.strikes(Bug::LeaveOutOfIndex) {
            changes.runs.clear();
        }
        if self.has(Bug::SnapshotWithoutTimers) {
            for change in &mut changes.runs {
                if let Change::Put(put) = change
                    && let Some(snapshot) = &mut put.snapshot
                {
                    drop_timers(snapshot);
                }
            }
        }
        if self.has(Bug::LeaveOutResults) {
            changes.results.clear();
        }
        if self.has(Bug::LeaveOutTimers) {
            for change in &mut changes.runs {
                if let Change::Put(put) = change {
                    put.row.timers.clear();
                }
            }
        }
    }

    /// What compaction does to what it writes again.
    pub(super) fn spoils(&self) -> Spoils {
        Spoils(self.scenario.bug)
    }

    /// A batch as the disk has it.
    pub(super) fn spoil_batch(&mut self, batch: &Arc<Vec<Record>>) -> Arc<Vec<Record>> {
        if self.has(Bug::ForgetSchedules) {
            return Arc::new(forgotten(batch));
        }
        if self.has(Bug::ForgetValuesOfMove) {
            return Arc::new(batch.iter().map(without_values).collect());
        }
        if self.has(Bug::ForgetRequestKeys) {
            let (keys, rest): (Vec<Record>, Vec<Record>) = batch
                .iter()
                .cloned()
                .partition(|record| matches!(record, Record::Act(_)));
            if !rest.is_empty() {
                self.late_keys = keys;
                return Arc::new(rest);
            }
        }
        if batch.len() > 1 && self.strikes(Bug::WriteAllButOne) {
            let rest = batch.split_last().map(|(_, rest)| rest).unwrap_or_default();
            return Arc::new(rest.to_vec());
        }
        Arc::clone(batch)
    }

    /// The engine is told that a batch is stable before it is. Only what the bug is about is let out; the rest
    /// waits for the write as it should.
    pub(super) fn report_too_early(&mut self, batch: &Arc<Vec<Record>>) {
        let (now, generation) = (self.now(), self.generation);
        let bug = self.scenario.bug;
        self.disk.set_syncs_late(true);
        let appended = self.append(batch);
        self.disk.set_syncs_late(false);
        let Ok(appended) = appended else {
            return self.crash();
        };
        let Some(process) = &mut self.process else { return };
        let told = appended.map_or(Input::Refused, Input::Committed);
        process.engine.handle(now, told);
        let outputs: Vec<Output> = process.engine.take_outputs().collect();
        let early = |output: &Output| match output {
            Output::Index(_) => bug == Some(Bug::IndexAhead),
            Output::Answer(..) => bug == Some(Bug::AcknowledgeBeforeSync),
            Output::Fetch(_) => true,
            _ => bug == Some(Bug::SendBeforeSync),
        };
        let (early, late): (Vec<Output>, Vec<Output>) = outputs.into_iter().partition(early);
        process.held_back.extend(late);
        early.into_iter().for_each(|output| self.perform(output));
        let delay = self.draw(Duration::from_millis(20));
        self.after(delay, Happens::WriteLate { generation });
    }
}

/// What compaction does to what it writes again.
pub(super) struct Spoils(Option<Bug>);

impl Spoils {
    pub(super) fn spoil(&self, records: &mut [Record]) {
        for record in records {
            match (self.0, record) {
                (Some(Bug::CompactWithoutKeys), Record::History(history)) => {
                    if let Some(EventKind::Started { key, .. }) =
                        history.events.first_mut().map(|event| &mut event.kind)
                    {
                        *key = None;
                    }
                }
                (Some(Bug::CompactWithoutOrder), Record::History(history)) => history.order.clear(),
                (Some(Bug::CompactWithoutBetween), Record::Between(between)) => {
                    between.traffic.clear();
                    between.schedules.clear();
                }
                _ => {}
            }
        }
    }
}

/// What would be said of a batch that was written.
pub(super) fn as_if_written(process: &Process<'_>, records: usize) -> Appended {
    let nowhere = Location {
        segment: 0,
        offset: 0,
        length: 0,
        sum: 0,
    };
    Appended {
        places: vec![nowhere; records],
        end: process.journal.end(),
        sealed: None,
    }
}
