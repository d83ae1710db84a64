//! Reading the whole log at the start, and telling a batch that was torn by a crash from damage.
//!
//! Only the last frame of the last segment can be torn, since only one batch is ever on its way. So bytes that are
//! no whole frame are a torn tail if no whole frame follows them in the last segment, and damage otherwise.

use super::{
    StoreError, frame,
    record::{Location, Record},
    segment::{self, Segment},
};
use crate::disk::Disk;
use std::fmt;

/// What the log holds.
pub(super) struct Found {
    /// The segment to append to; its length is where whole batches end.
    pub(super) last: Segment,
    /// The number of the next batch.
    pub(super) next: u64,
    pub(super) cut: Option<Cut>,
}

/// A torn tail that was cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The file.
    pub place: String,
    /// Where it was cut.
    pub offset: u64,
    /// How many bytes there were behind.
    pub bytes: u64,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, offset, bytes } = self;
        write!(
            f,
            "cut {bytes} bytes at byte {offset} of `{place}`: a batch that was being written when the last process ended, and that nobody was told of"
        )
    }
}

type Visit<'a> = &'a mut dyn FnMut(Record, Location) -> Result<(), StoreError>;

/// Reads every segment in order.
pub(super) fn recover(disk: &dyn Disk, visit: Visit<'_>) -> Result<Found, StoreError> {
    let numbers = numbers(disk)?;
    let mut found = Found {
        last: Segment::first(),
        next: 1,
        cut: None,
    };
    for (at, number) in numbers.iter().enumerate() {
        let is_last = at + 1 == numbers.len();
        found = read(disk, *number, is_last, found.next, visit)?;
    }
    if found.last.length < segment::HEADER as u64 {
        found.last.length = segment::HEADER as u64;
        segment::create(disk, &found.last)?;
    }
    Ok(found)
}

/// The numbers of all segments, which have no gap.
fn numbers(disk: &dyn Disk) -> Result<Vec<u32>, StoreError> {
    let names = disk.list().map_err(|error| StoreError::Io {
        place: disk.place(""),
        error,
    })?;
    let mut numbers: Vec<u32> = names.iter().filter_map(|name| segment::number(name)).collect();
    numbers.sort_unstable();
    for (expected, number) in (1..).zip(&numbers) {
        if *number != expected {
            let place = disk.place(&segment::name(expected));
            let reason = "expected this segment, found only later ones".to_owned();
            return Err(StoreError::Damaged {
                place,
                offset: 0,
                reason,
            });
        }
    }
    Ok(numbers)
}

fn read(
    disk: &dyn Disk,
    number: u32,
    is_last: bool,
    next: u64,
    visit: Visit<'_>,
) -> Result<Found, StoreError> {
    let name = segment::name(number);
    let bytes = disk.read(&name).map_err(|error| StoreError::Io {
        place: disk.place(&name),
        error,
    })?;
    let mut reading = Reading {
        disk,
        segment: Segment { number, length: 0 },
        bytes: &bytes,
        next,
    };
    if !reading.header(is_last)? {
        return Ok(Found {
            last: reading.segment,
            next,
            cut: None,
        });
    }
    while reading.frame(visit)? {}
    let cut = reading.cut(is_last)?;
    Ok(Found {
        last: reading.segment,
        next: reading.next,
        cut,
    })
}

/// One segment being read; `segment.length` is where.
struct Reading<'a> {
    disk: &'a dyn Disk,
    segment: Segment,
    bytes: &'a [u8],
    next: u64,
}

impl Reading<'_> {
    /// Whether there is a header. The last segment may lack it: it was being made.
    fn header(&mut self, is_last: bool) -> Result<bool, StoreError> {
        if self.bytes.starts_with(&segment::header(self.segment.number)) {
            self.segment.length = segment::HEADER as u64;
            return Ok(true);
        }
        if is_last && self.bytes.len() <= segment::HEADER {
            return Ok(false);
        }
        Err(self.damaged("expected the header of a segment"))
    }

    /// Reads a frame, if a whole one follows.
    fn frame(&mut self, visit: Visit<'_>) -> Result<bool, StoreError> {
        let Some(frame) = frame::read(self.rest()) else {
            return Ok(false);
        };
        if frame.number != self.next {
            return Err(self.damaged(&format!(
                "expected batch {}, found batch {}",
                self.next, frame.number
            )));
        }
        let records = frame::records(frame.payload).map_err(|unreadable| self.damaged(unreadable.0))?;
        for (record, extent) in records {
            visit(record, self.segment.location(self.segment.length, extent))?;
        }
        let length = frame::HEADER.saturating_add(frame.payload.len());
        self.segment.length = self.segment.length.saturating_add(length as u64);
        self.next = self.next.saturating_add(1);
        Ok(true)
    }

    /// What is left behind the last whole frame.
    fn cut(&self, is_last: bool) -> Result<Option<Cut>, StoreError> {
        let rest = self.rest();
        if rest.is_empty() {
            return Ok(None);
        }
        if !is_last || frame::find(rest).is_some() {
            return Err(self.damaged("expected a whole batch, and more follows behind it"));
        }
        let place = self.disk.place(&self.segment.name());
        Ok(Some(Cut {
            place,
            offset: self.segment.length,
            bytes: rest.len() as u64,
        }))
    }

    fn rest(&self) -> &[u8] {
        let at = usize::try_from(self.segment.length).unwrap_or(usize::MAX);
        self.bytes.get(at..).unwrap_or_default()
    }

    fn damaged(&self, reason: &str) -> StoreError {
        let place = self.disk.place(&self.segment.name());
        StoreError::Damaged {
            place,
            offset: self.segment.length,
            reason: reason.to_owned(),
        }
    }
}
