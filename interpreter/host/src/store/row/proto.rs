//! Rows on the disk, as protobuf messages with a checksum of their own. An index of another version is made again, so
//! that a change here needs a new version there and nothing else.

mod shared;
mod still;

use super::{Block, Ending, Row, guard::StoredGuard};
use crate::{
    RunId,
    store::{proto::Lineage, record::Location},
};
use bytes::Bytes;
use flowmesh_ir::{Hash, Name, trace};
use jiff::Timestamp;
use prost::Message;
use shared::{StoredShared, shared, to_shared};
use std::sync::Arc;
use still::{StoredParked, StoredPaused, parked, paused, to_parked, to_paused};

/// A row, and where its events lie.
#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Stored {
    #[prost(string, tag = "1")]
    namespace: String,
    #[prost(string, tag = "2")]
    flow: String,
    #[prost(string, tag = "3")]
    state: String,
    #[prost(bool, tag = "4")]
    ended: bool,
    #[prost(message, optional, tag = "5")]
    paused: Option<StoredPaused>,
    #[prost(string, optional, tag = "6")]
    key: Option<String>,
    #[prost(sint64, tag = "7")]
    started_us: i64,
    #[prost(sint64, tag = "8")]
    updated_us: i64,
    #[prost(uint64, tag = "9")]
    next: u64,
    #[prost(bytes = "bytes", tag = "10")]
    program: Bytes,
    #[prost(bytes = "bytes", tag = "11")]
    settings: Bytes,
    #[prost(message, repeated, tag = "12")]
    tags: Vec<Tag>,
    #[prost(string, optional, tag = "13")]
    error: Option<String>,
    #[prost(string, repeated, tag = "14")]
    steps: Vec<String>,
    /// 1 is a result, 2 an error, 3 a cancel, 4 an end at once; 0 is none, or a long one that lies in a table of its own.
    #[prost(uint32, tag = "15")]
    pub(in crate::store) ending_kind: u32,
    #[prost(string, tag = "16")]
    pub(in crate::store) ending: String,
    /// Whether its ending lies in a table of its own.
    #[prost(bool, tag = "17")]
    pub(in crate::store) ending_apart: bool,
    #[prost(uint32, tag = "18")]
    depth: u32,
    #[prost(bool, tag = "19")]
    entangled: bool,
    #[prost(bool, tag = "20")]
    cancelled: bool,
    #[prost(bool, tag = "21")]
    busy: bool,
    #[prost(message, repeated, tag = "22")]
    timers: Vec<Timer>,
    #[prost(string, repeated, tag = "23")]
    awaited: Vec<String>,
    #[prost(message, repeated, tag = "24")]
    guards: Vec<StoredGuard>,
    #[prost(message, repeated, tag = "25")]
    parents: Vec<Parent>,
    #[prost(bytes = "bytes", repeated, tag = "26")]
    blobs: Vec<Bytes>,
    /// Where the last of its events lie; those before lie in a table of their own.
    #[prost(message, repeated, tag = "27")]
    pub(in crate::store) places: Vec<Place>,
    /// How many of its events lie there.
    #[prost(uint64, tag = "28")]
    pub(in crate::store) spilled: u64,
    /// The oldest segment that one of its events lies in.
    #[prost(uint32, tag = "29")]
    pub(in crate::store) oldest: u32,
    /// How many bytes of the journal its events take.
    #[prost(uint64, tag = "30")]
    pub(in crate::store) bytes: u64,
    #[prost(message, optional, tag = "31")]
    parked: Option<StoredParked>,
    #[prost(bytes = "bytes", optional, tag = "32")]
    continues: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "33")]
    continued_by: Option<Bytes>,
    #[prost(message, optional, tag = "34")]
    shared: Option<StoredShared>,
    #[prost(bytes = "bytes", optional, tag = "35")]
    instead_of: Option<Bytes>,
    #[prost(bool, tag = "36")]
    pub(in crate::store) superseded: bool,
    /// A program and its settings each, one behind the other.
    #[prost(bytes = "bytes", repeated, tag = "37")]
    homes: Vec<Bytes>,
    #[prost(message, optional, boxed, tag = "38")]
    lineage: Option<Box<Lineage>>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Tag {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Timer {
    #[prost(uint32, tag = "1")]
    timer: u32,
    #[prost(sint64, tag = "2")]
    at_us: i64,
    /// Timers keep nanoseconds.
    #[prost(int32, tag = "3")]
    at_ns: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Parent {
    #[prost(bytes = "bytes", tag = "1")]
    run: Bytes,
    #[prost(uint32, tag = "2")]
    call: u32,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(in crate::store) struct Place {
    #[prost(uint32, tag = "1")]
    segment: u32,
    #[prost(uint32, tag = "2")]
    offset: u32,
    #[prost(uint32, tag = "3")]
    length: u32,
    #[prost(fixed32, tag = "4")]
    sum: u32,
    #[prost(uint32, tag = "5")]
    events: u32,
}

/// Several places, as they lie in a table of their own.
#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Places {
    #[prost(message, repeated, tag = "1")]
    pub(in crate::store) places: Vec<Place>,
}

/// Why bytes are no row.
#[derive(Debug)]
pub(in crate::store) struct NoRow(pub(in crate::store) &'static str);

impl Stored {
    /// The columns; where the events lie is not known yet.
    pub(in crate::store) fn new(row: &Row) -> Self {
        let (ending_kind, ending) = match &row.ending {
            None => (0, String::new()),
            Some(ending) => (kind(ending), ending.text().to_string()),
        };
        Self {
            namespace: row.namespace.to_string(),
            flow: row.flow.to_string(),
            state: row.state.to_string(),
            ended: row.ended,
            paused: row.paused.as_ref().map(paused),
            key: row.key.clone(),
            started_us: row.started.as_microsecond(),
            updated_us: row.updated.as_microsecond(),
            next: row.next,
            program: hash(row.program),
            settings: hash(row.settings),
            homes: row.homes.iter().map(home).collect(),
            tags: row.tags.iter().map(tag).collect(),
            error: row.error.as_ref().map(Name::to_string),
            steps: row.steps.clone(),
            ending_kind,
            ending,
            ending_apart: false,
            depth: u32::from(row.depth),
            entangled: row.entangled,
            cancelled: row.cancelled,
            busy: row.busy,
            timers: row.timers.iter().copied().map(timer).collect(),
            awaited: row.awaited.iter().map(Name::to_string).collect(),
            guards: row.guards.iter().map(StoredGuard::new).collect(),
            parents: row.parents.iter().copied().map(parent).collect(),
            blobs: row.blobs.iter().copied().map(hash).collect(),
            places: Vec::new(),
            spilled: 0,
            oldest: 0,
            bytes: 0,
            parked: row.parked.as_ref().map(parked),
            continues: row.continues.map(run_bytes),
            continued_by: row.continued_by.map(run_bytes),
            shared: row.shared.map(shared),
            instead_of: row.instead_of.map(run_bytes),
            superseded: row.superseded,
            lineage: row
                .lineage
                .as_deref()
                .map(|lineage| Box::new(Lineage::new(lineage))),
        }
    }

    /// The row; with the ending, where that lies elsewhere.
    pub(in crate::store) fn row(self, apart: Option<&str>) -> Result<Row, NoRow> {
        let ending = apart.unwrap_or(&self.ending).into();
        let namespace = Name::from(self.namespace);
        let guards = self.guards.into_iter().map(|guard| guard.guard(&namespace));
        Ok(Row {
            guards: guards.collect::<Result<_, _>>()?,
            namespace,
            lineage: self.lineage.as_deref().map(to_lineage).transpose()?,
            flow: self.flow.into(),
            state: self.state.into(),
            ended: self.ended,
            paused: self.paused.map(to_paused).transpose()?,
            parked: self.parked.map(to_parked).transpose()?,
            continues: self.continues.as_deref().map(to_run).transpose()?,
            continued_by: self.continued_by.as_deref().map(to_run).transpose()?,
            shared: self.shared.as_ref().map(to_shared).transpose()?,
            instead_of: self.instead_of.as_deref().map(to_run).transpose()?,
            superseded: self.superseded,
            key: self.key,
            started: time(self.started_us)?,
            updated: time(self.updated_us)?,
            next: self.next,
            program: to_hash(&self.program)?,
            settings: to_hash(&self.settings)?,
            homes: self
                .homes
                .iter()
                .map(|home| to_home(home))
                .collect::<Result<_, _>>()?,
            tags: self
                .tags
                .into_iter()
                .map(|tag| (tag.key.into(), tag.value))
                .collect(),
            error: self.error.map(Name::from),
            steps: self.steps,
            ending: match self.ending_kind {
                0 => None,
                1 => Some(Ending::Result(ending)),
                2 => Some(Ending::Error(ending)),
                3 => Some(Ending::Cancelled(ending)),
                4 => Some(Ending::Terminated(ending)),
                _ => return Err(NoRow("an ending of an unknown kind")),
            },
            depth: u16::try_from(self.depth).map_err(|_| NoRow("a depth that is none"))?,
            entangled: self.entangled,
            cancelled: self.cancelled,
            busy: self.busy,
            timers: self.timers.into_iter().map(to_timer).collect::<Result<_, _>>()?,
            awaited: self.awaited.into_iter().map(Name::from).collect(),
            parents: self.parents.iter().map(to_parent).collect::<Result<_, _>>()?,
            blobs: self
                .blobs
                .iter()
                .map(|hash| to_hash(hash))
                .collect::<Result<_, _>>()?,
        })
    }

    /// As bytes, with their checksum behind them.
    pub(in crate::store) fn write(&self) -> Vec<u8> {
        let mut bytes = self.encode_to_vec();
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    /// From such bytes.
    pub(in crate::store) fn read(bytes: &[u8]) -> Result<Self, NoRow> {
        let (message, sum) = bytes
            .split_last_chunk::<4>()
            .ok_or(NoRow("a row without a checksum"))?;
        if crc32fast::hash(message) != u32::from_le_bytes(*sum) {
            return Err(NoRow("a row whose checksum is another"));
        }
        Self::decode(message).map_err(|_| NoRow("a row that is no message"))
    }
}

fn kind(ending: &Ending) -> u32 {
    match ending {
        Ending::Result(_) => 1,
        Ending::Error(_) => 2,
        Ending::Cancelled(_) => 3,
        Ending::Terminated(_) => 4,
    }
}

fn to_lineage(lineage: &Lineage) -> Result<Arc<trace::Lineage>, NoRow> {
    let lineage = lineage.lineage().map(Arc::new);
    lineage.ok_or(NoRow("a trace without an identifier"))
}

fn hash(hash: Hash) -> Bytes {
    Bytes::copy_from_slice(&hash.0)
}

fn home((program, settings): &(Hash, Hash)) -> Bytes {
    [program.0, settings.0].concat().into()
}

fn to_home(bytes: &[u8]) -> Result<(Hash, Hash), NoRow> {
    let (program, settings) = bytes.split_at_checked(32).ok_or(NoRow("a hash that is none"))?;
    Ok((to_hash(program)?, to_hash(settings)?))
}

fn to_hash(bytes: &[u8]) -> Result<Hash, NoRow> {
    bytes
        .try_into()
        .map(Hash)
        .map_err(|_| NoRow("a hash that is none"))
}

fn time(us: i64) -> Result<Timestamp, NoRow> {
    Timestamp::from_microsecond(us).map_err(|_| NoRow("a time that is none"))
}

fn tag((key, value): (&Name, &String)) -> Tag {
    Tag {
        key: key.to_string(),
        value: value.clone(),
    }
}

fn timer((timer, at): (u32, Timestamp)) -> Timer {
    Timer {
        timer,
        at_us: at.as_microsecond(),
        at_ns: at.subsec_nanosecond() % 1000,
    }
}

fn to_timer(timer: Timer) -> Result<(u32, Timestamp), NoRow> {
    let us = i128::from(timer.at_us).saturating_mul(1000);
    let at = Timestamp::from_nanosecond(us.saturating_add(i128::from(timer.at_ns)));
    Ok((timer.timer, at.map_err(|_| NoRow("a time that is none"))?))
}

fn parent((run, call): (RunId, u32)) -> Parent {
    Parent {
        run: run_bytes(run),
        call,
    }
}

fn to_parent(parent: &Parent) -> Result<(RunId, u32), NoRow> {
    Ok((to_run(&parent.run)?, parent.call))
}

fn run_bytes(run: RunId) -> Bytes {
    Bytes::copy_from_slice(&run.0.to_be_bytes())
}

fn to_run(bytes: &[u8]) -> Result<RunId, NoRow> {
    let run = bytes.try_into();
    let run = run.map_err(|_| NoRow("a run without an identifier"))?;
    Ok(RunId(u128::from_be_bytes(run)))
}

impl From<Block> for Place {
    fn from(block: Block) -> Self {
        Self {
            segment: block.place.segment,
            offset: block.place.offset,
            length: block.place.length,
            sum: block.place.sum,
            events: block.events,
        }
    }
}

impl From<Place> for Block {
    fn from(place: Place) -> Self {
        Self {
            place: Location {
                segment: place.segment,
                offset: place.offset,
                length: place.length,
                sum: place.sum,
            },
            events: place.events,
        }
    }
}
