//! Frames: one batch of records with its length, its number and its checksum.
//!
//! ```text
//! frame   = "FMB2" length:u32 number:u64 crc:u32 payload      all little-endian
//! payload = { varint-length crc:u32 record }                  `length` bytes; the varint is the record's alone
//!
//! frame   = "FMB3" length:u32 number:u64 crc:u32 payload seal  where the store is encrypted: each record is a piece, and
//!                                                              so is the seal, over all of them, the place and the number
//! ```
//!
//! The checksum of a frame covers its mark, length, number and payload; each record has one of its own, so that it can
//! be read alone and believed. Numbers count batches without gaps over all segments. The mark at the beginning is there
//! for recovery: it is how a whole frame is found behind a damaged one. Frames of the first form, `FMB1`, whose records
//! had no checksums and whose own did not cover the mark, are read as well.

use super::{
    blob::Blob,
    cipher::{Keys, OVERHEAD, Place},
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
const MARK_3: &[u8; 4] = b"FMB3";
/// How long the seal of a batch is: what is in it says where the batch lies, and its number.
const SEAL: usize = 20 + OVERHEAD;
/// What is wrong with a record that was changed.
pub(super) const OTHER_SUM: &str = "a record whose checksum is another";

/// A frame that is whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) number: u64,
    pub(super) sum: u32,
    pub(super) payload: &'a [u8],
    form: Form<'a>,
}

/// In which form a frame is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form<'a> {
    /// Its records have no checksums.
    First,
    Second,
    /// Encrypted, with this seal.
    Third(&'a [u8]),
}

/// With what a frame is encrypted, and where it will lie.
pub(super) struct Encrypting<'a> {
    pub(super) keys: &'a Keys,
    pub(super) segment: u32,
    pub(super) base: u64,
}

impl Encrypting<'_> {
    fn record(&self, plain: &[u8], start: usize, out: &mut Vec<u8>) {
        let place = Place::Record {
            segment: self.segment,
            offset: self.base.saturating_add(start as u64),
        };
        self.keys.seal(place, plain, out);
    }

    fn batch(&self, number: u64, out: &mut Vec<u8>) {
        let mut seal = Vec::with_capacity(SEAL);
        let records = out.get(HEADER..).unwrap_or_default();
        let place = batch_place(self.segment, self.base, number);
        self.keys.seal(Place::Batch { records }, &place, &mut seal);
        out.extend(seal);
    }
}

fn batch_place(segment: u32, base: u64, number: u64) -> Vec<u8> {
    let place = segment.to_le_bytes().into_iter().chain(base.to_le_bytes());
    place.chain(number.to_le_bytes()).collect()
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
pub(super) fn write(
    number: u64,
    records: &[Record],
    encrypting: Option<&Encrypting<'_>>,
    out: &mut Vec<u8>,
) -> Written {
    out.clear();
    out.resize(HEADER, 0);
    let mut written = Written::default();
    for record in records {
        let message = to_proto::record(record, &mut written.apart);
        written.extents.push(write_record(&message, encrypting, out));
    }
    if let Some(encrypting) = encrypting {
        encrypting.batch(number, out);
    }
    let mark = if encrypting.is_some() { MARK_3 } else { MARK };
    let length = u32::try_from(out.len().saturating_sub(HEADER)).unwrap_or(u32::MAX);
    written.sum = sum(mark, length, number, out.get(HEADER..).unwrap_or_default());
    let header = header(mark, length, number, written.sum);
    if let Some(place) = out.get_mut(..HEADER) {
        place.copy_from_slice(&header);
    }
    written
}

fn write_record(message: &proto::Record, encrypting: Option<&Encrypting<'_>>, out: &mut Vec<u8>) -> Extent {
    let more = if encrypting.is_some() { OVERHEAD } else { 0 };
    let length = message.encoded_len().saturating_add(more);
    prost::encoding::encode_varint(length as u64, out);
    let place = out.len();
    out.extend([0; 4]);
    let start = out.len();
    match encrypting {
        Some(encrypting) => encrypting.record(&message.encode_to_vec(), start, out),
        // The only error would be a buffer without room, which a `Vec` is not.
        None => drop(message.encode(out)),
    }
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
    let mark = [MARK, MARK_1, MARK_3]
        .into_iter()
        .find(|mark| header.starts_with(*mark))?;
    let mut rest = header.get(mark.len()..)?;
    let length = rest.get_u32_le();
    let number = rest.get_u64_le();
    let expected = rest.get_u32_le();
    let payload = bytes.get(HEADER..HEADER.checked_add(usize::try_from(length).ok()?)?)?;
    let whole = payload.len() <= PAYLOAD_MAX && sum(mark, length, number, payload) == expected;
    let (payload, form) = formed(mark, payload)?;
    whole.then_some(Frame {
        number,
        sum: expected,
        payload,
        form,
    })
}

/// What is behind the header of a frame, cut into records and seal.
fn formed<'a>(mark: &[u8], payload: &'a [u8]) -> Option<(&'a [u8], Form<'a>)> {
    if mark == MARK_3 {
        let (records, seal) = payload.split_at_checked(payload.len().checked_sub(SEAL)?)?;
        return Some((records, Form::Third(seal)));
    }
    let form = if mark == MARK_1 { Form::First } else { Form::Second };
    Some((payload, form))
}

/// Whether the frame that begins the bytes is encrypted, whole or not.
pub(super) fn is_encrypted(bytes: &[u8]) -> bool {
    bytes.starts_with(MARK_3)
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
        form: Form::Second,
    })
}

impl Frame<'_> {
    /// How long it is altogether.
    pub(super) fn length(&self) -> usize {
        let seal = if self.is_encrypted() { SEAL } else { 0 };
        HEADER.saturating_add(self.payload.len()).saturating_add(seal)
    }

    /// Whether its records are encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self.form, Form::Third(_))
    }

    /// Whether it was written with these keys, all of it, in this place and as this batch.
    pub(super) fn is_sealed(&self, keys: &Keys, segment: u32, base: u64) -> bool {
        let Form::Third(seal) = self.form else {
            return false;
        };
        let records = self.payload;
        let place = keys.open(Place::Batch { records }, seal);
        place.is_some_and(|place| place == batch_place(segment, base, self.number))
    }

    /// What of it is encrypted: its records and the seal.
    pub(super) fn pieces(&self) -> Vec<Bytes> {
        let Form::Third(seal) = self.form else {
            return Vec::new();
        };
        let records = self.salvage().records.into_iter();
        let records = records.filter_map(|(_, bytes)| bytes);
        records.chain([Bytes::copy_from_slice(seal)]).collect()
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
        if self.form == Form::First {
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
        .filter(|(_, window)| [MARK, MARK_1, MARK_3].iter().any(|mark| window == *mark));
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
