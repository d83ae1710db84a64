//! The tables of the index, and how what is in them is written.

use crate::{
    RunId,
    store::{
        record::{Location, Position, Traffic},
        segment::Sealed,
    },
};
use bytes::Buf;
use jiff::Timestamp;
use prost::Message;
use redb::TableDefinition;

/// The version of all this. An index of another one is made again from the journal.
pub(super) const VERSION: u32 = 7;

type Bytes = &'static [u8];
type Id = &'static [u8; 16];

/// Runs to their rows.
pub(super) const ROWS: TableDefinition<'_, Id, Bytes> = TableDefinition::new("rows");
/// Keys by which runs are found.
pub(super) const ENTRIES: TableDefinition<'_, Bytes, ()> = TableDefinition::new("entries");
/// How many runs there are of each kind that is counted.
pub(super) const COUNTS: TableDefinition<'_, Bytes, u64> = TableDefinition::new("counts");
/// Runs and numbers of events to where the events from that one on lie, for runs that have many.
pub(super) const PLACES: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new("places");
/// Runs to how they ended, where that is long.
pub(super) const ENDINGS: TableDefinition<'_, Id, Bytes> = TableDefinition::new("endings");
/// Runs to their machines.
pub(super) const SNAPSHOTS: TableDefinition<'_, Id, Bytes> = TableDefinition::new("snapshots");
/// Hashes of programs and settings to where they lie.
pub(super) const PROGRAMS: TableDefinition<'_, &'static [u8; 32], Bytes> = TableDefinition::new("programs");
/// Segments that are closed.
pub(super) const SEALED: TableDefinition<'_, u32, Bytes> = TableDefinition::new("sealed");
/// Guards to what is known of them beside who holds them and who waits.
pub(super) const PACES: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new("paces");
/// Results that may be reused.
pub(super) const RESULTS: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new("results");
/// What was done with keys of those who did it.
pub(super) const ACTS: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new("acts");
/// All else, by name.
pub(super) const META: TableDefinition<'_, &'static str, Bytes> = TableDefinition::new("meta");

/// The version of the tables.
pub(super) const META_VERSION: &str = "version";
/// How far the journal is in it.
pub(super) const META_UPTO: &str = "upto";
/// The last segment that was let go of.
pub(super) const META_FREED: &str = "freed";
/// Where traffic goes.
pub(super) const META_TRAFFIC: &str = "traffic";
/// What is known of all guards together.
pub(super) const META_GRANTED: &str = "granted";
/// What the owner wants to find again.
pub(super) const META_NOTE: &str = "note";

/// The key of a run.
pub(super) fn id(run: RunId) -> [u8; 16] {
    run.0.to_be_bytes()
}

/// The key of the places of a run from an event on.
pub(super) fn places(run: RunId, first: u64) -> Vec<u8> {
    let mut key = id(run).to_vec();
    key.extend(first.to_be_bytes());
    key
}

/// Bytes with their checksum behind them.
pub(super) fn sum(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// Bytes before their checksum, if it is theirs.
pub(super) fn summed(bytes: &[u8]) -> Option<&[u8]> {
    let (bytes, sum) = bytes.split_last_chunk::<4>()?;
    (crc32fast::hash(bytes) == u32::from_le_bytes(*sum)).then_some(bytes)
}

pub(super) fn write_location(at: Location) -> Vec<u8> {
    let numbers = [at.segment, at.offset, at.length, at.sum];
    sum(numbers.into_iter().flat_map(u32::to_le_bytes).collect())
}

pub(super) fn read_location(bytes: &[u8]) -> Option<Location> {
    let mut bytes = summed(bytes)?;
    Some(Location {
        segment: bytes.try_get_u32_le().ok()?,
        offset: bytes.try_get_u32_le().ok()?,
        length: bytes.try_get_u32_le().ok()?,
        sum: bytes.try_get_u32_le().ok()?,
    })
}

pub(super) fn write_position(at: Position) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(at.batch.to_le_bytes());
    bytes.extend(at.segment.to_le_bytes());
    bytes.extend(at.offset.to_le_bytes());
    bytes.extend(at.sum.to_le_bytes());
    sum(bytes)
}

pub(super) fn read_position(bytes: &[u8]) -> Option<Position> {
    let mut bytes = summed(bytes)?;
    Some(Position {
        batch: bytes.try_get_u64_le().ok()?,
        segment: bytes.try_get_u32_le().ok()?,
        offset: bytes.try_get_u64_le().ok()?,
        sum: bytes.try_get_u32_le().ok()?,
    })
}

pub(super) fn write_sealed(sealed: &Sealed) -> Vec<u8> {
    let (first, last) = sealed.batches.unwrap_or_default();
    let mut bytes = Vec::new();
    bytes.extend(sealed.length.to_le_bytes());
    bytes.extend(first.to_le_bytes());
    bytes.extend(last.to_le_bytes());
    bytes.extend(sealed.digest);
    sum(bytes)
}

pub(super) fn read_sealed(segment: u32, bytes: &[u8]) -> Option<Sealed> {
    let mut bytes = summed(bytes)?;
    let length = bytes.try_get_u64_le().ok()?;
    let first = bytes.try_get_u64_le().ok()?;
    let last = bytes.try_get_u64_le().ok()?;
    Some(Sealed {
        segment,
        length,
        // Batches are counted from 1.
        batches: (first > 0).then_some((first, last)),
        digest: bytes.try_into().ok()?,
    })
}

#[derive(Clone, PartialEq, prost::Message)]
struct StoredTraffic {
    #[prost(message, repeated, tag = "1")]
    services: Vec<StoredService>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct StoredService {
    #[prost(string, tag = "1")]
    service: String,
    #[prost(string, repeated, tag = "2")]
    subset: Vec<String>,
    #[prost(uint32, repeated, tag = "3")]
    weight: Vec<u32>,
    #[prost(sint64, tag = "4")]
    at_us: i64,
}

pub(super) fn write_traffic(traffic: &[Traffic]) -> Vec<u8> {
    let services = traffic.iter().map(|it| StoredService {
        service: it.service.to_string(),
        subset: it.weights.iter().map(|(name, _)| name.to_string()).collect(),
        weight: it.weights.iter().map(|(_, weight)| *weight).collect(),
        at_us: it.at.as_microsecond(),
    });
    let stored = StoredTraffic {
        services: services.collect(),
    };
    sum(stored.encode_to_vec())
}

pub(super) fn read_traffic(bytes: &[u8]) -> Option<Vec<Traffic>> {
    let stored = StoredTraffic::decode(summed(bytes)?).ok()?;
    let service = |it: StoredService| {
        let names = it.subset.into_iter().map(Into::into);
        Some(Traffic {
            service: it.service.into(),
            weights: names.zip(it.weight).collect(),
            at: Timestamp::from_microsecond(it.at_us).ok()?,
        })
    };
    stored.services.into_iter().map(service).collect()
}
