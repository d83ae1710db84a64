//! Long payloads, each in a file of its own that is named by its hash: equal ones are one file. Where the store is encrypted, so are they,
//! and their names do not tell the hash (`cipher/payload`).
//!
//! A file is stable, and its name too, before the batch that names it is written. Whoever reads it sees that it is what
//! its name says.

use super::{
    AppendError, KeyError, StoreError,
    cipher::{Keys, OVERHEAD, payload as encrypted},
    record::payload,
    replace, segment,
};
use crate::disk::Disk;
use flowmesh_ir::Hash;
use flowmesh_machine::EventKind;
use sha2::{Digest, Sha256};
use std::{borrow::Cow, collections::BTreeSet, io, sync::Arc};

/// Payloads that are longer lie apart.
const APART_BYTES_MIN: usize = 64 << 10;
const PREFIX: &str = "blob-";
const NEW: &str = ".new";

/// A payload that lies apart.
#[derive(Clone, Debug)]
pub(super) struct Blob {
    pub(super) hash: Hash,
    pub(super) bytes: Arc<[u8]>,
}

/// Whether a payload lies apart.
pub(super) fn is_apart(bytes: &[u8]) -> bool {
    bytes.len() > APART_BYTES_MIN
}

/// Puts a payload among those that lie apart, and says by which hash and length it is found.
pub(super) fn set_apart(bytes: &Arc<[u8]>, apart: &mut Vec<Blob>) -> (Hash, u64) {
    let length = bytes.len() as u64;
    // One event that many hear is one payload.
    if let Some(known) = apart.iter().rev().find(|known| Arc::ptr_eq(&known.bytes, bytes)) {
        return (known.hash, length);
    }
    let hash = hash(bytes);
    let bytes = Arc::clone(bytes);
    apart.push(Blob { hash, bytes });
    (hash, length)
}

/// By which hash the payload of an event is found, if it lies apart.
pub(crate) fn apart(kind: &EventKind) -> Option<Hash> {
    payload(kind)
        .filter(|bytes| is_apart(bytes))
        .map(|bytes| hash(bytes))
}

fn hash(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

/// `blob-` and the hash.
pub(super) fn name(hash: Hash) -> String {
    format!("{PREFIX}{hash}")
}

/// The files in which a payload may lie.
pub(super) fn names(disk: &dyn Disk, hash: Hash) -> Vec<String> {
    let encrypted = disk.keys().map(|keys| encrypted::name(keys, hash));
    encrypted.into_iter().chain([name(hash)]).collect()
}

/// The hash that a file is named by, if it is a payload's.
pub(super) fn named(name: &str) -> Option<Hash> {
    let text = name.strip_prefix(PREFIX)?;
    let byte = |at: usize| u8::from_str_radix(text.get(at..at.checked_add(2)?)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..32_usize).map(|at| byte(at.checked_mul(2)?)).collect();
    let hash = Hash(bytes?.try_into().ok()?);
    (self::name(hash) == name).then_some(hash)
}

/// Writes payloads that are not there yet. When this returns they are stable.
pub(super) fn write(
    disk: &dyn Disk,
    keys: Option<&Keys>,
    blobs: &[Blob],
    written: &mut BTreeSet<Hash>,
) -> Result<(), AppendError> {
    let mut some = false;
    // What an earlier process wrote may not be whole: only what this one wrote is taken for granted.
    for blob in blobs.iter().filter(|blob| !written.contains(&blob.hash)) {
        let (name, bytes) = match keys {
            Some(keys) => {
                let file = encrypted::seal(keys, blob.hash, &blob.bytes);
                (encrypted::name(keys, blob.hash), Cow::Owned(file))
            }
            None => (name(blob.hash), Cow::Borrowed(blob.bytes.as_ref())),
        };
        write_one(disk, &name, &bytes).map_err(|error| segment::io_error(disk, &name, error))?;
        some = true;
    }
    if some {
        disk.sync_directory()
            .map_err(|error| segment::io_error(disk, "", error))?;
        written.extend(blobs.iter().map(|blob| blob.hash));
    }
    Ok(())
}

fn write_one(disk: &dyn Disk, name: &str, bytes: &[u8]) -> io::Result<()> {
    let new = format!("{name}{NEW}");
    replace::put(disk, (&new, name), bytes)
}

/// A payload by its hash and length, as a record in a segment names it.
pub(super) fn read(
    disk: &dyn Disk,
    segment: u32,
    wanted: Hash,
    length: u64,
) -> Result<Arc<[u8]>, StoreError> {
    let keys = disk.keys().filter(|keys| !keys.is_plain(segment));
    let bytes = whole(disk, keys.map(Arc::as_ref), wanted)?;
    if bytes.len() as u64 == length {
        Ok(bytes.into())
    } else {
        Err(another(disk, &name(wanted)))
    }
}

/// Sees that payloads are there, and, up to so many bytes, that they are what their names say.
pub(super) fn look_at(disk: &dyn Disk, blobs: &[Hash], read_max: u64) -> Result<(), StoreError> {
    let mut left = read_max;
    for hash in blobs {
        let (keys, name) = lies(disk, *hash)?;
        let length = disk.length(&name).map_err(|error| unread(disk, &name, error))?;
        if length <= left {
            left = left.saturating_sub(length);
            whole(disk, keys, *hash)?;
        }
    }
    Ok(())
}

/// With which keys a payload lies in which file: encrypted, if there is such a file or nobody knows of a time before.
fn lies(disk: &dyn Disk, wanted: Hash) -> Result<(Option<&Keys>, String), StoreError> {
    let Some(keys) = disk.keys() else {
        return Ok((None, name(wanted)));
    };
    let encrypted = encrypted::name(keys, wanted);
    if keys.plain_upto() == 0 {
        return Ok((Some(keys), encrypted));
    }
    match disk.length(&encrypted) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((None, name(wanted))),
        Err(error) => Err(unread(disk, &encrypted, error)),
        Ok(_) => Ok((Some(keys), encrypted)),
    }
}

