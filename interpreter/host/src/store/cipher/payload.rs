//! A payload that lies apart, encrypted.
//!
//! ```text
//! file = "FMC1" sum:u32 { hash } { payload }        each in braces a piece; the checksum covers both
//! ```
//!
//! It is named by a keyed hash of its hash: equal payloads are one file, and no name tells what is in it.

use super::{Keys, Nonce, OVERHEAD, Place};
use bytes::{Buf, Bytes};
use flowmesh_ir::Hash;

const PREFIX: &str = "cipher-";
const MAGIC: &[u8; 4] = b"FMC1";
const HEADER: usize = 8;
const HASH: usize = 32 + OVERHEAD;
/// How many bytes at the beginning say which payload it is.
pub(in crate::store) const HEAD: usize = HEADER + HASH;

/// The name of the file of a payload.
pub(in crate::store) fn name(keys: &Keys, hash: Hash) -> String {
    format!("{PREFIX}{}", Hash(keys.name(hash.0)))
}

/// What follows the mark of such a file, if the name is one.
pub(in crate::store) fn named(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)
}

/// The file of a payload.
pub(in crate::store) fn seal(keys: &Keys, hash: Hash, payload: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(payload.len().saturating_add(HEAD).saturating_add(OVERHEAD));
    file.extend(MAGIC);
    file.extend([0; 4]);
    keys.seal(Place::PayloadHash, &hash.0, &mut file);
    keys.seal(Place::Payload { hash: hash.0 }, payload, &mut file);
    let sum = crc32fast::hash(file.get(HEADER..).unwrap_or_default());
    if let Some(place) = file.get_mut(MAGIC.len()..HEADER) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
    file
}

/// Whether the file is as it was written. Nobody needs a key to tell.
pub(in crate::store) fn is_whole(file: &[u8]) -> bool {
    let Some((mut header, rest)) = file.split_at_checked(HEADER) else {
        return false;
    };
    header.starts_with(MAGIC) && {
        header.advance(MAGIC.len());
        header.get_u32_le() == crc32fast::hash(rest)
    }
}

/// The hash of the payload, from the beginning of the file.
pub(in crate::store) fn hash(keys: &Keys, head: &[u8]) -> Option<Hash> {
    let hash = keys.open(Place::PayloadHash, head.get(HEADER..HEAD)?)?;
    Some(Hash(hash.try_into().ok()?))
}

/// The payload in the file of that hash, if it is the one.
pub(in crate::store) fn open(keys: &Keys, hash: Hash, file: &[u8]) -> Option<Vec<u8>> {
    keys.open(Place::Payload { hash: hash.0 }, file.get(HEAD..)?)
}

/// The data key that the payload is encrypted with.
pub(in crate::store) fn data_key(file: &[u8]) -> Option<u32> {
    Nonce::of(file.get(HEAD..)?).map(|nonce| nonce.key())
}

/// What of the file is encrypted.
pub(super) fn pieces(file: &[u8]) -> Vec<Bytes> {
    let (hash, payload) = (file.get(HEADER..HEAD), file.get(HEAD..));
    let pieces = hash.into_iter().chain(payload);
    pieces.map(Bytes::copy_from_slice).collect()
}
