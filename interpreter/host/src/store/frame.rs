//! Frames: one batch of records with its length, its number and its checksum.
//!
//! ```text
//! frame   = "FMB2" length:u32 number:u64 crc:u32 payload      all little-endian
//! payload = { varint-length crc:u32 record }                  `length` bytes; the varint is the record's alone
//! ```
//!
//! The checksum of a frame covers its mark, length, number and payload; each record has one of its own, so that it can
//! be read alone and believed. Numbers count batches without gaps over all segments. The mark at the beginning is there
//! for recovery: it is how a whole frame is found behind a damaged one. Frames of the first form, `FMB1`, whose records
//! had no checksums and whose own did not cover the mark, are read as well.

use super::{
    blob::Blob,
    from_proto::{self, Fetch, Unreadable},
    proto,
    record::Record,
    to_proto,
};
use bytes::{Buf, Bytes};
use prost::Message;

/// How long a frame's header is.
pub(super) const HEADER: usize = 20;
/// The longest payload; longer is damage. Engines make batches far shorter.
pub(super) const PAYLOAD_MAX: usize = 256 << 20;
pub(crate) const MARK: &[u8; 4] = b"FMB2";
const MARK_1: &[u8; 4] = b"FMB1";
/// What is wrong with a record that was changed.
pub(super) const OTHER_SUM: &str = "a record whose checksum is another";

/// A frame that is whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) number: u64,
    pub(super) sum: u32,
    pub(super) payload: &'a [u8],
    /// Whether its records have checksums.
    summed: bool,
}

/// Where a record lies within its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) offset: u32,
    pub(super) length: u32,
    pub(super) sum: u32,
}

/// What can be had of a frame that may be damaged.
pub(super) struct Salvaged {
    /// Where each record lies, and its bytes if they are as they were written.
    pub(super) records: Vec<(Extent, Option<Bytes>)>,
    /// Why there is no telling where the others lie, if there are others.
    pub(super) reason: Option<&'static str>,
}

/// A batch as a frame.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Where each record lies in it.
    pub(super) extents: Vec<Extent>,
    pub(super) sum: u32,
    /// Payloads that do not lie in it.
    pub(super) apart: Vec<Blob>,
}

/// Writes a batch as a frame into `out`, which is emptied first.
pub(super) fn write(number: u64, records: &[Record], out: &mut Vec<u8>) -> Written {
    out.clear();
    out.resize(HEADER, 0);
    let mut written = Written::default();
    for record in records {
        let message = to_proto::record(record, &mut written.apart);
        written.extents.push(write_record(&message, out));
    }
    let length = u32::try_from(out.len().saturating_sub(HEADER)).unwrap_or(u32::MAX);
    written.sum = sum(MARK, length, number, out.get(HEADER..).unwrap_or_default());
    let header = header(MARK, length, number, written.sum);
    if let Some(place) = out.get_mut(..HEADER) {
        place.copy_from_slice(&header);
    }
    written
}

fn write_record(message: &proto::Record, out: &mut Vec<u8>) -> Extent {
    let length = message.encoded_len();
    prost::encoding::encode_varint(length as u64, out);
    let place = out.len();
    out.extend([0; 4]);
    let start = out.len();
    // The only error would be a buffer without room, which a `Vec` is not.
    let _ = message.encode(out);
    let sum = crc32fast::hash(out.get(start..).unwrap_or_default());
    if let Some(place) = out.get_mut(place..start) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
    Extent {
        offset: u32::try_from(start).unwrap_or(u32::MAX),
        length: u32::try_from(length).unwrap_or(u32::MAX),
        sum,
    }
}

fn sum(mark: &[u8; 4], length: u32, number: u64, payload: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    if mark != MARK_1 {
        crc.update(mark);
    }
    crc.update(&length.to_le_bytes());
    crc.update(&number.to_le_bytes());
    crc.update(payload);
    crc.finalize()
}

fn header(mark: &[u8; 4], length: u32, number: u64, sum: u32) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    let parts = mark
        .iter()
        .copied()
        .chain(length.to_le_bytes())
        .chain(number.to_le_bytes());
    let all = parts.chain(sum.to_le_bytes());
    header.iter_mut().zip(all).for_each(|(to, from)| *to = from);
    header
}

