//! What comes of a batch: it is on stable storage, or there is no room for it.

use super::{Answer, Engine, Held, Refusal, batch::Batch, batch::Deferred, output::Output, query::Query};
use crate::{
    RunId,
    store::{Act, Appended, Block, Kept, KeptAct, Location, Record},
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// How long to wait before a full disk is tried again.
const FULL_WAIT: SignedDuration = SignedDuration::from_secs(1);

impl Engine {
    pub(super) fn committed(&mut self, appended: &Appended) {
        let Some(batch) = self.batches.committed() else {
            return;
        };
        for (record, place) in batch.records.iter().zip(&appended.places) {
            self.placed(record, *place);
        }
        let fresh = self.give_cut(appended.end);
        for deferred in batch.deferred {
            match deferred {
                // What it asks for was cut with this batch.
                Deferred::Search(ticket, search) if fresh => {
                    self.outputs.push(Output::Search(ticket, search));
                }
                deferred => self.release(deferred),
            }
        }
    }

    fn placed(&mut self, record: &Record, place: Location) {
        match record {
            Record::Event(event) => {
                if let Some(held) = self.runs.get_mut(&event.run) {
                    held.places.recent.push(Block::one(place));
                }
            }
            Record::Act(act) if self.rows.kept => {
                self.acts.tell(KeptAct {
                    act: act.as_ref().clone(),
                    segment: place.segment,
                });
                self.rows.acts_told(self.now);
            }
            Record::Program { hash, .. } | Record::Settings { hash, .. } => {
                self.rows.program(Kept { hash: *hash, place });
            }
            _ => {}
        }
    }

    /// There is no room. Runs whose start was not acknowledged are taken back, and their starts refused: nobody must
    /// believe in them. What happened to acknowledged runs is kept and written when there is room.
    pub(super) fn refused(&mut self, now: Timestamp) {
        self.take_rows_back();
        let mut refused = Vec::new();
        let mut gone = BTreeSet::new();
        for batch in self.batches.take_back() {
            gone.extend(
                take_starts(batch)
                    .into_iter()
                    .filter(|run| alone(&self.runs, *run)),
            );
            let kept = std::mem::take(&mut batch.deferred);
            let (no, yes) = kept.into_iter().partition(|deferred| is_refused(deferred, &gone));
            batch.deferred = yes;
            refused.extend::<Vec<_>>(no);
        }
        for batch in self.batches.take_back() {
            // Whoever did it is told that it was not done.
            let undone = |act: &Act| act.run.is_some_and(|run| gone.contains(&run));
            for record in batch.records.iter() {
                if let Record::Act(act) = record
                    && undone(act)
                {
                    self.acts.forget(&act.key);
                }
            }
            let of_gone = |record: &Record| match record {
                Record::Event(event) => gone.contains(&event.run),
                Record::Act(act) => undone(act),
                _ => false,
            };
            Arc::make_mut(&mut batch.records).retain(|record| !of_gone(record));
        }
        gone.iter().for_each(|run| self.let_go(*run));
        refused.iter().for_each(|deferred| self.refuse_deferred(deferred));
        let free = self.batches.drop_empty();
        free.into_iter().for_each(|deferred| self.release(deferred));
        self.full_until = now.checked_add(FULL_WAIT).ok();
    }

    fn refuse_deferred(&mut self, deferred: &Deferred) {
        match deferred {
            Deferred::Answer(ticket, _) => self.refuse(*ticket, Refusal::Full),
            // Answered from what the index has: nobody knows when there will be room.
            Deferred::Search(ticket, search) => self.outputs.push(Output::Search(*ticket, search.clone())),
            Deferred::Output(_) => {}
        }
    }

    /// Forgets a run that nobody was told of.
    fn let_go(&mut self, run: RunId) {
        let Some(mut held) = self.runs.remove(&run) else {
            return;
        };
        self.rows.forget(run);
        if let Some(key) = held.key.take() {
            let key = (held.scope(), key);
            match held.shared {
                Some(shared) => {
                    let before = held.instead_of.unwrap_or(shared.run);
                    self.keys.insert(key, before);
                    self.supersede(Some(before), false);
                }
                None => drop(self.keys.remove(&key)),
            }
        }
        if let Some(before) = held.shared.and_then(|shared| self.runs.get_mut(&shared.run)) {
            before.followed_by = held.instead_of;
        }
        let Some(live) = held.live() else { return };
        for (timer, at) in live.timers.drain(..) {
            self.timers.disarm(at, run, timer);
        }
        for ticket in std::mem::take(&mut live.waiting) {
            self.outputs.push(Output::Answer(
                ticket,
                Answer::Refused(Refusal::UnknownRun { run }),
            ));
        }
    }
}

/// Whether no other run knows of it.
fn alone(runs: &HashMap<RunId, Held>, run: RunId) -> bool {
    runs.get(&run).is_none_or(|held| !held.entangled)
}

/// The runs that begin in a batch.
fn take_starts(batch: &Batch) -> Vec<RunId> {
    let start = |record: &Record| match record {
        Record::Event(event) if event.origin.is_some() => Some(event.run),
        _ => None,
    };
    batch.records.iter().filter_map(start).collect()
}

fn is_refused(deferred: &Deferred, gone: &BTreeSet<RunId>) -> bool {
    match deferred {
        Deferred::Output(Output::Call(call)) => gone.contains(&call.run),
        Deferred::Output(Output::Probe(probe)) => gone.contains(&probe.run),
        Deferred::Output(Output::More { run, .. } | Output::Close { run, .. }) => gone.contains(run),
        Deferred::Output(Output::Happened(happened)) => gone.contains(&happened.run),
        Deferred::Answer(_, Query::Started(started)) => gone.contains(&started.id),
        Deferred::Answer(_, Query::Deployed | Query::Kept | Query::Forgotten(_)) => true,
        Deferred::Search(_, search) => search.may_lag(),
        Deferred::Answer(_, Query::Accepted(run)) => gone.contains(run),
        Deferred::Output(
            Output::Answer(..)
            | Output::Shift { .. }
            | Output::Index(_)
            | Output::Retired(_)
            | Output::Search(..)
            | Output::Fetch(_),
        )
        | Deferred::Answer(..) => false,
    }
}
