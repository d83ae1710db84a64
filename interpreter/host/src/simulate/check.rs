//! What must hold when a world has come to rest.

mod indexed;
mod kept;
mod schedules;
mod sent;
pub(super) mod timers;
mod undone;

use super::{between, compact::Decided, continued, requests, steered, world::World};
use crate::{
    RunId,
    engine::{Engine, Restoring, in_trace, view::State},
    store::{
        Block, EventRecord, Kept, Order, Position, Record, Replaying, Schedule, StoreError, Traffic,
        open_journal,
    },
};
use flowmesh_ir::{
    StepId,
    call::{Reply, Request},
};
use flowmesh_machine::{CallId, Decision, Effect, EventKind};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The events of every run, in order, as the disk has them.
type Journal = BTreeMap<RunId, Vec<EventRecord>>;

/// What a run asked for, by its journal.
struct Asked {
    step: StepId,
    undo: bool,
    request: Arc<Request>,
    reply: Option<Reply>,
}

/// Sees that every promise was kept.
pub(super) fn check(world: &mut World<'_>) -> Result<(), String> {
    // The disk is whole again: what it did to the process that lives is done.
    world.disk.set_sync_fails(false);
    world.disk.set_capacity(None);
    world.disk.set_power(None);
    if world.disk.has_reused_a_nonce() {
        return Err("something was encrypted with a nonce that something else was encrypted with".to_owned());
    }
    let Replayed {
        journal,
        order,
        decided,
        again,
    } = replay_is_the_same(world)?;
    schedules::check(world, (&journal, &order), &decided)?;
    indexed::check(world)?;
    world.reused = between::check(world, &order)?;
    same_between(world, &again)?;
    steered::check(world, &order)?;
    continued::check(world, &journal)?;
    kept::acknowledged(world, &journal)?;
    told_is_kept(world, &journal)?;
    requests::check(world, &journal)?;
    everything_comes_to_an_end(world)?;
    nothing_is_forgotten(world, &journal)?;
    timers::check(world, &journal)?;
    let asked = journal
        .iter()
        .map(|(run, events)| (*run, asked(world, *run, events)))
        .collect();
    sent::is_journaled(world, &asked)?;
    sent::heard_was_sent(world, &journal)?;
    sent::keys_stay_the_same(world)?;
    undone::when_failed(world, &asked)
}

/// The journal as it was read again.
struct Replayed {
    journal: Journal,
    /// All events, in the order in which they were written.
    order: Vec<EventRecord>,
    decided: Vec<Schedule>,
    /// The engine that it gives.
    again: Engine,
}

/// The journal, read again, gives the runs as they stand; sequences and hashes are checked on the way.
fn replay_is_the_same(world: &mut World<'_>) -> Result<Replayed, String> {
    let Some(process) = &world.process else {
        return Err("no process is alive in the end".to_owned());
    };
    if !process.engine.is_idle() {
        return Err("the engine did not come to rest".to_owned());
    }
    let mut reading = Reading::default();
    open_journal(&world.disk.shared(), &mut reading)
        .map_err(|error| format!("the journal cannot be read in the end: {error}"))?;
    let Reading {
        restoring,
        journal,
        mut order,
        mut decided,
        ..
    } = reading;
    order.sort_by_key(|(order, _)| *order);
    let order = order.into_iter().map(|(_, event)| event).collect();
    decided.extend(world.decided.clone());
    let decided = decided.into_values().collect();
    let again = restoring.finish(world.now());
    let now: Vec<String> = world.views().iter().map(|view| format!("{view:?}")).collect();
    let then: Vec<String> = again.views().iter().map(|view| format!("{view:?}")).collect();
    match now.iter().zip(&then).find(|(now, then)| now != then) {
        Some((now, then)) => Err(format!("a run stands as\n{now}\nand after a replay as\n{then}")),
        None if now.len() != then.len() => Err(format!("{} runs, after a replay {}", now.len(), then.len())),
        None => Ok(Replayed {
            journal,
            order,
            decided,
            again,
        }),
    }
}

