//! A piece: something encrypted, with what is needed to open it, and only in its place.
//!
//! ```text
//! piece = data-key:u32 salt:12 count:u64 encrypted tag:16        all numbers little-endian
//! ```
//!
//! The key is derived from the data key, the salt and the upper half of the count: after 2^32 pieces it is another by
//! itself. The nonce is the count. The place is authenticated and not written.

use super::ring::{KEY, Secret};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce as Used, UnboundKey},
    hkdf::{HKDF_SHA256, Salt as Extract},
};
use bytes::Buf;

/// What was drawn for an opening of a directory.
pub(super) type Salt = [u8; 12];

const HEADER: usize = 24;
const TAG: usize = 16;
/// How much longer a piece is than what is in it.
pub(in crate::store) const OVERHEAD: usize = HEADER + TAG;
const INFO: &[u8] = b"flowmesh store 3";

/// With what a piece is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Nonce {
    /// The data key.
    pub(super) key: u32,
    pub(super) salt: Salt,
    pub(super) count: u64,
}

/// Where a piece belongs.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Place<'a> {
    /// The file of the keys of a directory.
    Keys,
    /// A record of the journal.
    Record { segment: u32, offset: u64 },
    /// What is behind the records of a batch, which are these.
    Batch { records: &'a [u8] },
    /// The hash of a payload that lies apart, in the file of it.
    PayloadHash,
    /// A payload that lies apart.
    Payload { hash: [u8; 32] },
    /// A sector of the index.
    Sector { number: u64 },
}

impl Nonce {
    /// What a piece says that it was encrypted with.
    pub(crate) fn of(piece: &[u8]) -> Option<Self> {
        let mut header = piece.get(..HEADER)?;
        let key = header.get_u32_le();
        let salt = header.get(..12)?.try_into().ok()?;
        header.advance(12);
        Some(Self {
            key,
            salt,
            count: header.get_u64_le(),
        })
    }

    /// The number of the data key.
    pub(crate) fn key(&self) -> u32 {
        self.key
    }

    /// The part of it that a key is derived for.
    pub(super) fn stretch(&self) -> u32 {
        u32::try_from(self.count >> 32).unwrap_or(u32::MAX)
    }

    fn used(&self) -> Used {
        let mut bytes = [0; 12];
        let all = self.count.to_le_bytes();
        bytes.iter_mut().zip(all).for_each(|(to, from)| *to = from);
        Used::assume_unique_for_key(bytes)
    }
}

/// The key of a stretch of pieces; nothing where the library refuses, which it has no reason to.
pub(super) fn derive(secret: &Secret, salt: &Salt, stretch: u32) -> Option<LessSafeKey> {
    let stretch = stretch.to_le_bytes();
    let info = [INFO, &stretch];
    let key = Extract::new(HKDF_SHA256, salt).extract(&secret.0);
    let key = key.expand(&info, &AES_256_GCM).ok()?;
    Some(LessSafeKey::new(UnboundKey::from(key)))
}

/// Adds a piece at the end of what there is.
pub(super) fn seal(
    key: &LessSafeKey,
    nonce: Nonce,
    place: Place<'_>,
    plain: &[u8],
    out: &mut Vec<u8>,
) -> Option<()> {
    out.reserve(plain.len().saturating_add(OVERHEAD));
    out.extend(nonce.key.to_le_bytes());
    out.extend(nonce.salt);
    out.extend(nonce.count.to_le_bytes());
    let start = out.len();
    out.extend(plain);
    let encrypted = out.get_mut(start..)?;
    let tag = place.with(|place| key.seal_in_place_separate_tag(nonce.used(), Aad::from(place), encrypted));
    out.extend(tag.ok()?.as_ref());
    Some(())
}

/// What is in a piece, if it was made with this key for this place.
pub(super) fn open(key: &LessSafeKey, nonce: Nonce, place: Place<'_>, piece: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = piece.get(HEADER..)?.to_vec();
    let opened = place.with(|place| {
        let plain = key.open_in_place(nonce.used(), Aad::from(place), &mut bytes);
        plain.map(|plain| plain.len())
    });
    bytes.truncate(opened.ok()?);
    Some(bytes)
}

impl Place<'_> {
    /// The place in bytes: what kind it is of, and which.
    fn with<T>(self, act: impl FnOnce(&[u8]) -> T) -> T {
        match self {
            Self::Keys => act(&[1]),
            Self::Record { segment, offset } => {
                act(&joined(2, &segment.to_le_bytes(), &offset.to_le_bytes()))
            }
            // Not copied, since a batch may be long: no other place is empty, or as long as one record.
            Self::Batch { records } => act(records),
            Self::PayloadHash => act(&[4]),
            Self::Payload { hash } => act(&joined(5, &hash, &[])),
            Self::Sector { number } => act(&joined(6, &number.to_le_bytes(), &[])),
        }
    }
}

fn joined(kind: u8, one: &[u8], other: &[u8]) -> Vec<u8> {
    let mut all = Vec::with_capacity(1 + KEY + 8);
    all.push(kind);
    all.extend(one);
    all.extend(other);
    all
}
