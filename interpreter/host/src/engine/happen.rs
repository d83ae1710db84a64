//! One event on one run: into the journal, through the machine, and what follows is kept until it is written.

use super::{
    Engine, Held, Timers,
    batch::{Batches, Deferred},
    input::Ticket,
    ledger::{Ledger, Task},
    output::{self, Call, Called, Happened, Output},
    query::Query,
};
use crate::{
    RunId,
    store::{EventRecord, Origin, Record},
};
use flowmesh_ir::{
    Hash, Name,
    call::{Reply, Request, Wire},
    trace::Lineage,
};
use flowmesh_machine::{Answer, CallId, Decision, Effect, Ended, Event, EventKind, Note, Outcome};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// What one event takes in the log beside its payload, at the most.
const EVENT_BYTES: usize = 128;

impl Engine {
    pub(super) fn replied(&mut self, now: Timestamp, run: RunId, call: CallId, reply: Reply) {
        let live = self.runs.get_mut(&run).and_then(Held::live);
        // A reply that comes twice, or to a run that has ended, is no event.
        if live.is_some_and(|live| live.take_call(call)) {
            self.happen(now, run, EventKind::Replied { call, reply }, None);
        }
    }

    /// The word of a worker. One that comes twice, or too late, is no event, and is answered as the first.
    pub(super) fn settle(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        (run, call): (RunId, CallId),
        reply: Reply,
    ) {
        self.replied(now, run, call, reply);
        self.acted(now, Some(run), Vec::new);
        self.defer(Deferred::Answer(ticket, Query::Accepted(run)));
    }

    pub(super) fn streamed(&mut self, now: Timestamp, run: RunId, call: CallId, item: Arc<[u8]>) {
        let live = self.runs.get_mut(&run).and_then(Held::live);
        if live.is_some_and(|live| live.streams.contains(&call)) {
            self.happen(now, run, EventKind::Streamed { call, item }, None);
        }
    }

    /// Makes something happen to a run that has not ended; with what it is a run of, if it is the first event.
    pub(super) fn happen(&mut self, now: Timestamp, run: RunId, kind: EventKind, origin: Option<Origin>) {
        let Some(held) = self.runs.get_mut(&run) else {
            return;
        };
        let at = held.dated(now);
        let event = Event { at, kind };
        let sequence = held.next;
        let mut effects = std::mem::take(&mut self.effects);
        let home = moves_to(&event.kind).and_then(|to| self.deployments.get(&to));
        self.ledger.event(run, held, &event);
        if held.apply(&event, home, &mut effects) {
            if let (true, Some(_), Some(live)) = (self.moves_forget, moves_to(&event.kind), held.live()) {
                live.run.forget_undo();
            }
            let bytes = bytes(&event.kind);
            let record = EventRecord {
                run,
                sequence,
                origin,
                event: event.clone(),
            };
            self.batches.add(Record::Event(record), bytes);
            let told = held.watched > 0 || self.trace_all;
            let mut following = Following {
                run,
                held,
                timers: &mut self.timers,
                batches: &mut self.batches,
                ledger: &mut self.ledger,
                tasks: &mut self.tasks,
                answers: &mut self.answers,
                told: told.then(Told::default),
            };
            effects.drain(..).for_each(|effect| following.follow(effect));
            following.tell(sequence, event);
            self.rows.touch((run, held), now);
        }
        self.effects = effects;
    }
}

/// Everything that one event leads to.
pub(super) struct Following<'a> {
    pub(super) run: RunId,
    pub(super) held: &'a mut Held,
    pub(super) timers: &'a mut Timers,
    pub(super) batches: &'a mut Batches,
    pub(super) ledger: &'a mut Ledger,
    pub(super) tasks: &'a mut VecDeque<Task>,
    /// Who waits for the answers of signals.
    pub(super) answers: &'a mut BTreeMap<(RunId, u64), Ticket>,
    /// Kept only if somebody is told.
    pub(super) told: Option<Told>,
}

/// What is told of what followed.
#[derive(Default)]
pub(super) struct Told {
    notes: Vec<Note>,
    calls: Vec<Called>,
}