/// Who holds and who waits for what, and where traffic goes, of runs in memory and of others.
fn same_between(world: &World<'_>, then: &Engine) -> Result<(), String> {
    let Some(now) = world.process.as_ref().map(|process| &process.engine) else {
        return Ok(());
    };
    let (here, there) = (now.guards_say(), then.guards_say());
    if let Some((here, there)) = here.iter().zip(&there).find(|(here, there)| here != there) {
        return Err(format!("guards stand at\n{here}\nand after a replay at\n{there}"));
    }
    if here.len() != there.len() {
        return Err(format!("guards are\n{here:#?}\nand after a replay\n{there:#?}"));
    }
    if !now.traffic().eq(then.traffic()) {
        return Err("traffic goes elsewhere after a replay".to_owned());
    }
    let at = world.now();
    let (here, there) = (now.results_say(at), then.results_say(at));
    if here != there {
        return Err(format!("results are\n{here:#?}\nand after a replay\n{there:#?}"));
    }
    let (here, there) = (now.deployed(), then.deployed());
    if here != there {
        return Err(format!(
            "what was deployed is\n{here:?}\nand after a replay\n{there:?}"
        ));
    }
    let (here, there) = (now.acts_say(at), then.acts_say(at));
    if here != there {
        return Err(format!(
            "what was done with keys is\n{here:#?}\nand after a replay\n{there:#?}"
        ));
    }
    let (here, there) = (now.schedules_written(), then.schedules_written());
    if here != there {
        return Err(format!(
            "a schedule stands as\n{here:?}\nand after a replay as\n{there:?}"
        ));
    }
    Ok(())
}

/// The journal, read once more, with every event kept.
#[derive(Default)]
struct Reading {
    restoring: Restoring,
    journal: Journal,
    order: Vec<(Order, EventRecord)>,
    decided: Decided,
    /// The order of what comes next.
    next: Vec<Order>,
}

impl Replaying for Reading {
    fn order(&mut self, order: &[Order]) {
        self.next = order.to_vec();
        self.restoring.order(order);
    }

    fn next(&mut self, run: RunId) -> Result<u64, StoreError> {
        self.restoring.next(run)
    }

    fn events(&mut self, events: Vec<EventRecord>, block: Block, behind: Position) -> Result<(), StoreError> {
        for (event, order) in events.iter().zip(&self.next) {
            self.journal.entry(event.run).or_default().push(event.clone());
            self.order.push((*order, event.clone()));
        }
        self.restoring.events(events, block, behind)
    }

    fn kept(&mut self, record: Record, kept: Kept) -> Result<(), StoreError> {
        self.restoring.kept(record, kept)
    }

    fn traffic(&mut self, traffic: Traffic) -> Result<(), StoreError> {
        self.restoring.traffic(traffic)
    }

    fn schedule(&mut self, schedule: Schedule) -> Result<(), StoreError> {
        let order = self.next.first().copied().unwrap_or_default();
        self.decided
            .insert((order, schedule.name.clone()), schedule.clone());
        self.restoring.schedule(schedule)
    }

    fn deployed(&mut self, deployed: Vec<crate::store::Deployed>) -> Result<(), StoreError> {
        self.restoring.deployed(deployed)
    }

    fn act(&mut self, kept: crate::store::KeptAct) -> Result<(), StoreError> {
        self.restoring.act(kept)
    }

    fn forgotten(&mut self, run: RunId) -> Result<(), StoreError> {
        self.restoring.forgotten(run)
    }
}

/// The events of a run that are not those of another one before.
fn own(events: &[EventRecord]) -> impl Iterator<Item = &EventRecord> {
    let origin = events.first().and_then(|first| first.origin.as_ref());
    let shared = origin.and_then(|origin| origin.shared);
    let from = shared.map_or(0, |shared| shared.events);
    events.iter().filter(move |event| event.sequence >= from)
}