/// A payload by its hash, encrypted if there are keys.
fn whole(disk: &dyn Disk, keys: Option<&Keys>, wanted: Hash) -> Result<Vec<u8>, StoreError> {
    let name = keys.map_or_else(|| name(wanted), |keys| encrypted::name(keys, wanted));
    let bytes = disk.read(&name).map_err(|error| unread(disk, &name, error))?;
    let bytes = match keys {
        Some(keys) => opened(disk, keys, (&name, wanted), &bytes)?,
        None => bytes,
    };
    if hash(&bytes) == wanted {
        Ok(bytes)
    } else {
        Err(another(disk, &name))
    }
}

fn opened(
    disk: &dyn Disk,
    keys: &Keys,
    (name, wanted): (&str, Hash),
    file: &[u8],
) -> Result<Vec<u8>, StoreError> {
    if !encrypted::is_whole(file) {
        return Err(damaged(disk, name, CHANGED));
    }
    encrypted::open(keys, wanted, file).ok_or_else(|| {
        let reason = "a payload that its keys do not open".to_owned();
        let place = disk.place(name);
        KeyError::Forged {
            place,
            offset: 0,
            reason,
        }
        .into()
    })
}

const CHANGED: &str = "expected the payload as it was written, found another";

/// Sees that a file with an encrypted payload is as it was written, without keys.
pub(super) fn is_whole(disk: &dyn Disk, name: &str) -> Result<(), StoreError> {
    let bytes = disk.read(name).map_err(|error| unread(disk, name, error))?;
    if encrypted::is_whole(&bytes) {
        Ok(())
    } else {
        Err(damaged(disk, name, CHANGED))
    }
}

/// Whether a file is an encrypted payload.
pub(super) fn is_encrypted(name: &str) -> bool {
    encrypted::named(name)
        .and_then(|hash| named(&format!("{PREFIX}{hash}")))
        .is_some()
}

/// The hash of the encrypted payload in a file; nothing if its keys do not open it.
pub(super) fn hash_in(disk: &dyn Disk, keys: &Keys, name: &str) -> Option<Hash> {
    let head = disk.read_at(name, 0, encrypted::HEAD).ok()?;
    encrypted::hash(keys, &head).filter(|hash| encrypted::name(keys, *hash) == name)
}

/// The data key that a payload is encrypted with.
pub(super) fn data_key(disk: &dyn Disk, name: &str) -> Option<u32> {
    let head = disk
        .read_at(name, 0, encrypted::HEAD.saturating_add(OVERHEAD))
        .ok()?;
    encrypted::data_key(&head)
}

fn unread(disk: &dyn Disk, name: &str, error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::NotFound => damaged(disk, name, "expected this payload, found no file"),
        _ => StoreError::Io {
            place: disk.place(name),
            error,
        },
    }
}

fn another(disk: &dyn Disk, name: &str) -> StoreError {
    damaged(
        disk,
        name,
        "expected the payload that its name is the hash of, found another",
    )
}

fn damaged(disk: &dyn Disk, name: &str, reason: &str) -> StoreError {
    StoreError::Damaged {
        place: disk.place(name),
        offset: 0,
        reason: reason.to_owned(),
    }
}

/// Takes away what was being written when a process ended.
pub(super) fn clear(disk: &dyn Disk, names: &[String]) -> io::Result<()> {
    let is_payload = |name: &str| named(name).is_some() || is_encrypted(name);
    let unfinished = |name: &&String| name.strip_suffix(NEW).is_some_and(is_payload);
    names
        .iter()
        .filter(unfinished)
        .try_for_each(|name| disk.remove(name))
}
