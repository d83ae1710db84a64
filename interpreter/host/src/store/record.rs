//! What the store keeps: one record after the other, and where each lies.

use crate::RunId;
use flowmesh_ir::{Hash, Name};
use flowmesh_machine::Event;
use std::sync::Arc;

/// One thing that is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A program, before the first run of it.
    Program {
        /// Its content hash.
        hash: Hash,
        /// Its JSON.
        json: Arc<[u8]>,
    },
    /// Values of a program's configs, before the first run with them. Secrets are never among them.
    Settings {
        /// The hash of the bytes.
        hash: Hash,
        /// The values, as the machine writes them.
        bytes: Arc<[u8]>,
    },
    /// Something that happened to a run.
    Event(EventRecord),
}

/// Something that happened to a run.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRecord {
    /// To which run.
    pub run: RunId,
    /// The how manyth event of the run it is, from 0, without gaps.
    pub sequence: u64,
    /// What the run is a run of; with the first event and only there.
    pub origin: Option<Origin>,
    /// What happened.
    pub event: Event,
}

/// What a run is a run of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The name of the flow.
    pub flow: Name,
    /// The program it was started with, and stays with.
    pub program: Hash,
    /// The settings it was started with.
    pub settings: Hash,
}

/// Where a record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// The number of the segment.
    pub segment: u32,
    /// The offset of the record's bytes in it.
    pub offset: u32,
    /// How many bytes there are.
    pub length: u32,
}
