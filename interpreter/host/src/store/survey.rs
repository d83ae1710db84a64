//! Looking through a directory that may be damaged: everything that can be read is read, and what cannot is told, by
//! file, offset and record. Nothing is changed, and nobody needs to stop using the directory meanwhile.

mod found;
mod unread;

pub use found::FoundRun;

use super::{
    StoreError, blob,
    cipher::{self, Nonce},
    frame, from_proto, journal, proto,
    record::{Location, Record},
    recover::{self, Cut},
    segment,
};
use crate::{RunId, disk::Disk};
use bytes::Bytes;
use flowmesh_ir::Hash;
use prost::Message;
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    io,
};
use unread::{Unread, Why};

/// So many damaged places are told; of more only the number.
const DAMAGES_MAX: usize = 1000;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub place: String,
    /// Where in it.
    pub offset: u64,
    /// The how manyth record of its batch it is, if it is one record.
    pub record: Option<usize>,
    /// The run that the record is of, where that can be read.
    pub run: Option<RunId>,
    /// What is wrong.
    pub reason: String,
}

impl From<Damage> for StoreError {
    fn from(damage: Damage) -> Self {
        Self::Damaged {
            place: damage.place,
            offset: damage.offset,
            reason: damage.reason,
        }
    }
}

/// What was found in a directory.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// How many segments of the journal there are.
    pub segments: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many batches are whole.
    pub batches: u64,
    /// How many records can be read.
    pub records: u64,
    /// A batch that was being written, and that nobody was told of.
    pub torn: Option<Cut>,
    /// What is damaged, as far as it is told.
    pub damages: Vec<Damage>,
    /// How much is damaged.
    pub damaged: usize,
    /// The runs, with how much of each can be read.
    pub runs: BTreeMap<RunId, FoundRun>,
    programs: BTreeSet<Hash>,
    /// Payloads that lie apart.
    blobs: BTreeSet<Hash>,
    pub(super) freed: u32,
    /// How many records are encrypted, with keys that were not given: only their checksums were seen to.
    pub locked: u64,
    /// The data keys that something is encrypted with.
    pub(super) data_keys: BTreeSet<u32>,
}

impl Survey {
    /// The runs of which something cannot be read.
    pub fn broken(&self) -> impl Iterator<Item = (RunId, &FoundRun)> {
        let broken = self.runs.iter().filter(|(_, found)| !found.is_whole());
        broken.map(|(run, found)| (*run, found))
    }

    /// Whether nothing is damaged, and nothing is known to be missing.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.damaged == 0 && self.broken().next().is_none()
    }

    /// The payloads that lie apart and that records name.
    #[must_use]
    pub fn blobs(&self) -> &BTreeSet<Hash> {
        &self.blobs
    }

    fn damage(&mut self, damage: Damage) {
        self.damaged = self.damaged.saturating_add(1);
        if self.damages.len() < DAMAGES_MAX {
            self.damages.push(damage);
        }
    }
}

/// What is told of every record that can be read, in the order of the journal.
pub(super) type Visit<'a> = &'a mut dyn FnMut(Record, Location) -> Result<(), StoreError>;

/// Looks through a directory; `progress` is told how many bytes of how many are done.
///
/// # Errors
/// If a file cannot be read at all, or `visit` says so.
pub fn survey(
    disk: &dyn Disk,
    visit: Visit<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Survey, StoreError> {
    let names = disk.list().map_err(|error| io(disk, "", error))?;
    let mut numbers: Vec<u32> = names.iter().filter_map(|name| segment::number(name)).collect();
    numbers.sort_unstable();
    let mut total: u64 = 0;
    for number in &numbers {
        let name = segment::name(*number);
        let length = disk.length(&name).map_err(|error| io(disk, &name, error))?;
        total = total.saturating_add(length);
    }
    let mut surveying = Surveying {
        disk,
        visit,
        found: Survey::default(),
        batch: 0,
        hole: false,
        is_locked: disk.keys().is_none() && cipher::is_encrypted(&names),
    };
    let last = numbers.last().copied();
    let mut expected = numbers.first().copied().unwrap_or(1);
    let first = expected;
    for number in numbers {
        while expected < number {
            surveying.missing(expected);
            expected = expected.saturating_add(1);
        }
        expected = expected.saturating_add(1);
        surveying.segment(number, last == Some(number))?;
        progress(surveying.found.bytes, total.max(surveying.found.bytes));
    }
    surveying.payloads(&names);
    surveying.finish(first)
}

struct Surveying<'a> {
    disk: &'a dyn Disk,
    visit: Visit<'a>,
    found: Survey,
    /// The number of the last whole batch.
    batch: u64,
    /// Whether something before is damaged, so that batches may be missing.
    hole: bool,
    /// Whether it is encrypted, with keys that were not given.
    is_locked: bool,
}

