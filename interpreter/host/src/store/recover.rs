//! What the journal holds, and telling a batch that was torn by a crash from damage.
//!
//! Only the last frame of the last segment can be torn, since only one batch is ever on its way. So bytes that are
//! no whole frame are a torn tail if no whole frame follows them in the last segment, and damage otherwise. Where the
//! index knows of a batch that is not there, or is another, that is damage too.

use super::{
    KeyError, StoreError, frame, journal,
    record::{Location, Position},
    segment::{self, Sealed, Segment},
};
use crate::disk::Disk;
use bytes::Bytes;
use std::{collections::BTreeMap, fmt};

/// What is known of the journal before it is read.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// Segments that are not appended to any more.
    pub(super) sealed: BTreeMap<u32, Sealed>,
    /// A batch that is on stable storage.
    pub(super) upto: Option<Position>,
    /// How many bytes of segments that are known are read; the others are only looked at.
    pub(super) read_max: u64,
}

/// What the journal holds.
#[derive(Debug)]
pub(super) struct Found {
    /// All segments but the last.
    pub(super) sealed: Vec<Sealed>,
    /// The segment to append to; its length is where whole batches end.
    pub(super) last: Segment,
    /// Where the journal ends.
    pub(super) end: Position,
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

/// Looks at every segment, the newest first, and reads what there is room for.
pub(super) fn scan(disk: &dyn Disk, expected: &Expected) -> Result<Found, StoreError> {
    let mut numbers = numbers(disk)?;
    let Some(last) = numbers.pop() else {
        return nothing(disk, expected);
    };
    let mut scan = Scan {
        disk,
        expected,
        sum: None,
    };
    let (last, cut) = scan.read(last, true)?;
    let mut left = expected.read_max;
    let mut sealed = Vec::new();
    for number in numbers.into_iter().rev() {
        let length = scan.length(number)?;
        sealed.push(match expected.sealed.get(&number) {
            Some(known) if length > left && scan.sum.is_some() => scan.looked_at(known)?,
            known => {
                left = left.saturating_sub(length);
                scan.whole(number, known)?
            }
        });
    }
    sealed.reverse();
    let end = scan.in_order(&sealed, &last)?;
    scan.reaches(end)?;
    Ok(Found {
        sealed,
        last,
        end,
        cut,
    })
}

/// A directory without a segment.
fn nothing(disk: &dyn Disk, expected: &Expected) -> Result<Found, StoreError> {
    let known = expected.upto.filter(|upto| upto.batch > 0);
    if let Some(upto) = known {
        let reason = format!("expected batch {}, found no file", upto.batch);
        return Err(damaged(disk, &segment::name(upto.segment), 0, reason));
    }
    Ok(Found {
        sealed: Vec::new(),
        last: Segment::new(1),
        end: Position::default(),
        cut: None,
    })
}

/// The numbers of all segments, which have no gap.
fn numbers(disk: &dyn Disk) -> Result<Vec<u32>, StoreError> {
    let names = disk.list().map_err(|error| StoreError::Io {
        place: disk.place(""),
        error,
    })?;
    let mut numbers: Vec<u32> = names.iter().filter_map(|name| segment::number(name)).collect();
    numbers.sort_unstable();
    let first = numbers.first().copied().unwrap_or_default();
    for (expected, number) in (first..).zip(&numbers) {
        if *number != expected {
            let reason = "expected this segment, found only later ones".to_owned();
            return Err(damaged(disk, &segment::name(expected), 0, reason));
        }
    }
    Ok(numbers)
}

struct Scan<'a> {
    disk: &'a dyn Disk,
    expected: &'a Expected,
    /// The checksum of the last frame of the journal, once a segment with a frame was read.
    sum: Option<u32>,
}

