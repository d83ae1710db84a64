//! A row: all columns of one run, by which it is found, listed and gone on with while it is not in memory.

mod guard;
pub(super) mod proto;

pub use guard::{Granted, Guard, Guarded, Pace, Stands};

use super::record::Location;
use crate::RunId;
use flowmesh_ir::{Hash, Name, trace::Lineage};
use jiff::Timestamp;
use std::{collections::BTreeMap, sync::Arc};

/// The columns of a run. Everything in it follows from the events of the run and from what others asked of it, up to
/// the event before `next`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Whose run it is.
    pub namespace: Name,
    /// Which trace it lies in, where that is not a recorded one of its own.
    pub lineage: Option<Arc<Lineage>>,
    /// The flow it is a run of.
    pub flow: Name,
    /// How it stands, in the word that people see.
    pub state: Name,
    /// Whether nothing more will happen to it.
    pub ended: bool,
    /// That somebody paused it, while it is paused.
    pub paused: Option<Paused>,
    /// Where it waits for a decision, while it does.
    pub parked: Option<Parked>,
    /// The run whose history it shares.
    pub continues: Option<RunId>,
    /// The run that shares its history and goes on in its place.
    pub continued_by: Option<RunId>,
    /// With a shared history: as which run that began, and how many of its events are shared.
    pub shared: Option<(RunId, u64)>,
    /// The run that went on in place of the one that it continues, until this one came.
    pub instead_of: Option<RunId>,
    /// Whether a later run that shares its history has its key now.
    pub superseded: bool,
    /// The key it was started with.
    pub key: Option<String>,
    /// When it began.
    pub started: Timestamp,
    /// When something last happened to it.
    pub updated: Timestamp,
    /// The number of its next event.
    pub next: u64,
    /// The program it was started with.
    pub program: Hash,
    /// The settings it was started with.
    pub settings: Hash,
    /// Programs and settings that it had before it was moved.
    pub homes: Vec<(Hash, Hash)>,
    /// The texts by which it is found.
    pub tags: BTreeMap<Name, String>,
    /// The name of the error that it ended with.
    pub error: Option<Name>,
    /// What it is at now: titles of calls, sleeps and waits.
    pub steps: Vec<String>,
    /// How it ended, if it has.
    pub ending: Option<Ending>,
    /// How many runs started each other before it.
    pub depth: u16,
    /// Whether other runs know of it.
    pub entangled: bool,
    /// Whether somebody wants it to stop.
    pub cancelled: bool,
    /// Whether something is on its way for it that a process takes with it when it ends.
    pub busy: bool,
    /// Timers that are armed, and when they come due.
    pub timers: Vec<(u32, Timestamp)>,
    /// The events that it waits for.
    pub awaited: Vec<Name>,
    /// Guards that it holds or waits for.
    pub guards: Vec<Guard>,
    /// Which calls of which runs wait for its end.
    pub parents: Vec<(RunId, u32)>,
    /// The payloads of its events that lie apart.
    pub blobs: Vec<Hash>,
}

/// A run that somebody paused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paused {
    /// Why, in their words.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// A run that cannot go on by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// The title of the step.
    pub step: String,
    /// Which of its calls.
    pub call: u32,
    /// What the call ended with, as JSON.
    pub error: Arc<str>,
    /// The words for what can be chosen.
    pub choices: Vec<Name>,
    /// Since when.
    pub since: Timestamp,
}

/// How a run ended, as JSON or as a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a result, as JSON.
    Result(Arc<str>),
    /// With an error, as JSON: an object with `name` and `fields`.
    Error(Arc<str>),
    /// Somebody stopped it, and why.
    Cancelled(Arc<str>),
    /// Somebody ended it where it stood, and why.
    Terminated(Arc<str>),
}

impl Ending {
    /// The text of it.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        let (Self::Result(text) | Self::Error(text) | Self::Cancelled(text) | Self::Terminated(text)) = self;
        text
    }
}

/// Where some events of a run lie that follow each other: one record that holds one event, or several of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Where the record lies.
    pub place: Location,
    /// How many events of the run are in it.
    pub events: u32,
}

impl Block {
    /// A record that is one event.
    #[must_use]
    pub fn one(place: Location) -> Self {
        Self { place, events: 1 }
    }

    /// How many events there are in several.
    #[must_use]
    pub fn events(blocks: &[Self]) -> u64 {
        blocks.iter().map(|block| u64::from(block.events)).sum()
    }

    /// How many bytes of the journal they take.
    #[must_use]
    pub fn bytes(blocks: &[Self]) -> u64 {
        blocks.iter().map(|block| u64::from(block.place.length)).sum()
    }
}

/// Other blocks instead of those that some events lie in; `None` if they were moved as far or further before.
pub(super) fn replaced(
    known: &[Block],
    first: u64,
    moved: &[Block],
) -> Result<Option<Vec<Block>>, &'static str> {
    let place = |block: Option<&Block>| block.map(|block| (block.place.segment, block.place.offset));
    let (before, rest) = split(known, first);
    if place(rest.first()) >= place(moved.first()) {
        return Ok(None);
    }
    let events = Block::events(moved);
    let (gone, after) = split(rest, events);
    if Block::events(before) != first || Block::events(gone) != events {
        return Err("what was written again are not its events");
    }
    Ok(Some([before, moved, after].concat()))
}

/// The blocks behind so many events, unless one of them holds some before and some behind.
pub(crate) fn behind(blocks: &[Block], events: u64) -> Option<&[Block]> {
    let (before, rest) = split(blocks, events);
    let all = Block::events(before) == events;
    (all || Block::events(blocks) <= events).then_some(rest)
}

/// Parts blocks before the one that holds an event.
fn split(blocks: &[Block], event: u64) -> (&[Block], &[Block]) {
    let mut next: u64 = 0;
    let holds = |block: &Block| {
        next = next.saturating_add(u64::from(block.events));
        next > event
    };
    let at = blocks.iter().position(holds).unwrap_or(blocks.len());
    blocks.split_at_checked(at).unwrap_or((blocks, &[]))
}