/// What a worker was told is kept stands in the journal as the worker said it, unless its run did not wait for it any
/// more; and what an event was said to come to, it came to.
fn told_is_kept(world: &World<'_>, journal: &Journal) -> Result<(), String> {
    for ((run, call), said) in &world.workshop.settled {
        let other = |record: &&EventRecord| matches!(&record.event.kind, EventKind::Replied { call: of, reply } if of == call && reply != said);
        if journal
            .get(run)
            .into_iter()
            .flatten()
            .any(|record| other(&record))
        {
            return Err(format!(
                "call {} of run {run} has not ended as its worker said",
                call.0
            ));
        }
    }
    for (telling, (event, told)) in world.clients.tellings.iter().enumerate() {
        let (Some(told), Some(plan)) = (told, world.scenario.events.get(*event)) else {
            continue;
        };
        let said = plan.payload(telling);
        let hears = |record: &&EventRecord| matches!(&record.event.kind, EventKind::Heard { payload, .. } if **payload == *said.as_bytes());
        let own = journal.values().flat_map(|events| own(events));
        let heard = own.filter(hears).count();
        if heard != told.heard || told.started.iter().any(|run| !journal.contains_key(run)) {
            return Err(format!(
                "`{said}` was said to come to {told:?}, and {heard} runs heard it"
            ));
        }
    }
    Ok(())
}

/// A run has ended, or it waits for a signal: no call is outstanding, and no timer.
fn everything_comes_to_an_end(world: &World<'_>) -> Result<(), String> {
    let Some(process) = &world.process else {
        return Ok(());
    };
    if let Some(at) = process.engine.next_tick().filter(|at| world.is_near(*at)) {
        return Err(format!("a timer is left behind: {at}"));
    }
    if let Some((intent, _)) = process.asked.first_key_value() {
        return Err(format!("question {} was never answered", intent.0));
    }
    for view in world.views() {
        // A loop over signals is no step.
        let flow = world.program.flow_named(&view.flow);
        let flow = flow.and_then(|flow| world.program.flow(flow));
        let hears = flow.is_some_and(|flow| !flow.signals.is_empty());
        if !view.state.is_end() && (view.state != State::Waiting || view.steps.is_empty() && !hears) {
            return Err(format!("run {} stands still: {view:?}", view.id));
        }
    }
    Ok(())
}

/// A run that has not ended waits for no call and no timer: of those the world would have brought the end. And no call
/// was heard twice.
fn nothing_is_forgotten(world: &World<'_>, journal: &Journal) -> Result<(), String> {
    for (run, events) in journal {
        let mut heard = BTreeSet::new();
        let twice = |record: &&EventRecord| match &record.event.kind {
            EventKind::Replied { call, .. } => !heard.insert(*call),
            _ => false,
        };
        if let Some(record) = events.iter().find(twice) {
            return Err(format!(
                "event {} of run {run} is a reply that was heard before",
                record.sequence
            ));
        }
        let Some(machine) = world.played(*run, events) else {
            return Err(format!("run {run} has no beginning"));
        };
        if let Some(forgotten) = flowmesh_machine::pending(&machine.home.program, &machine.run).first() {
            return Err(format!(
                "run {run} waits for {forgotten:?}, and nobody will bring it"
            ));
        }
    }
    Ok(())
}

/// Everything that a run asked for, and what it heard.
fn asked(world: &World<'_>, run: RunId, events: &[EventRecord]) -> BTreeMap<CallId, Asked> {
    let mut all: BTreeMap<CallId, Asked> = BTreeMap::new();
    let origin = events.first().and_then(|first| first.origin.as_ref());
    let Some(mut machine) = origin.and_then(|origin| world.machine(run, origin)) else {
        return all;
    };
    let lineage = origin.and_then(|origin| origin.lineage.as_deref());
    let mut effects = Vec::new();
    for record in events {
        if let Some((call, reply)) = heard(&record.event.kind) {
            all.entry(call).and_modify(|asked| asked.reply = Some(reply));
        }
        machine.live(world, record, &mut effects);
        for effect in effects.drain(..) {
            if let Effect::Call {
                call,
                step,
                undo,
                request,
            } = effect
            {
                all.insert(
                    call,
                    Asked {
                        step,
                        undo,
                        request: in_trace(lineage, request),
                        reply: None,
                    },
                );
            }
        }
    }
    all
}

/// What came of a call: the word of a service, or of a person.
fn heard(kind: &EventKind) -> Option<(CallId, Reply)> {
    match kind {
        EventKind::Replied { call, reply } => Some((*call, reply.clone())),
        EventKind::Decided {
            call,
            decision: Decision::Done(_) | Decision::Skip,
        } => {
            let (status, body) = (200, Arc::from(*b""));
            Some((*call, Reply::Answer { status, body }))
        }
        _ => None,
    }
}

type AllAsked = BTreeMap<RunId, BTreeMap<CallId, Asked>>;