impl Scan<'_> {
    fn length(&self, number: u32) -> Result<u64, StoreError> {
        let name = segment::name(number);
        self.disk.length(&name).map_err(|error| StoreError::Io {
            place: self.disk.place(&name),
            error,
        })
    }

    /// A segment that is known is only looked at.
    fn looked_at(&self, known: &Sealed) -> Result<Sealed, StoreError> {
        let name = segment::name(known.segment);
        let found = self.length(known.segment)?;
        if found != known.length {
            let reason = format!("expected a file of {} bytes, found one of {found}", known.length);
            return Err(damaged(self.disk, &name, found.min(known.length), reason));
        }
        let head = self.disk.read_at(&name, 0, segment::HEADER);
        let head = head.map_err(|error| StoreError::Io {
            place: self.disk.place(&name),
            error,
        })?;
        if segment::has_header(known.segment, &head) {
            Ok(known.clone())
        } else {
            Err(damaged(self.disk, &name, 0, HEADER_EXPECTED.to_owned()))
        }
    }

    /// A segment that is not the last is read; it must be what is known of it.
    fn whole(&mut self, number: u32, known: Option<&Sealed>) -> Result<Sealed, StoreError> {
        let (found, _) = self.read(number, false)?;
        let found = found.sealed();
        match known {
            Some(known) if *known != found => {
                let reason = format!(
                    "expected {} bytes with batches {}, found {} bytes with batches {}, or other ones",
                    known.length,
                    range(known.batches),
                    found.length,
                    range(found.batches)
                );
                Err(damaged(self.disk, &segment::name(number), 0, reason))
            }
            _ => Ok(found),
        }
    }

    fn read(&mut self, number: u32, is_last: bool) -> Result<(Segment, Option<Cut>), StoreError> {
        let bytes = read(self.disk, number)?;
        let mut found = Segment::new(number);
        if !segment::has_header(number, &bytes) {
            // The last segment may lack it: it was being made.
            return if is_last && bytes.len() <= segment::HEADER {
                Ok((found, None))
            } else {
                Err(damaged(
                    self.disk,
                    &segment::name(number),
                    0,
                    HEADER_EXPECTED.to_owned(),
                ))
            };
        }
        found.length = segment::HEADER as u64;
        let mut sum = None;
        while let Some(frame) = frame::read(rest(&bytes, found.length)) {
            let next = found.batches.map(|(_, last)| last.saturating_add(1));
            if next.is_some_and(|next| next != frame.number) {
                return Err(self.out_of_order(&found, next.unwrap_or_default(), frame.number));
            }
            is_vouched_for(self.disk, number, found.length, &frame)?;
            found.add(&frame);
            self.meet(&found, frame.sum)?;
            sum = Some(frame.sum);
        }
        self.sum = self.sum.or(sum);
        let cut = self.cut(&found, rest(&bytes, found.length), is_last)?;
        Ok((found, cut))
    }

    /// A batch that the index knows of must be the one.
    fn meet(&self, found: &Segment, sum: u32) -> Result<(), StoreError> {
        let Some(upto) = self.expected.upto else {
            return Ok(());
        };
        if found.batches.is_none_or(|(_, last)| last != upto.batch) {
            return Ok(());
        }
        if sum == upto.sum {
            return Ok(());
        }
        let reason = format!(
            "expected batch {} as the index knows it, found another",
            upto.batch
        );
        Err(damaged(self.disk, &found.name(), found.length, reason))
    }

    /// What is left behind the last whole frame.
    fn cut(&self, found: &Segment, rest: &[u8], is_last: bool) -> Result<Option<Cut>, StoreError> {
        if rest.is_empty() {
            return Ok(None);
        }
        if !is_last || frame::find(rest).is_some() {
            let reason = "expected a whole batch, and more follows behind it".to_owned();
            return Err(damaged(self.disk, &found.name(), found.length, reason));
        }
        Ok(Some(Cut {
            place: self.disk.place(&found.name()),
            offset: found.length,
            bytes: rest.len() as u64,
        }))
    }

    /// Batches are numbered without gaps from one segment to the next. Where the journal ends.
    fn in_order(&self, sealed: &[Sealed], last: &Segment) -> Result<Position, StoreError> {
        let last_batches = (last.number, last.batches);
        let all = sealed.iter().map(|sealed| (sealed.segment, sealed.batches));
        let mut end = Position {
            segment: last.number,
            offset: last.length,
            sum: self.sum.unwrap_or_default(),
            ..Position::default()
        };
        for (number, batches) in all.chain([last_batches]) {
            let Some((first, last)) = batches else { continue };
            let begins = end.batch == 0 && number > 1;
            let next = end.batch.saturating_add(1);
            if first != next && !begins {
                return Err(self.out_of_order(&Segment::new(number), next, first));
            }
            end.batch = last;
        }
        Ok(end)
    }

    /// The journal goes as far as the index knows it did.
    fn reaches(&self, end: Position) -> Result<(), StoreError> {
        let name = segment::name(end.segment);
        match self.expected.upto {
            Some(upto) if end.batch < upto.batch => {
                let reason = format!(
                    "expected batch {}, found the end behind batch {}",
                    upto.batch, end.batch
                );
                Err(damaged(self.disk, &name, end.offset, reason))
            }
            _ => Ok(()),
        }
    }

    fn out_of_order(&self, found: &Segment, expected: u64, number: u64) -> StoreError {
        let reason = format!("expected batch {expected}, found batch {number}");
        damaged(self.disk, &found.name(), found.length, reason)
    }
}

