//! Frames: one batch of records with its length, its number and its checksum.
//!
//! ```text
//! frame   = "FMB1" length:u32 number:u64 crc:u32 payload      all little-endian
//! payload = { varint-length record }                          `length` bytes
//! ```
//!
//! The checksum covers length, number and payload. Numbers count batches without gaps over all segments. The mark
//! at the beginning is there for recovery alone: it is how a whole frame is found behind a damaged one.

use super::{
    from_proto::{self, Unreadable},
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
const MARK: &[u8; 4] = b"FMB1";

/// A frame that is whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) number: u64,
    pub(super) payload: &'a [u8],
}

/// Where a record lies within its frame, and how long it is.
pub(super) type Extent = (u32, u32);

/// Writes a batch as a frame into `out`, which is emptied first, and says where each record lies in it.
pub(super) fn write(number: u64, records: &[Record], out: &mut Vec<u8>) -> Vec<Extent> {
    out.clear();
    out.resize(HEADER, 0);
    let extents = records.iter().map(|record| write_record(record, out)).collect();
    let length = u32::try_from(out.len().saturating_sub(HEADER)).unwrap_or(u32::MAX);
    let header = header(number, length, out.get(HEADER..).unwrap_or_default());
    if let Some(place) = out.get_mut(..HEADER) {
        place.copy_from_slice(&header);
    }
    extents
}

fn write_record(record: &Record, out: &mut Vec<u8>) -> Extent {
    let message = to_proto::record(record);
    let length = message.encoded_len();
    // The only error would be a buffer without room, which a `Vec` is not.
    let _ = message.encode_length_delimited(out);
    let start = out.len().saturating_sub(length);
    (
        u32::try_from(start).unwrap_or(u32::MAX),
        u32::try_from(length).unwrap_or(u32::MAX),
    )
}

fn header(number: u64, length: u32, payload: &[u8]) -> [u8; HEADER] {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&length.to_le_bytes());
    crc.update(&number.to_le_bytes());
    crc.update(payload);
    let mut header = [0; HEADER];
    let parts = MARK
        .iter()
        .copied()
        .chain(length.to_le_bytes())
        .chain(number.to_le_bytes());
    let all = parts.chain(crc.finalize().to_le_bytes());
    header.iter_mut().zip(all).for_each(|(to, from)| *to = from);
    header
}

/// The frame that begins the bytes, if it is whole.
pub(super) fn read(bytes: &[u8]) -> Option<Frame<'_>> {
    let mut head = bytes.get(..HEADER)?.strip_prefix(MARK)?;
    let length = head.get_u32_le();
    let number = head.get_u64_le();
    let payload = bytes.get(HEADER..HEADER.checked_add(usize::try_from(length).ok()?)?)?;
    let whole = payload.len() <= PAYLOAD_MAX && bytes.get(..HEADER)? == header(number, length, payload);
    whole.then_some(Frame { number, payload })
}

/// The offset of the first whole frame behind the first byte.
pub(super) fn find(bytes: &[u8]) -> Option<usize> {
    let candidates = bytes
        .windows(MARK.len())
        .enumerate()
        .skip(1)
        .filter(|(_, window)| window == MARK);
    candidates
        .map(|(at, _)| at)
        .find(|at| bytes.get(*at..).is_some_and(|rest| read(rest).is_some()))
}

/// The records of a payload and where each lies in its frame.
pub(super) fn records(payload: &[u8]) -> Result<Vec<(Record, Extent)>, Unreadable> {
    let torn = Unreadable("a record that is cut off");
    let whole = Bytes::copy_from_slice(payload);
    let mut rest = whole.clone();
    let mut records = Vec::new();
    while rest.has_remaining() {
        let length =
            prost::decode_length_delimiter(&mut rest).map_err(|_| Unreadable("a record without a length"))?;
        if length > rest.remaining() {
            return Err(torn);
        }
        let start = HEADER.saturating_add(whole.len().saturating_sub(rest.remaining()));
        let record = record(rest.split_to(length))?;
        let offset = u32::try_from(start).map_err(|_| Unreadable("a record too far in"))?;
        let length = u32::try_from(length).map_err(|_| Unreadable("a record too long"))?;
        records.push((record, (offset, length)));
    }
    Ok(records)
}

/// The record of some bytes.
pub(super) fn record(bytes: Bytes) -> Result<Record, Unreadable> {
    let message = proto::Record::decode(bytes).map_err(|_| Unreadable("a record that is no message"))?;
    from_proto::record(message)
}
