//! A run that goes on from the middle of what happened to another one that has ended: retry and restart.
//!
//! The shared events are written again as those of the new run, so that each can be kept, archived or forgotten without
//! the other. They lead to nothing a second time: only the machine sees them, here as when the journal is read again.

use super::{
    Engine, Held, Life, Refusal, Ticket,
    batch::Deferred,
    happen,
    ledger::{Ledger, Task},
    output::{Output, Started},
    query::Query,
    start::lineage,
};
use crate::{
    RunId,
    store::{EventRecord, Origin, Record, Shared},
};
use flowmesh_machine::{CallId, Effect, Event, EventKind, Note};
use jiff::Timestamp;
use std::{collections::VecDeque, sync::Arc};

use super::deployment::Deployment;

/// A run to go on with.
#[derive(Clone, Debug)]
pub struct Continuation {
    /// What the new run is to be called.
    pub run: RunId,
    /// Whose history it shares.
    pub of: RunId,
    /// Where that one was at home: what it was started with, then what it was moved to.
    pub homes: Vec<Arc<Deployment>>,
    /// Its events.
    pub events: Vec<Event>,
    /// What of them is shared.
    pub shared: flowmesh_machine::Shared,
    /// Whether it is one more try; then the other one must not have been gone on with at all.
    pub retry: bool,
}

impl Engine {
    pub(super) fn go_on(&mut self, now: Timestamp, ticket: Ticket, from: Continuation) {
        match self.try_go_on(now, from) {
            Ok(started) => {
                self.acted(now, Some(started.id), Vec::new);
                self.defer(Deferred::Answer(ticket, Query::Started(started)));
            }
            Err(refusal) => self.refuse(ticket, refusal),
        }
    }

    fn try_go_on(&mut self, now: Timestamp, from: Continuation) -> Result<Started, Refusal> {
        let (run, of) = (from.run, from.of);
        if self.runs.contains_key(&run) {
            // It was heard before, and is asked for once more.
            return Ok(Started {
                id: run,
                existing: true,
            });
        }
        let held = self.runs.get(&of).ok_or(Refusal::UnknownRun { run: of })?;
        if let Life::Live(_) = held.life {
            let state = held.state();
            return Err(Refusal::Alive { run: of, state });
        }
        if let Some(by) = held.followed_by {
            let ended = self.runs.get(&by).is_none_or(|next| next.ending().is_some());
            if from.retry || !ended {
                return Err(Refusal::Continued { run: of, by });
            }
        }
        self.refuse_if_full()?;
        let (name, root, key) = (held.name.clone(), held.root, held.key.clone());
        let (namespace, above) = (held.namespace.clone(), held.lineage.clone());
        let homes: Vec<_> = from
            .homes
            .iter()
            .map(|home| self.known(Arc::clone(home)))
            .collect();
        let began = homes
            .first()
            .and_then(|home| Some((Arc::clone(home), home.program.flow_named(&name)?)));
        let (deployment, flow) = began.ok_or(Refusal::UnknownRun { run: of })?;
        let events = from.shared.events;
        let origin = Origin {
            flow: name,
            program: deployment.program_hash,
            settings: deployment.settings_hash,
            shared: Some(Shared {
                run: of,
                root,
                events: u64::try_from(events).unwrap_or(u64::MAX),
            }),
            namespace,
            // Its own trace is another one than that of the run before it.
            lineage: lineage(&deployment, run, above.filter(|above| above.parent.is_some())),
        };
        // A history that is there in part would be that of another run.
        self.batches.together();
        self.hold(run, deployment, flow, key, &origin);
        // By which run another one is followed stands in its row.
        self.touch(of);
        let mut origin = Some(origin);
        for event in from.events.iter().take(events) {
            self.share(run, event.clone(), origin.take());
        }
        let again = from.shared.again;
        self.happen(now, run, EventKind::Continued { again }, None);
        let tasks = self
            .runs
            .get_mut(&run)
            .map(|held| take_over(&mut self.ledger, run, held));
        for late in from.shared.late {
            if let Some(event) = from.events.get(late) {
                self.happen(now, run, event.kind.clone(), None);
            }
        }
        self.tasks.extend(tasks.into_iter().flatten());
        self.ask_again(now, run);
        self.batches.part();
        Ok(Started {
            id: run,
            existing: false,
        })
    }

    /// An event that is shared is one of this run too, and leads to nothing.
    fn share(&mut self, run: RunId, event: Event, origin: Option<Origin>) {
        let home = happen::moves_to(&event.kind).and_then(|to| self.deployments.get(&to));
        let Some(held) = self.runs.get_mut(&run) else {
            return;
        };
        let sequence = held.next;
        share_with(&mut self.ledger, (run, held), &event, home);
        let bytes = happen::bytes(&event.kind);
        let record = EventRecord {
            run,
            sequence,
            origin,
            event,
        };
        self.batches.add(Record::Event(record), bytes);
    }

    /// Asks for the calls that are on their way by what is shared, as after a crash.
    fn ask_again(&mut self, now: Timestamp, run: RunId) {
        let Some(held) = self.runs.get_mut(&run) else {
            return;
        };
        let program = Arc::clone(&held.deployment.program);
        let Some(live) = held.live() else { return };
        let known: Vec<CallId> = live.calls.clone();
        for effect in flowmesh_machine::pending(&program, &live.run) {
            match effect {
                Effect::Call { call, .. } if !known.contains(&call) => self.call_again(now, run, effect),
                Effect::More { call } if !known.contains(&call) => {
                    self.defer(Deferred::Output(Output::More { run, call }));
                }
                _ => {}
            }
        }
    }
}

/// Takes a shared event to the machine. Tags are those of the run, too.
pub(super) fn share_with(
    ledger: &mut Ledger,
    (run, held): (RunId, &mut Held),
    event: &Event,
    home: Option<&Arc<Deployment>>,
) {
    let mut effects = Vec::new();
    ledger.event(run, held, event);
    held.apply(event, home, &mut effects);
    let mut tasks = VecDeque::new();
    for effect in &effects {
        if let Effect::Note(Note::Tagged { .. }) = effect {
            ledger.effect(run, held, effect, &mut tasks);
        }
    }
}

/// What was asked for by the shared events, and is waited for, is asked for by this run from now on; what is to be done
/// about it.
pub(super) fn take_over(ledger: &mut Ledger, run: RunId, held: &mut Held) -> VecDeque<Task> {
    let mut tasks = VecDeque::new();
    let program = Arc::clone(&held.deployment.program);
    let Some(live) = held.live() else { return tasks };
    let known: Vec<CallId> = live.asks.keys().copied().collect();
    for effect in flowmesh_machine::pending(&program, &live.run) {
        if let Effect::Ask { call, .. } = &effect
            && !known.contains(call)
        {
            ledger.effect(run, held, &effect, &mut tasks);
        }
    }
    tasks
}
