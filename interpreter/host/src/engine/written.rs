//! Machines that are written down, so that a run comes back without all of its events being read again.
//!
//! What is written follows from the events alone and lies in the index, which is made again without: what cannot be read
//! here, or was written by another version, is left aside, and the events are read from the first on.

use super::{
    Engine, Held,
    held::Live,
    ledger::{Ledger, Left},
};
use crate::{
    RunId,
    store::{Row, Snapshot},
};
use flowmesh_ir::Hash;
use flowmesh_machine::{Ask, CallId, Run, TimerId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, io};

/// Raised whenever what is written here means something else than before: a field more or less in a machine, in a value,
/// in a request. A test holds the bytes of a machine beside it.
pub(super) const LAYOUT: u32 = 2;

/// A long machine is written down less often: not before so many of its bytes have an event each.
const BYTES_AN_EVENT: usize = 256;

/// A longer machine is not written down: values that its slots share would be there once for each.
const BYTES_MAX: usize = 4 << 20;

/// What comes of a run when nothing but its row and later events are known.
#[derive(Serialize, Deserialize)]
struct Written<R, A, T> {
    /// Where it was at home then.
    home: (Hash, Hash),
    run: R,
    asks: A,
    timers: T,
    cancelled: bool,
    /// Children that it had left and that may not have been told so.
    orphans: Vec<(u128, Left)>,
}

/// As it is read.
type Read = Written<Run, BTreeMap<CallId, Ask>, Vec<(TimerId, Timestamp)>>;

/// A run that is read back: where it is at home, what it is beside its row, and how many events it has seen.
pub(super) struct Back {
    pub(super) home: (Hash, Hash),
    pub(super) events: u64,
    pub(super) due: u64,
    pub(super) live: Box<Live>,
    pub(super) orphans: BTreeMap<RunId, Left>,
}

impl Engine {
    /// Writes the machine of a run down, if enough has happened to it since that was done last.
    pub(super) fn write_down(&mut self, run: RunId) -> Option<Snapshot> {
        let after = self.dormant.residence.snapshot_after.max(1);
        let held = self.runs.get_mut(&run)?;
        if held.next < held.snapshot_at.saturating_add(after) || held.next < held.snapshot_due {
            return None;
        }
        // What it shares with another run is read with that one's program and numbers.
        if held.shared.is_some_and(|shared| held.next <= shared.events) {
            return None;
        }
        let written = write(run, held, &self.ledger);
        let length = written.as_ref().map_or(0, Vec::len);
        // Also where it cannot be: it is tried again after as many events.
        (held.snapshot_at, held.snapshot_due) = (held.next, due(held.next, length));
        let bytes = written?;
        Some(Snapshot {
            events: held.next,
            bytes: bytes.into(),
        })
    }

    /// A machine was written down for nothing: the journal does not have what it has seen.
    pub(super) fn take_snapshot_back(&mut self, run: RunId) {
        if let Some(held) = self.runs.get_mut(&run) {
            (held.snapshot_at, held.snapshot_due) = (0, 0);
        }
    }
}

fn write(run: RunId, held: &Held, ledger: &Ledger) -> Option<Vec<u8>> {
    let live = held.alive()?;
    let orphans = ledger.orphans.iter().filter(|(_, (_, by))| *by == run);
    let written = Written {
        home: held.deployment.hashes(),
        run: &live.run,
        asks: &live.asks,
        timers: &live.timers,
        cancelled: live.cancelled,
        orphans: orphans.map(|(child, left)| (child.0, *left)).collect(),
    };
    // What cannot be written is read from its events.
    encode(&written)
}

fn encode<W: Serialize>(written: &W) -> Option<Vec<u8>> {
    let mut bounded = Bounded(LAYOUT.to_le_bytes().to_vec());
    rmp_serde::encode::write_named(&mut bounded, written).ok()?;
    Some(bounded.0)
}

/// Takes so many bytes and no more.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len().saturating_add(bytes.len()) > BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn decode(bytes: &[u8]) -> Option<Read> {
    let (layout, bytes) = bytes.split_first_chunk()?;
    if u32::from_le_bytes(*layout) != LAYOUT {
        return None;
    }
    rmp_serde::from_slice(bytes).ok()
}

/// At which event it is written again at the earliest.
fn due(events: u64, bytes: usize) -> u64 {
    events.saturating_add(u64::try_from(bytes / BYTES_AN_EVENT).unwrap_or(u64::MAX))
}

/// Reads a machine back that fits a row; `None` if it has to be made from its events.
pub(super) fn read(snapshot: &Snapshot, row: &Row) -> Option<Back> {
    let alone = row.shared.is_none_or(|(_, events)| snapshot.events > events);
    if snapshot.events > row.next || !alone {
        return None;
    }
    let read = decode(&snapshot.bytes)?;
    let mut live = Live::new(read.run);
    (live.asks, live.timers, live.cancelled) = (read.asks, read.timers, read.cancelled);
    let orphans = read.orphans.into_iter();
    Some(Back {
        home: read.home,
        events: snapshot.events,
        due: due(snapshot.events, snapshot.bytes.len()),
        live: Box::new(live),
        orphans: orphans.map(|(child, left)| (RunId(child), left)).collect(),
    })
}

/// For a world in which a timer is lost when a machine is written down.
pub(crate) fn drop_timers(snapshot: &mut Snapshot) {
    if let Some(mut read) = decode(&snapshot.bytes) {
        read.timers.clear();
        if let Some(bytes) = encode(&read) {
            snapshot.bytes = bytes.into();
        }
    }
}
