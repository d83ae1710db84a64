//! What the store keeps: one record after the other, and where each lies.

use super::{act::Act, deployed::Deployed, result::Voided, schedule::Schedule};
use crate::RunId;
use flowmesh_ir::{Hash, Name, call::Reply, trace::Lineage};
use flowmesh_machine::{Answer, Ended, Event, EventKind, Recorded};
use jiff::Timestamp;
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
    /// Events of a run, written again so that the segments they lay in can be let go of.
    History(History),
    /// A run that is kept no longer.
    Forgotten {
        /// Which.
        run: RunId,
    },
    /// Where the traffic of a service goes; no weights is back to what programs say.
    Traffic(Traffic),
    /// How a schedule stands. The last one of its name holds.
    Schedule(Box<Schedule>),
    /// What lies between runs, written again for the same reason.
    Between(Box<Between>),
    /// From here on, runs are started with another program.
    Deployed(Deployed),
    /// A recorded result that is reused no more.
    Voided(Voided),
    /// Somebody did something with a key of their own: it stands in the batch with what came of it.
    Act(Box<Act>),
    /// Everything that is needed of the segments up to this one was written again: they are let go of.
    Freed {
        /// The number of the last of them.
        segment: u32,
    },
}

/// Events of a run in order: all of them, or one of several parts that lie in one batch.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Of which run.
    pub run: RunId,
    /// The number of the first of these events.
    pub first: u64,
    /// What the run is a run of, with the first event of it.
    pub origin: Option<Origin>,
    /// The events.
    pub events: Vec<Event>,
    /// Where each of them was written first.
    pub order: Vec<Order>,
}

/// What lay between runs at a place of the journal. What was written behind that place holds instead of it, also where
/// it comes before this record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Between {
    /// At which.
    pub order: Order,
    /// Where traffic went.
    pub traffic: Vec<Traffic>,
    /// How schedules stood.
    pub schedules: Vec<Schedule>,
    /// What was deployed, the last ones in their order.
    pub deployed: Vec<Deployed>,
    /// Which results were forgotten.
    pub voided: Vec<Voided>,
}

/// Where the traffic of a service goes since a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// The name of the service.
    pub service: Name,
    /// What each subset gets, by name.
    pub weights: Vec<(Name, u32)>,
    /// Since when.
    pub at: Timestamp,
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
    /// Whose history it shares, where it goes on from the middle of one.
    pub shared: Option<Shared>,
    /// The namespace that it is in; the one without a name is `default`.
    pub namespace: Name,
    /// Which trace it lies in, where that is not a recorded one of its own.
    pub lineage: Option<Arc<Lineage>>,
}

impl Origin {
    /// As which run the machine knows a run of this origin.
    #[must_use]
    pub fn root(&self, run: RunId) -> RunId {
        self.shared.map_or(run, |shared| shared.root)
    }
}

/// The first events of a run are those of another one that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Of which run.
    pub run: RunId,
    /// As which run it began: what it knows of itself is what that one knew.
    pub root: RunId,
    /// How many events.
    pub events: u64,
}

/// Where a record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The number of the segment.
    pub segment: u32,
    /// The offset of the record's bytes in it.
    pub offset: u32,
    /// How many bytes there are.
    pub length: u32,
    /// Their checksum (CRC-32): whatever else lies there by now is not believed.
    pub sum: u32,
}

/// How far the journal goes, or was read: behind which batch, and where that ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The number of the batch; batches are counted from 1.
    pub batch: u64,
    /// The segment that it lies in.
    pub segment: u32,
    /// Where it ends there.
    pub offset: u64,
    /// The checksum of its frame: another batch of this number is another journal.
    pub sum: u32,
}

/// When something was written first, among everything in a journal: compaction puts it elsewhere and keeps this, since
/// who asked for a lock first must not depend on it. Segments have no number twice, so that places grow for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order(pub u64);

impl Order {
    /// Before everything.
    pub const FIRST: Self = Self(0);
    /// What happens now is later than everything that is in the journal.
    pub const NOW: Self = Self(u64::MAX);

    fn at(segment: u32, offset: u64) -> Self {
        // A segment ends long before its offsets do.
        Self(u64::from(segment) << 32 | offset.min(u64::from(u32::MAX)))
    }

    /// Of everything in a segment or behind it.
    #[must_use]
    pub fn segment(segment: u32) -> Self {
        Self::at(segment, 0)
    }
}

impl Default for Order {
    fn default() -> Self {
        Self::NOW
    }
}

impl From<Location> for Order {
    fn from(at: Location) -> Self {
        Self::at(at.segment, u64::from(at.offset))
    }
}

/// Later than everything up to there, and no later than what follows.
impl From<Position> for Order {
    fn from(at: Position) -> Self {
        Self::at(at.segment, at.offset)
    }
}

/// The bytes that an event carries.
#[must_use]
pub fn payload(kind: &EventKind) -> Option<&Arc<[u8]>> {
    match kind {
        EventKind::Started { input: bytes, .. }
        | EventKind::Replied {
            reply: Reply::Answer { body: bytes, .. },
            ..
        }
        | EventKind::Signalled { payload: bytes, .. }
        | EventKind::Heard { payload: bytes, .. }
        | EventKind::Streamed { item: bytes, .. }
        | EventKind::Answered {
            answer:
                Answer::Ended(Ended::Done(bytes) | Ended::Failed(_, bytes))
                | Answer::Recalled(Recorded { result: bytes, .. }),
            ..
        } => Some(bytes),
        _ => None,
    }
}

impl EventRecord {
    /// The same, written again.
    #[must_use]
    pub fn again(self, order: Order) -> History {
        History {
            run: self.run,
            first: self.sequence,
            origin: self.origin,
            events: vec![self.event],
            order: vec![order],
        }
    }
}

impl History {
    /// When each event was written first; where that is not said, it is when this was.
    pub(super) fn take_order(&mut self, at: Location) -> Vec<Order> {
        let mut order = std::mem::take(&mut self.order);
        order.resize(self.events.len(), at.into());
        order
    }

    /// The events as records of their own.
    #[must_use]
    pub fn into_events(self) -> Vec<EventRecord> {
        let Self {
            run,
            first,
            mut origin,
            events,
            ..
        } = self;
        let numbered = (first..).zip(events);
        numbered
            .map(|(sequence, event)| EventRecord {
                run,
                sequence,
                origin: origin.take(),
                event,
            })
            .collect()
    }
}
