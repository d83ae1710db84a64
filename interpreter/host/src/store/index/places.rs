//! Where the events of a run lie: the last of them in its row, those before in a table of their own.

use super::{
    error::{Tried, Trouble},
    tables,
};
use crate::{
    RunId,
    store::row::{
        Block,
        proto::{Place, Places, Stored},
    },
};
use prost::Message;
use redb::{ReadableTable, Table};

/// How many blocks a row keeps at least, if there are so many, and how many go out together.
const KEPT: usize = 16;
const TOGETHER: usize = 64;

type Spilled<'t> = Table<'t, &'static [u8], &'static [u8]>;

/// Adds blocks behind those that a row has.
pub(super) fn add(run: RunId, stored: &mut Stored, blocks: &[Block], spilled: &mut Spilled<'_>) -> Tried<()> {
    let oldest = blocks.iter().map(|block| block.place.segment).min();
    stored.oldest = match (stored.oldest, oldest) {
        (0, Some(oldest)) => oldest,
        (known, Some(oldest)) => known.min(oldest),
        (known, None) => known,
    };
    stored.bytes = stored.bytes.saturating_add(Block::bytes(blocks));
    stored.places.extend(blocks.iter().copied().map(Place::from));
    while stored.places.len() >= KEPT.saturating_add(TOGETHER) {
        let rest = stored.places.split_off(TOGETHER);
        let places = std::mem::replace(&mut stored.places, rest);
        let events = places
            .iter()
            .map(|place| u64::from(Block::from(*place).events))
            .sum();
        let key = tables::places(run, stored.spilled);
        let value = tables::sum(Places { places }.encode_to_vec());
        spilled.insert(key.as_slice(), value.as_slice())?;
        stored.spilled = stored.spilled.saturating_add(events);
    }
    Ok(())
}

/// All blocks of a run, from the one with an event on; and the number of the first event in them.
pub(super) fn from(
    run: RunId,
    stored: &Stored,
    event: u64,
    spilled: &impl ReadableTable<&'static [u8], &'static [u8]>,
) -> Tried<(u64, Vec<Block>)> {
    let mut blocks = Vec::new();
    let mut first = stored.spilled;
    if event < stored.spilled {
        let (start, end) = (tables::places(run, 0), tables::places(run, stored.spilled));
        // The chunk that has the event is the last that begins at it or before.
        let at = tables::places(run, event);
        let begin = spilled
            .range(start.as_slice()..=at.as_slice())?
            .next_back()
            .transpose()?;
        let begin = begin.map_or(start, |(key, _)| key.value().to_vec());
        first = number(&begin)?;
        for chunk in spilled.range(begin.as_slice()..end.as_slice())? {
            let (_, value) = chunk?;
            let bytes =
                tables::summed(value.value()).ok_or(Trouble::Damaged("places without their checksum"))?;
            let places = Places::decode(bytes).map_err(|_| Trouble::Damaged("places that are no message"))?;
            blocks.extend(places.places.into_iter().map(Block::from));
        }
    }
    blocks.extend(stored.places.iter().copied().map(Block::from));
    Ok(skip(first, blocks, event))
}

/// Leaves out blocks that lie before an event altogether.
fn skip(mut first: u64, mut blocks: Vec<Block>, event: u64) -> (u64, Vec<Block>) {
    let mut before: usize = 0;
    for block in &blocks {
        let next = first.saturating_add(u64::from(block.events));
        if next > event {
            break;
        }
        first = next;
        before = before.saturating_add(1);
    }
    blocks.drain(..before.min(blocks.len()));
    (first, blocks)
}

/// The places of a run go.
pub(super) fn clear(run: RunId, stored: &mut Stored, spilled: &mut Spilled<'_>) -> Tried<()> {
    if stored.spilled > 0 {
        let (start, end) = (tables::places(run, 0), tables::places(run, stored.spilled));
        spilled.retain_in(start.as_slice()..end.as_slice(), |_, _| false)?;
    }
    stored.places.clear();
    (stored.spilled, stored.oldest, stored.bytes) = (0, 0, 0);
    Ok(())
}

fn number(key: &[u8]) -> Tried<u64> {
    let (_, first) = key
        .split_last_chunk::<8>()
        .ok_or(Trouble::Damaged("places of no run"))?;
    Ok(u64::from_be_bytes(*first))
}

/// How many events a row has places for.
pub(super) fn known(stored: &Stored) -> u64 {
    let blocks = stored
        .places
        .iter()
        .map(|place| u64::from(Block::from(*place).events));
    stored.spilled.saturating_add(blocks.sum())
}
