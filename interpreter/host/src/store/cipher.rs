//! Encryption at rest: what is written into the directory is encrypted with keys that only a key from outside opens.
//!
//! A key ring (`ring`) comes from outside and is never written anywhere. With its first key the file `KEYS` is encrypted
//! (`file`), which holds the data keys; whoever changes the outer key writes that one small file again. What is encrypted
//! with a data key is a *piece* (`piece`, `keys`): a record, the seal of a batch, a payload that lies apart (`payload`), a
//! sector of the index (`sectors`). A piece says with what it can be opened, and can be opened only in its place.
//!
//! INVARIANT: no nonce is used twice with one key. Each opening of a directory draws 96 bits and derives from the newest
//! data key and from them a key of its own, which counts its pieces; nothing of that is taken up again after a crash.
//!
//! The checksums of frames, records and payloads are over what is encrypted: damage is found without a key.

mod disk;
mod error;
mod file;
mod keys;
pub(super) mod payload;
mod piece;
mod ring;
mod sectors;

use super::frame;
use bytes::Bytes;

pub use disk::{Keyed, Random, encrypt, rekey, system_random, tidy, unlock};
pub(super) use disk::{adopt, clear, is_encrypted, lost, text};
pub use error::KeyError;
pub(super) use file::FILE;
pub use keys::Keys;
pub(crate) use piece::Nonce;
pub(super) use piece::{OVERHEAD, Place};
pub use ring::KeyRing;
pub(super) use sectors::Sectors;

/// What is encrypted in some bytes that are written at once: a batch, a payload, or sectors of the index.
pub(crate) fn pieces(bytes: &[u8]) -> Vec<Bytes> {
    if let Some(frame) = frame::read(bytes) {
        return frame.pieces();
    }
    if payload::is_whole(bytes) {
        return payload::pieces(bytes);
    }
    if bytes.len().is_multiple_of(sectors::SECTOR) {
        let sectors = bytes.chunks(sectors::SECTOR);
        return sectors.map(Bytes::copy_from_slice).collect();
    }
    Vec::new()
}