pub(super) const HEADER_EXPECTED: &str = "expected the header of this segment";

fn range(batches: Option<(u64, u64)>) -> String {
    batches.map_or_else(|| "none".to_owned(), |(first, last)| format!("{first} to {last}"))
}

fn read(disk: &dyn Disk, number: u32) -> Result<Vec<u8>, StoreError> {
    let name = segment::name(number);
    disk.read(&name).map_err(|error| StoreError::Io {
        place: disk.place(&name),
        error,
    })
}

fn rest(bytes: &[u8], at: u64) -> &[u8] {
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    bytes.get(at..).unwrap_or_default()
}

fn damaged(disk: &dyn Disk, name: &str, offset: u64, reason: String) -> StoreError {
    StoreError::Damaged {
        place: disk.place(name),
        offset,
        reason,
    }
}

/// A batch that is whole was written in this place, with the keys of the directory, if it has some.
fn is_vouched_for(
    disk: &dyn Disk,
    segment: u32,
    at: u64,
    frame: &frame::Frame<'_>,
) -> Result<(), StoreError> {
    let Some(keys) = disk.keys() else {
        let place = disk.place("");
        return if frame.is_encrypted() {
            Err(KeyError::Missing { place }.into())
        } else {
            Ok(())
        };
    };
    let is_plain = keys.is_plain(segment) && !frame.is_encrypted();
    if is_plain || (!keys.is_plain(segment) && frame.is_sealed(keys, segment, at)) {
        return Ok(());
    }
    Err(KeyError::Forged {
        place: disk.place(&segment::name(segment)),
        offset: at,
        reason: journal::FORGED_BATCH.to_owned(),
    }
    .into())
}

/// What replaying tells of a record: its bytes, where they lie, and the last batch before its own.
pub(super) type Visit<'a> = &'a mut dyn FnMut(Bytes, Location, Position) -> Result<(), StoreError>;

/// Reads the records of the journal behind a position, in order.
pub(super) fn replay(
    disk: &dyn Disk,
    from: Position,
    (first, end): (u32, Position),
    visit: Visit<'_>,
) -> Result<(), StoreError> {
    let mut behind = from;
    for number in from.segment.max(first)..=end.segment {
        let bytes = read(disk, number)?;
        let header = segment::HEADER as u64;
        let mut at = if number == from.segment {
            from.offset.max(header)
        } else {
            header
        };
        while let Some(frame) = frame::read(rest(&bytes, at)) {
            let unreadable = |reason: &str| damaged(disk, &segment::name(number), at, reason.to_owned());
            if behind.batch > 0 && frame.number != behind.batch.saturating_add(1) {
                return Err(unreadable("expected the next batch"));
            }
            let records = frame.records().map_err(|error| error.at(unreadable))?;
            is_vouched_for(disk, number, at, &frame)?;
            let segment = Segment::new(number);
            for (record, extent) in records {
                let place = segment.location(at, extent);
                visit(journal::plain(disk, record, place)?, place, behind)?;
            }
            at = at.saturating_add(frame.length() as u64);
            behind = Position {
                batch: frame.number,
                segment: number,
                offset: at,
                sum: frame.sum,
            };
        }
    }
    if behind.batch == end.batch {
        return Ok(());
    }
    let reason = format!(
        "expected batch {}, found none that is whole",
        behind.batch.saturating_add(1)
    );
    Err(damaged(
        disk,
        &segment::name(behind.segment),
        behind.offset,
        reason,
    ))
}
