//! How many runs there are of each kind that is asked for often: kept with the rows, so that counting costs nothing.

use super::error::Tried;
use crate::store::row::Row;
use flowmesh_ir::Hash;
use redb::{ReadableTable, Table};
use std::collections::BTreeMap;

/// What is counted. Numbers are for ever, or the index gets a new version.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Kind {
    State = 1,
    Program = 2,
    Live = 3,
    Bytes = 4,
}

/// By how much each count changes.
#[derive(Debug, Default)]
pub(super) struct Counting(BTreeMap<Vec<u8>, i64>);

impl Counting {
    /// A row goes, or comes.
    pub(super) fn row(&mut self, row: &Row, bytes: u64, by: i64) {
        self.add(state(&row.namespace, &row.flow, &row.state), by);
        let program = (row.program, row.settings);
        self.add(programs(program), by);
        // What happened there is read with them.
        for home in &row.homes {
            self.add(programs(*home), by);
        }
        if !row.ended {
            self.add(live(program), by);
        }
        self.bytes(bytes, by);
    }

    /// Some bytes of the journal are not needed any more, or are.
    pub(super) fn bytes(&mut self, bytes: u64, by: i64) {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.add(self::bytes(), bytes.saturating_mul(by));
    }

    fn add(&mut self, key: Vec<u8>, by: i64) {
        let count = self.0.entry(key).or_default();
        *count = count.saturating_add(by);
    }

    /// Changes the counts.
    pub(super) fn apply(self, counts: &mut Table<'_, &'static [u8], u64>) -> Tried<()> {
        for (key, by) in self.0.into_iter().filter(|(_, by)| *by != 0) {
            let before = counts.get(key.as_slice())?.map_or(0, |count| count.value());
            match before.saturating_add_signed(by) {
                0 => drop(counts.remove(key.as_slice())?),
                after => drop(counts.insert(key.as_slice(), after)?),
            }
        }
        Ok(())
    }
}

fn key(kind: Kind, texts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![kind as u8];
    for text in texts {
        key.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        key.extend(*text);
    }
    key
}

/// Runs of a flow in a state.
pub(super) fn state(space: &str, flow: &str, state: &str) -> Vec<u8> {
    key(
        Kind::State,
        &[space.as_bytes(), flow.as_bytes(), state.as_bytes()],
    )
}

/// What the counts of runs by their states begin with, in all namespaces.
pub(super) fn all_states() -> Vec<u8> {
    key(Kind::State, &[])
}

/// What the counts of a flow, or of all flows, begin with.
pub(super) fn states(space: &str, flow: Option<&str>) -> Vec<u8> {
    match flow {
        Some(flow) => key(Kind::State, &[space.as_bytes(), flow.as_bytes()]),
        None => key(Kind::State, &[space.as_bytes()]),
    }
}

/// The flow and the state that a count is of.
pub(super) fn of_state(key: &[u8]) -> Option<(&str, &str)> {
    let (_, rest) = key.split_first()?;
    let (_, rest) = text(rest)?;
    let (flow, rest) = text(rest)?;
    let (state, _) = text(rest)?;
    Some((flow, state))
}

fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (text, rest) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

fn of_hashes(kind: Kind, (program, settings): (Hash, Hash)) -> Vec<u8> {
    let mut key = vec![kind as u8];
    key.extend(program.0);
    key.extend(settings.0);
    key
}

/// Runs of a program with its settings.
pub(super) fn programs(hashes: (Hash, Hash)) -> Vec<u8> {
    of_hashes(Kind::Program, hashes)
}

/// What the counts of all programs begin with.
pub(super) fn all_programs() -> Vec<u8> {
    vec![Kind::Program as u8]
}

/// Runs of a program with its settings that have not ended.
pub(super) fn live(hashes: (Hash, Hash)) -> Vec<u8> {
    of_hashes(Kind::Live, hashes)
}

/// The program and the settings that a count is of.
pub(super) fn of_program(key: &[u8]) -> Option<(Hash, Hash)> {
    let (_, rest) = key.split_first()?;
    let (program, settings) = rest.split_first_chunk::<32>()?;
    Some((Hash(*program), Hash(settings.try_into().ok()?)))
}

/// The bytes of the journal that rows need.
pub(super) fn bytes() -> Vec<u8> {
    vec![Kind::Bytes as u8]
}
