//! Events that are written again, a part of a run at a time.

use super::{Compaction, STEP_BYTES};
use crate::{
    RunId,
    store::{
        StoreError,
        changes::{Change, Changes, Moved},
        journal::Appended,
        record::{EventRecord, History, Order, payload},
        row::Block,
    },
};

/// A part is about as long: one event of it cannot be read without the others.
const PART_BYTES: usize = 32 << 10;
const PART_EVENTS: usize = 256;
/// What an event takes beside its payload.
const EVENT_BYTES: usize = 64;

impl Compaction<'_> {
    /// The events of these runs that lie in a segment, as far as one step goes.
    pub(super) fn gather(&self, runs: &[RunId], segment: u32) -> Result<Vec<History>, StoreError> {
        let mut parts = Vec::new();
        let mut left = STEP_BYTES;
        for run in runs {
            let (mut next, blocks) = self.index.places(*run, 0)?;
            for block in blocks {
                let first = next;
                next = next.saturating_add(u64::from(block.events));
                if block.place.segment != segment {
                    continue;
                }
                if left == 0 && !parts.is_empty() {
                    return Ok(parts);
                }
                left = left.saturating_sub(u64::from(block.place.length).max(1));
                add(&mut parts, self.index.block(*run, first, block)?);
            }
        }
        Ok(parts)
    }
}

/// Adds events to the last part, if they follow it and there is room, or begins others.
fn add(parts: &mut Vec<History>, (events, order): (Vec<EventRecord>, Vec<Order>)) {
    for (event, order) in events.into_iter().zip(order) {
        match parts.last_mut().filter(|last| has_room(last, &event)) {
            Some(last) => {
                last.events.push(event.event);
                last.order.push(order);
            }
            None => parts.push(History {
                run: event.run,
                first: event.sequence,
                origin: event.origin,
                events: vec![event.event],
                order: vec![order],
            }),
        }
    }
}

fn has_room(part: &History, event: &EventRecord) -> bool {
    follows(part, event.run, event.sequence) && part.events.len() < PART_EVENTS && bytes(part) < PART_BYTES
}

fn follows(part: &History, run: RunId, sequence: u64) -> bool {
    part.run == run && part.first.saturating_add(part.events.len() as u64) == sequence
}

fn bytes(history: &History) -> usize {
    let of = |kind| {
        payload(kind)
            .map_or(0, |bytes| bytes.len())
            .saturating_add(EVENT_BYTES)
    };
    history.events.iter().map(|event| of(&event.kind)).sum()
}

/// What the index is told of it: parts that follow each other are one move, since only together they are whole blocks.
pub(super) fn changes(parts: &[History], appended: &Appended) -> Changes {
    let mut all: Vec<Moved> = Vec::new();
    let mut before: Option<&History> = None;
    for (part, place) in parts.iter().zip(&appended.places) {
        let block = Block {
            place: *place,
            events: u32::try_from(part.events.len()).unwrap_or(u32::MAX),
        };
        let goes_on = before.is_some_and(|before| follows(before, part.run, part.first));
        match all.last_mut().filter(|_| goes_on) {
            Some(last) => last.blocks.push(block),
            None => all.push(Moved {
                run: part.run,
                first: part.first,
                blocks: vec![block],
            }),
        }
        before = Some(part);
    }
    Changes {
        runs: all.into_iter().map(Change::Moved).collect(),
        ..Changes::default()
    }
}
