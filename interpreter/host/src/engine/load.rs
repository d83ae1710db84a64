//! A run made again from the store: from its row alone if it has ended, with its events if it has not.

use super::{
    Held,
    deployment::Deployment,
    happen::moves_to,
    held::Life,
    ledger::{Ledger, Left},
    programs::Programs,
    share::{share_with, take_over},
    view::{self, Ending},
    written::{Back, read},
};
use crate::{
    RunId,
    store::{EventRecord, Row, Shared, Shelf, StoreError},
};
use flowmesh_machine::{CallId, Effect, EventKind};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// A run as it left memory.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    pub(super) held: Held,
    /// Which calls wait for its end.
    pub(super) parents: Vec<(RunId, CallId)>,
    /// Children that it left, and may not have been told so: of one for which something was still to be done.
    pub(super) orphans: BTreeMap<RunId, Left>,
    /// Whether something was on its way for it, or still to be done.
    pub(super) busy: bool,
}

/// Makes a run again; `None` if there is none.
pub(super) fn load(
    shelf: &dyn Shelf,
    programs: &mut Programs,
    run: RunId,
) -> Result<Option<Loaded>, StoreError> {
    let Some(row) = shelf.row(run)? else {
        return Ok(None);
    };
    let mut ledger = Ledger::default();
    let held = match row.ending.clone() {
        // Of what it left, some may not know yet: only its events say so.
        Some(ending) if !row.busy => {
            let deployment = programs.get(shelf, (row.program, row.settings))?;
            let mut held = begun(deployment, run, &row)?;
            drop(held.end(ended(ending)));
            held
        }
        _ => {
            let back = shelf.snapshot(run)?.and_then(|snapshot| read(&snapshot, &row));
            let written = back.is_some();
            let held = replayed(shelf, programs, (run, &row), back, &mut ledger)?;
            if cfg!(debug_assertions) && written {
                let whole = replayed(shelf, programs, (run, &row), None, &mut Ledger::default())?;
                agree(run, &held, &whole)?;
            }
            held
        }
    };
    let mut held = held;
    let parents = row.parents.iter().map(|(run, call)| (*run, CallId(*call)));
    let parents = parents.collect();
    let busy = row.busy;
    columns(&mut held, row);
    Ok(Some(Loaded {
        held,
        parents,
        orphans: ledger.orphans,
        busy,
    }))
}

/// A run whose events were applied, from where its machine was written down if that is known.
fn replayed(
    shelf: &dyn Shelf,
    programs: &mut Programs,
    (run, row): (RunId, &Row),
    back: Option<Back>,
    ledger: &mut Ledger,
) -> Result<Held, StoreError> {
    let events = shelf.events(run, back.as_ref().map_or(0, |back| back.events))?;
    let mut held = match back {
        Some(back) => come_back(programs.get(shelf, back.home)?, (run, row), back, ledger),
        None => {
            // It may have moved since it began.
            let origin = events.first().and_then(|first| first.origin.as_ref());
            let first = origin.map_or((row.program, row.settings), |it| (it.program, it.settings));
            begun(programs.get(shelf, first)?, run, row)?
        }
    };
    for record in events {
        let home = moves_to(&record.event.kind);
        let home = home.map(|to| programs.get(shelf, to)).transpose()?;
        apply_again(ledger, &mut held, &record, home.as_ref())?;
    }
    Ok(held)
}

/// Where that is looked at: a machine that was written down goes on as its events say.
fn agree(run: RunId, written: &Held, whole: &Held) -> Result<(), StoreError> {
    match (written.alive(), whole.alive()) {
        (Some(written), Some(whole)) if written.run != whole.run || written.asks != whole.asks => {
            Err(contradiction(run, "its machine was not written down as it was"))
        }
        _ => Ok(()),
    }
}

/// A run as it was when its machine was written down.
fn come_back(
    deployment: Arc<Deployment>,
    (run, row): (RunId, &Row),
    back: Back,
    ledger: &mut Ledger,
) -> Held {
    let shared = row.continues.zip(row.shared);
    let shared = shared.map(|(run, (root, events))| Shared { run, root, events });
    let flow = back.live.run.flow();
    let mut held = Held::new(deployment, (run, shared), flow, row.key.clone());
    held.namespace = row.namespace.clone();
    held.lineage.clone_from(&row.lineage);
    (held.next, held.updated) = (back.events, back.live.run.updated());
    (held.snapshot_at, held.snapshot_due) = (back.events, back.due);
    held.life = Life::Live(back.live);
    ledger.orphans.extend(back.orphans);
    held
}

fn begun(deployment: Arc<Deployment>, run: RunId, row: &Row) -> Result<Held, StoreError> {
    let flow = deployment.program.flow_named(&row.flow);
    let flow = flow.ok_or_else(|| contradiction(run, "its program does not have its flow"))?;
    let shared = row.continues.zip(row.shared);
    let shared = shared.map(|(run, (root, events))| Shared { run, root, events });
    let mut held = Held::new(deployment, (run, shared), flow, row.key.clone());
    held.namespace = row.namespace.clone();
    held.lineage.clone_from(&row.lineage);
    Ok(held)
}

/// What the events of the run do not say, or need not be asked for.
fn columns(held: &mut Held, row: Row) {
    (held.started, held.updated, held.next) = (row.started, row.updated, row.next);
    (held.tags, held.blobs, held.homes) = (row.tags, row.blobs, row.homes);
    (held.entangled, held.depth) = (row.entangled, row.depth);
    (held.followed_by, held.instead_of) = (row.continued_by, row.instead_of);
    held.superseded = row.superseded;
    held.places.all_known(row.next);
}

fn ended(ending: crate::store::Ending) -> Ending {
    use crate::store::Ending as Stored;
    match ending {
        Stored::Result(json) => Ending::Result(view::raw(&json)),
        Stored::Error(json) => Ending::Error(view::raw(&json)),
        Stored::Cancelled(reason) => Ending::Cancelled(reason),
        Stored::Terminated(reason) => Ending::Terminated(reason),
    }
}

/// An event that happened before: the machine goes on, and what was done about it is not done again.
pub(super) fn apply_again(
    ledger: &mut Ledger,
    held: &mut Held,
    record: &EventRecord,
    home: Option<&Arc<Deployment>>,
) -> Result<(), StoreError> {
    let run = record.run;
    if held.next != record.sequence {
        let found = format!("expected its event {}, found {}", held.next, record.sequence);
        return Err(contradiction(run, &found));
    }
    if held.shared.is_some_and(|shared| record.sequence < shared.events) {
        share_with(ledger, (run, held), &record.event, home);
        return Ok(());
    }
    let mut effects = Vec::new();
    ledger.event(run, held, &record.event);
    if !held.apply(&record.event, home, &mut effects) {
        let reason = match moves_to(&record.event.kind) {
            Some(_) => "it was moved to a program in which it cannot go on",
            None => "an event follows its end",
        };
        return Err(contradiction(run, reason));
    }
    take_timer(held, &record.event.kind);
    // What they were to lead to, they have led to, or it is asked for again when everything is there.
    let mut done = VecDeque::new();
    for effect in effects {
        keep_timer(held, &effect);
        ledger.effect(run, held, &effect, &mut done);
        keep_end(held, &effect);
    }
    if let EventKind::Continued { .. } = record.event.kind {
        take_over(ledger, run, held);
    }
    Ok(())
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

pub(super) fn contradiction(run: RunId, reason: &str) -> StoreError {
    StoreError::Contradiction {
        reason: format!("run `{run}`: {reason}"),
    }
}