/// The frame that begins the bytes, if it is whole.
pub(super) fn read(bytes: &[u8]) -> Option<Frame<'_>> {
    let header = bytes.get(..HEADER)?;
    let mark = [MARK, MARK_1]
        .into_iter()
        .find(|mark| header.starts_with(*mark))?;
    let mut rest = header.get(mark.len()..)?;
    let length = rest.get_u32_le();
    let number = rest.get_u64_le();
    let expected = rest.get_u32_le();
    let payload = bytes.get(HEADER..HEADER.checked_add(usize::try_from(length).ok()?)?)?;
    let whole = payload.len() <= PAYLOAD_MAX && sum(mark, length, number, payload) == expected;
    whole.then_some(Frame {
        number,
        sum: expected,
        payload,
        summed: mark == MARK,
    })
}

/// The frame that begins the bytes although it is damaged, as far as its records can be believed: by checksums of their
/// own.
pub(super) fn damaged(bytes: &[u8]) -> Option<Frame<'_>> {
    let payload = bytes.get(HEADER..)?;
    let of_first_form = bytes.starts_with(MARK_1);
    (!of_first_form).then_some(Frame {
        number: 0,
        sum: 0,
        payload,
        summed: true,
    })
}

impl Frame<'_> {
    /// How long it is altogether.
    pub(super) fn length(&self) -> usize {
        HEADER.saturating_add(self.payload.len())
    }

    /// The records as bytes, and where each lies.
    pub(super) fn records(&self) -> Result<Vec<(Bytes, Extent)>, Unreadable> {
        let Salvaged { records, reason } = self.salvage();
        let record = |(extent, bytes): (Extent, Option<Bytes>)| {
            let bytes = bytes.ok_or(Unreadable::Message(OTHER_SUM))?;
            Ok((bytes, extent))
        };
        let records = records.into_iter().map(record).collect::<Result<_, _>>()?;
        reason.map_or(Ok(records), |reason| Err(Unreadable::Message(reason)))
    }

    /// What can be had of a frame that may be damaged.
    pub(super) fn salvage(&self) -> Salvaged {
        let mut rest = Bytes::copy_from_slice(self.payload);
        let mut records = Vec::new();
        let mut reason = None;
        while rest.has_remaining() && reason.is_none() {
            match self.next(&mut rest) {
                Ok(record) => records.push(record),
                Err(why) => reason = Some(why),
            }
        }
        Salvaged { records, reason }
    }

    /// Where the next record lies, and its bytes if they are as they were written.
    fn next(&self, rest: &mut Bytes) -> Result<(Extent, Option<Bytes>), &'static str> {
        let length = prost::decode_length_delimiter(&mut *rest).map_err(|_| "a record without a length")?;
        let expected = self.expected_sum(rest)?;
        if length > rest.remaining() {
            return Err("a record that is cut off");
        }
        let start = HEADER.saturating_add(self.payload.len().saturating_sub(rest.remaining()));
        let bytes = rest.split_to(length);
        let sum = crc32fast::hash(&bytes);
        let offset = u32::try_from(start).map_err(|_| "a record too far in")?;
        let length = u32::try_from(length).map_err(|_| "a record too long")?;
        let sound = expected.is_none_or(|expected| expected == sum);
        Ok((Extent { offset, length, sum }, sound.then_some(bytes)))
    }

    fn expected_sum(&self, rest: &mut Bytes) -> Result<Option<u32>, &'static str> {
        if !self.summed {
            return Ok(None);
        }
        let sum = rest.try_get_u32_le().map_err(|_| "a record without a checksum")?;
        Ok(Some(sum))
    }
}

/// The offset of the first whole frame behind the first byte.
pub(super) fn find(bytes: &[u8]) -> Option<usize> {
    let candidates = bytes
        .windows(MARK.len())
        .enumerate()
        .skip(1)
        .filter(|(_, window)| window == MARK || window == MARK_1);
    candidates
        .map(|(at, _)| at)
        .find(|at| bytes.get(*at..).is_some_and(|rest| read(rest).is_some()))
}

/// The record of some bytes.
pub(super) fn record(bytes: Bytes, fetch: Fetch<'_>) -> Result<Record, Unreadable> {
    let message =
        proto::Record::decode(bytes).map_err(|_| Unreadable::Message("a record that is no message"))?;
    from_proto::record(message, fetch)
}
