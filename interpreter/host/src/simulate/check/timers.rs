//! No timer comes due before its time, and nothing is dated later than it happened.

use super::{super::world::World, Journal};
use crate::store::Record;
use flowmesh_machine::{Effect, EventKind};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Every timer of every run came due when it should have or later, by the dates of the events.
pub(super) fn check(world: &World<'_>, journal: &Journal) -> Result<(), String> {
    for (run, events) in journal {
        let origin = events.first().and_then(|first| first.origin.as_ref());
        let begun = origin.and_then(|origin| world.machine(*run, origin));
        let Some(mut machine) = begun else { continue };
        let mut effects = Vec::new();
        let mut armed = BTreeMap::new();
        for record in events {
            if let EventKind::Fired { timer } = record.event.kind
                && let Some(at) = armed.get(&timer)
                && record.event.at < *at
            {
                let (timer, fired) = (timer.0, record.event.at);
                return Err(format!(
                    "timer {timer} of run {run} came due at {fired}, and should have at {at}"
                ));
            }
            machine.live(world, record, &mut effects);
            for effect in effects.drain(..) {
                if let Effect::Timer { timer, at } = effect {
                    armed.insert(timer, at);
                }
            }
        }
    }
    Ok(())
}

/// An event of a batch that is dated later than the clock has shown until the batch is written.
pub(in crate::simulate) fn dated_ahead(batch: &[Record], latest: Timestamp) -> Option<String> {
    let ahead = |record: &&Record| matches!(record, Record::Event(event) if event.event.at > latest);
    let record = batch.iter().find(ahead)?;
    Some(format!(
        "written at {latest} at the latest, and dated later: {record:?}"
    ))
}
