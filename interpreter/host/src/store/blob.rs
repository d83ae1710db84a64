//! Long payloads, each in a file of its own that is named by its hash: equal ones are one file.
//!
//! A file is stable, and its name too, before the batch that names it is written. Whoever reads it sees that it is what
//! its name says.

use super::{AppendError, StoreError, record::payload, segment};
use crate::disk::Disk;
use flowmesh_ir::Hash;
use flowmesh_machine::EventKind;
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, io, sync::Arc};

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
    blobs: &[Blob],
    written: &mut BTreeSet<Hash>,
) -> Result<(), AppendError> {
    let mut some = false;
    // What an earlier process wrote may not be whole: only what this one wrote is taken for granted.
    for blob in blobs.iter().filter(|blob| !written.contains(&blob.hash)) {
        let name = name(blob.hash);
        write_one(disk, &name, &blob.bytes).map_err(|error| segment::io_error(disk, &name, error))?;
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
    let mut file = disk.append(&new)?;
    file.truncate(0)?;
    file.append(bytes)?;
    file.sync()?;
    disk.rename(&new, name)
}

/// A payload by its hash and length.
pub(super) fn read(disk: &dyn Disk, wanted: Hash, length: u64) -> Result<Arc<[u8]>, StoreError> {
    let bytes = whole(disk, wanted)?;
    if bytes.len() as u64 == length {
        Ok(bytes.into())
    } else {
        Err(another(disk, wanted))
    }
}

/// Sees that payloads are there, and, up to so many bytes, that they are what their names say.
pub(super) fn look_at(disk: &dyn Disk, blobs: &[Hash], read_max: u64) -> Result<(), StoreError> {
    let mut left = read_max;
    for hash in blobs {
        let length = disk
            .length(&name(*hash))
            .map_err(|error| unread(disk, *hash, error))?;
        if length <= left {
            left = left.saturating_sub(length);
            whole(disk, *hash)?;
        }
    }
    Ok(())
}

/// A payload by its hash.
pub(super) fn whole(disk: &dyn Disk, wanted: Hash) -> Result<Vec<u8>, StoreError> {
    let bytes = disk
        .read(&name(wanted))
        .map_err(|error| unread(disk, wanted, error))?;
    if hash(&bytes) == wanted {
        Ok(bytes)
    } else {
        Err(another(disk, wanted))
    }
}

fn unread(disk: &dyn Disk, wanted: Hash, error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::NotFound => damaged(disk, wanted, "expected this payload, found no file"),
        _ => StoreError::Io {
            place: disk.place(&name(wanted)),
            error,
        },
    }
}

fn another(disk: &dyn Disk, wanted: Hash) -> StoreError {
    damaged(
        disk,
        wanted,
        "expected the payload that its name is the hash of, found another",
    )
}

fn damaged(disk: &dyn Disk, wanted: Hash, reason: &str) -> StoreError {
    StoreError::Damaged {
        place: disk.place(&name(wanted)),
        offset: 0,
        reason: reason.to_owned(),
    }
}

/// Takes away what was being written when a process ended.
pub(super) fn clear(disk: &dyn Disk, names: &[String]) -> io::Result<()> {
    let unfinished = |name: &&String| name.strip_suffix(NEW).and_then(named).is_some();
    names
        .iter()
        .filter(unfinished)
        .try_for_each(|name| disk.remove(name))
}
