//! Records as lines of JSON, for export and import: what was written is read back to the last byte.

mod codec;

pub(super) use codec::{choice, failure_kind, hash, payload, run};

use super::{
    act, deployed, from_proto, proto,
    record::{EventRecord, Order, Record, Traffic},
    result::VoidedMessage,
    schedule, to_proto,
};
use crate::RunId;
use bytes::Bytes;
use flowmesh_ir::{Hash, Name};
use flowmesh_machine::Event;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the form.
const VERSION: u32 = 1;

/// One line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// The first.
    Export(Export),
    Program(Kept),
    Settings(Kept),
    Event(Happening),
    Traffic(Moved),
    Schedule(Box<schedule::Line>),
    Deployed(deployed::Message),
    Act(Box<act::Message>),
    Voided(Box<VoidedMessage>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    version: u32,
    /// The segment that is the first of an import: what has an order was written before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    #[serde(with = "hash")]
    hash: Bytes,
    #[serde(with = "payload")]
    content: Bytes,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Happening {
    run: RunId,
    sequence: u64,
    at: Timestamp,
    /// When it was written first, if it was written again since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order: Option<u64>,
    event: proto::Happened,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Moved {
    service: Name,
    weights: Vec<(Name, u32)>,
    at: Timestamp,
}

/// The first line of an export; with the first segment of its journal, if that was compacted.
#[must_use]
pub fn head(first: Option<u32>) -> String {
    let version = VERSION;
    text(&Line::Export(Export { version, first }))
}

/// The segment that a first line says is the first.
#[must_use]
pub fn first_segment(line: &str) -> Option<u32> {
    match serde_json::from_str(line).ok()? {
        Line::Export(export) => export.first,
        _ => None,
    }
}

/// A record as a line, or as several if it is several events; nothing of what only says how a journal lies.
#[must_use]
pub fn lines(record: Record) -> Vec<String> {
    match record {
        Record::Program { hash, json } => vec![text(&Line::Program(kept(hash, json)))],
        Record::Settings { hash, bytes } => vec![text(&Line::Settings(kept(hash, bytes)))],
        Record::Event(event) => vec![happening(&event, None)],
        Record::History(mut history) => {
            let order = std::mem::take(&mut history.order);
            let order = order.into_iter().map(Some).chain(std::iter::repeat(None));
            let events = history.into_events().into_iter().zip(order);
            events.map(|(event, order)| happening(&event, order)).collect()
        }
        Record::Traffic(traffic) => vec![text(&Line::Traffic(Moved {
            service: traffic.service,
            weights: traffic.weights,
            at: traffic.at,
        }))],
        Record::Schedule(it) => vec![text(&Line::Schedule(Box::new(schedule::Line::of(&it))))],
        Record::Between(between) => {
            let traffic = between.traffic.into_iter().map(Record::Traffic);
            let schedules = between
                .schedules
                .into_iter()
                .map(|it| Record::Schedule(Box::new(it)));
            let deployed = between.deployed.into_iter().map(Record::Deployed);
            let voided = between.voided.into_iter().map(Record::Voided);
            let all = traffic.chain(schedules).chain(deployed).chain(voided);
            all.flat_map(lines).collect()
        }
        Record::Deployed(it) => vec![text(&Line::Deployed(deployed::Message::of(&it)))],
        Record::Voided(it) => vec![text(&Line::Voided(Box::new(VoidedMessage::of(&it))))],
        Record::Act(it) => vec![text(&Line::Act(Box::new(act::Message::of(&it))))],
        Record::Forgotten { .. } | Record::Freed { .. } => Vec::new(),
    }
}

/// The record that a line is; none if it is the first.
///
/// # Errors
/// If it is none, with the reason.
pub fn read(line: &str) -> Result<Option<Record>, String> {
    let line: Line = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let record = match line {
        Line::Export(Export { version: VERSION, .. }) => return Ok(None),
        Line::Export(Export { version, .. }) => {
            return Err(format!(
                "expected an export of version {VERSION}, found {version}"
            ));
        }
        Line::Program(kept) => Record::Program {
            hash: hash_of(&kept.hash)?,
            json: kept.content.as_ref().into(),
        },
        Line::Settings(kept) => Record::Settings {
            hash: hash_of(&kept.hash)?,
            bytes: kept.content.as_ref().into(),
        },
        Line::Event(happening) => match happening.order {
            Some(order) => Record::History(event(happening)?.again(Order(order))),
            None => Record::Event(event(happening)?),
        },
        Line::Traffic(moved) => Record::Traffic(Traffic {
            service: moved.service,
            weights: moved.weights,
            at: moved.at,
        }),
        Line::Deployed(line) => Record::Deployed(line.read().map_err(|no| no.to_string())?),
        Line::Voided(line) => Record::Voided(line.read().map_err(|no| no.to_string())?),
        Line::Act(line) => Record::Act(Box::new(line.read().map_err(|no| no.to_string())?)),
        Line::Schedule(line) => Record::Schedule(Box::new(line.read()?)),
    };
    Ok(Some(record))
}

fn text(line: &Line) -> String {
    // It fails only for maps whose keys are no texts, of which there are none.
    serde_json::to_string(line).unwrap_or_default()
}

fn kept(hash: Hash, content: std::sync::Arc<[u8]>) -> Kept {
    Kept {
        hash: Bytes::copy_from_slice(&hash.0),
        content: Bytes::from_owner(content),
    }
}

fn happening(record: &EventRecord, order: Option<Order>) -> String {
    text(&Line::Event(Happening {
        run: record.run,
        sequence: record.sequence,
        at: record.event.at,
        order: order.map(|order| order.0),
        event: to_proto::happened(record.origin.as_ref(), &record.event.kind),
    }))
}

fn event(happening: Happening) -> Result<EventRecord, String> {
    let (origin, kind) = from_proto::happened(happening.event).map_err(|no| no.to_string())?;
    Ok(EventRecord {
        run: happening.run,
        sequence: happening.sequence,
        origin,
        event: Event {
            at: happening.at,
            kind,
        },
    })
}

fn hash_of(bytes: &Bytes) -> Result<Hash, String> {
    let bytes = bytes.as_ref().try_into();
    bytes
        .map(Hash)
        .map_err(|_| "expected a hash of 32 bytes".to_owned())
}