impl Following<'_> {
    pub(super) fn follow(&mut self, effect: Effect) {
        self.ledger.effect(self.run, self.held, &effect, self.tasks);
        match effect {
            Effect::Call { .. } => {
                if let Some(told) = &mut self.told {
                    told.calls.extend(Called::of(&effect));
                }
                if let Some(call) = call(self.run, self.held, effect) {
                    self.defer(Deferred::Output(Output::Call(call)));
                }
            }
            Effect::Timer { timer, at } => {
                self.held
                    .live()
                    .into_iter()
                    .for_each(|live| live.timers.push((timer, at)));
                self.timers.arm(at, self.run, timer);
            }
            Effect::Disarm { timer } => {
                if let Some(at) = self.held.live().and_then(|live| live.take_timer(timer)) {
                    self.timers.disarm(at, self.run, timer);
                }
            }
            Effect::Note(note) => self
                .told
                .iter_mut()
                .for_each(|told| told.notes.push(note.clone())),
            Effect::Finished(outcome) => self.finish(&outcome),
            Effect::More { call } => self.defer(Deferred::Output(Output::More { run: self.run, call })),
            Effect::Answer { signal, answer } => {
                if let Some(ticket) = self.answers.remove(&(self.run, signal)) {
                    let answer = output::Answer::Said(answer);
                    self.defer(Deferred::Output(Output::Answer(ticket, answer)));
                }
            }
            Effect::Ask { .. } | Effect::Withdraw { .. } | Effect::Release { .. } | Effect::Record { .. } => {
            }
        }
    }

    fn finish(&mut self, outcome: &Outcome) {
        let ending = self.held.deployment.ending(self.held.flow, outcome);
        let Some(live) = self.held.end(ending) else { return };
        for (timer, at) in live.timers {
            self.timers.disarm(at, self.run, timer);
        }
        for ticket in live.waiting {
            self.defer(Deferred::Answer(ticket, Query::Ended(self.run)));
        }
        let of_run = (self.run, 0)..=(self.run, u64::MAX);
        let unanswered: Vec<(RunId, u64)> = self.answers.range(of_run).map(|(key, _)| *key).collect();
        for key in unanswered {
            let Some(ticket) = self.answers.remove(&key) else {
                continue;
            };
            let answer = output::Answer::Said(Err("the run has ended".to_owned()));
            self.defer(Deferred::Output(Output::Answer(ticket, answer)));
        }
    }

    fn tell(mut self, sequence: u64, event: Event) {
        let Some(told) = self.told.take() else { return };
        let happened = Happened {
            run: self.run,
            sequence,
            event,
            namespace: self.held.namespace.clone(),
            lineage: self.held.lineage.clone(),
            notes: told.notes,
            calls: told.calls,
            children: Vec::new(),
            flow: self.held.flow,
            deployment: self.held.deployment.clone(),
            ending: self.held.ending().cloned(),
        };
        self.defer(Deferred::Output(Output::Happened(Box::new(happened))));
    }

    /// There is a batch to keep it with, since the event was just added to one.
    fn defer(&mut self, deferred: Deferred) {
        let _ = self.batches.defer(deferred);
    }
}

/// A call that a run asks for, and that is outstanding from now on.
pub(super) fn call(run: RunId, held: &mut Held, effect: Effect) -> Option<Call> {
    let Effect::Call {
        call,
        step,
        undo,
        request,
    } = effect
    else {
        return None;
    };
    let live = held.live()?;
    live.calls.push(call);
    if is_stream(&request.wire) {
        live.streams.push(call);
    }
    let policy = held.deployment.program.policy(request.policy);
    let kept = policy.and_then(|policy| policy.trace.as_ref());
    Some(Call {
        run,
        namespace: held.namespace.clone(),
        call,
        step,
        undo,
        flow: held.flow,
        deployment: held.deployment.clone(),
        trace: held.span(run).child(u64::from(call.0)).thinned(kept),
        request: in_trace(held.lineage.as_deref(), request),
    })
}

/// A request with what goes on with the trace that it is part of. What its operation says itself goes before that.
pub(crate) fn in_trace(lineage: Option<&Lineage>, request: Arc<Request>) -> Arc<Request> {
    let further = lineage.into_iter().flat_map(Lineage::headers);
    let mut further = further
        .filter(|(name, _)| !request.headers.iter().any(|(known, _)| known == name))
        .map(|(name, value)| (Name::from(name), value.to_owned()))
        .peekable();
    if further.peek().is_none() {
        return request;
    }
    let mut headers = request.headers.clone();
    headers.extend(further);
    Arc::new(Request {
        headers,
        ..Request::clone(&request)
    })
}

/// Whether a call is answered with many items.
pub(super) fn is_stream(wire: &Wire) -> bool {
    matches!(wire, Wire::Stream(_) | Wire::Grpc { stream: true, .. })
}

/// Where an event moves a run to.
pub(super) fn moves_to(kind: &EventKind) -> Option<(Hash, Hash)> {
    match kind {
        EventKind::Moved {
            program, settings, ..
        } => Some((*program, *settings)),
        _ => None,
    }
}

/// What an event takes in the log, about.
pub(crate) fn bytes(kind: &EventKind) -> usize {
    EVENT_BYTES.saturating_add(payload_bytes(kind))
}

fn payload_bytes(kind: &EventKind) -> usize {
    match kind {
        EventKind::Started { input, .. } => input.len(),
        EventKind::Replied {
            reply: Reply::Answer { body, .. },
            ..
        } => body.len(),
        EventKind::Replied {
            reply: Reply::Failed(failure),
            ..
        } => failure.reason().len(),
        EventKind::Signalled { payload, .. } | EventKind::Heard { payload, .. } => payload.len(),
        EventKind::Streamed { item, .. } => item.len(),
        EventKind::Answered { answer, .. } => answer_bytes(answer),
        EventKind::Cancelled { reason } | EventKind::Paused { reason } | EventKind::Terminated { reason } => {
            reason.len()
        }
        EventKind::Decided {
            decision: Decision::Done(result),
            ..
        } => result.len(),
        EventKind::Edited { changes } => changes.iter().map(|change| change.value.len()).sum(),
        EventKind::Continued { again } => again.len().saturating_mul(4),
        EventKind::Moved { mapping, .. } => {
            let pairs = mapping.states.len().saturating_add(mapping.slots.len());
            pairs.saturating_mul(8).saturating_add(64)
        }
        EventKind::Fired { .. } | EventKind::Resumed | EventKind::Decided { .. } => 0,
    }
}

fn answer_bytes(answer: &Answer) -> usize {
    match answer {
        Answer::Done(weights) => weights.len(),
        Answer::Run(text)
        | Answer::Refused(text)
        | Answer::Ended(Ended::Cancelled(text) | Ended::Terminated(text)) => text.len(),
        Answer::Ended(Ended::Done(json) | Ended::Failed(_, json)) => json.len(),
        Answer::Recalled(recorded) => recorded.result.len(),
        Answer::Found(_) | Answer::Granted(_) => 0,
    }
}
