//! What clients were told stands in the journal.

use super::Journal;
use crate::{RunId, simulate::world::World};
use flowmesh_machine::EventKind;

pub(super) fn acknowledged(world: &World<'_>, journal: &Journal) -> Result<(), String> {
    let count = |run: &RunId, wanted: fn(&EventKind) -> bool| {
        let events = journal.get(run).into_iter().flatten();
        events.filter(|event| wanted(&event.event.kind)).count() as u64
    };
    for run in world.clients.started.keys() {
        if !journal.contains_key(run) {
            return Err(format!("the start of run {run} was acknowledged and is lost"));
        }
    }
    for (run, acknowledged) in &world.clients.signalled {
        if count(run, |kind| matches!(kind, EventKind::Signalled { .. })) < *acknowledged {
            return Err(format!("a signal to run {run} was acknowledged and is lost"));
        }
    }
    for run in &world.clients.cancelled {
        if count(run, |kind| matches!(kind, EventKind::Cancelled { .. })) != 1 {
            return Err(format!(
                "the cancel of run {run} was acknowledged and is not there once"
            ));
        }
    }
    for run in &world.clients.paused {
        if count(run, |kind| matches!(kind, EventKind::Paused { .. })) == 0 {
            return Err(format!("the pause of run {run} was acknowledged and is lost"));
        }
    }
    for run in &world.clients.edited {
        if count(run, |kind| matches!(kind, EventKind::Edited { .. })) == 0 {
            return Err(format!("an edit of run {run} was acknowledged and is lost"));
        }
    }
    for run in &world.clients.terminated {
        if count(run, |kind| matches!(kind, EventKind::Terminated { .. })) != 1 {
            return Err(format!(
                "the end of run {run} was acknowledged and is not there once"
            ));
        }
    }
    for (run, seen) in &world.clients.seen {
        if count(run, |_| true) < *seen {
            return Err(format!("run {run} was said to have {seen} events and has fewer"));
        }
    }
    Ok(())
}