impl Surveying<'_> {
    fn missing(&mut self, number: u32) {
        self.hole = true;
        let reason = "expected this segment, found only later ones".to_owned();
        self.damage(&segment::name(number), 0, reason);
    }

    fn damage(&mut self, name: &str, offset: u64, reason: String) {
        self.found.damage(Damage {
            place: self.disk.place(name),
            offset,
            record: None,
            run: None,
            reason,
        });
    }

    fn segment(&mut self, number: u32, is_last: bool) -> Result<(), StoreError> {
        let name = segment::name(number);
        let bytes = self
            .disk
            .read(&name)
            .map_err(|error| io(self.disk, &name, error))?;
        self.found.segments = self.found.segments.saturating_add(1);
        self.found.bytes = self.found.bytes.saturating_add(bytes.len() as u64);
        let mut at = segment::HEADER;
        if !segment::has_header(number, &bytes) {
            if is_last && bytes.len() <= segment::HEADER {
                return Ok(());
            }
            self.damage(&name, 0, recover::HEADER_EXPECTED.to_owned());
            at = 0;
        }
        while at < bytes.len() {
            let rest = bytes.get(at..).unwrap_or_default();
            match frame::read(rest) {
                Some(frame) => {
                    self.frame(number, at, &frame)?;
                    at = at.saturating_add(frame.length());
                }
                None => at = at.saturating_add(self.hole(number, at, rest, is_last)?),
            }
        }
        Ok(())
    }

    fn frame(&mut self, number: u32, at: usize, frame: &frame::Frame<'_>) -> Result<(), StoreError> {
        let expected = self.batch.saturating_add(1);
        let begins = self.batch == 0 && self.found.batches == 0;
        if frame.number != expected && !begins {
            let what = if self.hole && frame.number > expected {
                "lost with it"
            } else {
                "missing"
            };
            let reason = format!(
                "expected batch {expected}, found batch {}: those between are {what}",
                frame.number
            );
            self.damage(&segment::name(number), at as u64, reason);
        }
        self.hole = false;
        self.batch = frame.number;
        self.found.batches = self.found.batches.saturating_add(1);
        self.encrypted(number, at, frame);
        let is_locked = self.is_locked && frame.is_encrypted();
        self.records(number, at, (frame.salvage(), is_locked))
    }

    /// A batch that is whole and was written by somebody else, or elsewhere, is damage too.
    fn encrypted(&mut self, number: u32, at: usize, frame: &frame::Frame<'_>) {
        let Some(keys) = self.disk.keys() else { return };
        let pieces = frame.pieces();
        let nonces = pieces.iter().filter_map(|piece| Nonce::of(piece));
        self.found.data_keys.extend(nonces.map(|nonce| nonce.key()));
        let fits = if keys.is_plain(number) {
            !frame.is_encrypted()
        } else {
            frame.is_sealed(keys, number, at as u64)
        };
        if !fits {
            self.damage(
                &segment::name(number),
                at as u64,
                journal::FORGED_BATCH.to_owned(),
            );
        }
    }

    /// Bytes that are no whole frame: how many, up to the next one or to the end of the file.
    fn hole(&mut self, number: u32, at: usize, rest: &[u8], is_last: bool) -> Result<usize, StoreError> {
        let next = frame::find(rest);
        if is_last && next.is_none() {
            self.found.torn = Some(Cut {
                place: self.disk.place(&segment::name(number)),
                offset: at as u64,
                bytes: rest.len() as u64,
            });
            return Ok(rest.len());
        }
        let length = next.unwrap_or(rest.len());
        let reason = format!("expected a whole batch, found {length} bytes that are none");
        self.damage(&segment::name(number), at as u64, reason);
        self.hole = true;
        let bytes = rest.get(..length).unwrap_or_default();
        if let Some(frame) = frame::damaged(bytes) {
            let is_locked = self.is_locked && frame::is_encrypted(bytes);
            self.records(number, at, (frame.salvage(), is_locked))?;
        }
        Ok(length)
    }

    fn records(
        &mut self,
        number: u32,
        at: usize,
        (salvaged, is_locked): (frame::Salvaged, bool),
    ) -> Result<(), StoreError> {
        let segment = segment::Segment::new(number);
        let count = salvaged.records.len();
        for (index, (extent, bytes)) in salvaged.records.into_iter().enumerate() {
            let place = segment.location(at as u64, extent);
            let read = bytes.ok_or_else(|| Unread::new(frame::OTHER_SUM));
            if is_locked && read.is_ok() {
                self.found.locked = self.found.locked.saturating_add(1);
                continue;
            }
            let plain = |bytes| journal::plain(self.disk, bytes, place).map_err(Unread::forged);
            let read = read.and_then(plain);
            if let Err(unread) = read.and_then(|bytes| self.record(bytes, place)) {
                self.unreadable(&segment.name(), u64::from(place.offset), index, unread)?;
            }
        }
        match salvaged.reason {
            Some(reason) => self.unreadable(&segment.name(), at as u64, count, Unread::new(reason)),
            None => Ok(()),
        }
    }

    fn unreadable(&mut self, name: &str, offset: u64, record: usize, why: Unread) -> Result<(), StoreError> {
        let (place, offset, reason) = match why.why {
            Why::Failed(error) => return Err(error),
            Why::Elsewhere(place, reason) => (place, 0, reason),
            Why::Here(reason) => (self.disk.place(name), offset, reason),
        };
        if let Some(run) = why.run {
            self.found.runs.entry(run).or_default().lose();
        }
        self.found.damage(Damage {
            place,
            offset,
            record: Some(record),
            run: why.run,
            reason,
        });
        Ok(())
    }

    fn record(&mut self, bytes: Bytes, place: Location) -> Result<(), Unread> {
        let message = proto::Record::decode(bytes).map_err(|_| Unread::new("a record that is no message"))?;
        let run = message.run();
        let disk = self.disk;
        let blobs = RefCell::new(&mut self.found.blobs);
        let fetch = |hash, length| {
            blobs.borrow_mut().insert(hash);
            blob::read(disk, place.segment, hash, length)
        };
        let record = from_proto::record(message, &fetch).map_err(|no| Unread::of(no, run))?;
        self.take(&record);
        self.found.records = self.found.records.saturating_add(1);
        (self.visit)(record, place).map_err(Unread::failed)
    }

    fn take(&mut self, record: &Record) {
        let runs = &mut self.found.runs;
        match record {
            Record::Program { hash, .. } | Record::Settings { hash, .. } => {
                self.found.programs.insert(*hash);
            }
            Record::Event(event) => {
                let found = runs.entry(event.run).or_default();
                found.events(event.sequence, 1, event.origin.as_ref());
            }
            Record::History(history) => {
                let found = runs.entry(history.run).or_default();
                let (first, events) = (history.first, history.events.len() as u64);
                found.events(first, events, history.origin.as_ref());
            }
            Record::Forgotten { run } => drop(runs.remove(run)),
            Record::Freed { segment } => self.found.freed = self.found.freed.max(*segment),
            Record::Traffic(_)
            | Record::Schedule(_)
            | Record::Deployed(_)
            | Record::Act(_)
            | Record::Voided(_)
            | Record::Between(_) => {}
        }
    }

    /// Encrypted payloads: what they are encrypted with, and whether they are as they were written, where that is all
    /// that can be told of them.
    fn payloads(&mut self, names: &[String]) {
        for name in names.iter().filter(|name| blob::is_encrypted(name)) {
            self.found.data_keys.extend(blob::data_key(self.disk, name));
            if self.is_locked
                && let Err(StoreError::Damaged { reason, .. }) = blob::is_whole(self.disk, name)
            {
                self.damage(name, 0, reason);
            }
        }
    }

    fn finish(mut self, first: u32) -> Result<Survey, StoreError> {
        if !self.is_locked && first > self.found.freed.saturating_add(1) {
            self.missing(first.saturating_sub(1));
        }
        if self.is_locked {
            // What runs there are is not known, nor what is missing of them.
            self.found.runs.clear();
        }
        let programs = &self.found.programs;
        for found in self.found.runs.values_mut() {
            found.programs(programs);
        }
        Ok(self.found)
    }
}

fn io(disk: &dyn Disk, name: &str, error: io::Error) -> StoreError {
    let place = disk.place(name);
    StoreError::Io { place, error }
}
