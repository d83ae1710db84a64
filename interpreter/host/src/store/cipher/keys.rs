//! The keys of a directory that is open: what encrypts, and what opens.

use super::{
    disk::Random,
    file::Content,
    piece::{self, Nonce, Place, Salt},
    ring::{KeyRing, Secret},
};
use aws_lc_rs::{aead::LessSafeKey, hmac};
use std::{
    collections::BTreeMap,
    fmt, io,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// So many derived keys are kept; each opening of the directory has at least one.
const DERIVED_MAX: usize = 1024;

/// The keys of a directory that is open.
pub struct Keys {
    pub(super) content: Content,
    ring: KeyRing,
    names: hmac::Key,
    salt: Salt,
    /// INVARIANT: only goes up, so that no nonce is used twice.
    count: AtomicU64,
    derived: RwLock<BTreeMap<(u32, Salt, u32), Arc<LessSafeKey>>>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// An opening draws what sets its pieces apart from all others.
    pub(super) fn new(content: Content, ring: KeyRing, random: Random<'_>) -> io::Result<Self> {
        let mut salt = Salt::default();
        random(&mut salt)?;
        Ok(Self {
            names: hmac::Key::new(hmac::HMAC_SHA256, &content.names.0),
            content,
            ring,
            salt,
            count: AtomicU64::new(0),
            derived: RwLock::default(),
        })
    }

    /// The keys from outside.
    pub(in crate::store) fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// Whether a segment is of the time before the directory was encrypted.
    pub(in crate::store) fn is_plain(&self, segment: u32) -> bool {
        segment <= self.content.plain_upto
    }

    /// The last segment of the time before the directory was encrypted.
    pub(in crate::store) fn plain_upto(&self) -> u32 {
        self.content.plain_upto
    }

    /// Whether there are older data keys than the one that is written with.
    pub(in crate::store) fn are_several(&self) -> bool {
        self.content.data.len() > 1
    }

    /// Adds a piece at the end of what there is.
    pub(in crate::store) fn seal(&self, place: Place<'_>, plain: &[u8], out: &mut Vec<u8>) {
        let nonce = Nonce {
            key: self.content.newest(),
            salt: self.salt,
            count: self.count.fetch_add(1, Ordering::Relaxed),
        };
        let sealed = self
            .key(nonce)
            .and_then(|key| piece::seal(&key, nonce, place, plain, out));
        // The library refuses only what is longer than 64 GiB: nothing that is written here.
        assert!(sealed.is_some(), "a piece that cannot be encrypted");
    }

    /// What is in a piece, if it belongs in this place.
    pub(in crate::store) fn open(&self, place: Place<'_>, piece: &[u8]) -> Option<Vec<u8>> {
        let nonce = Nonce::of(piece)?;
        piece::open(&*self.key(nonce)?, nonce, place, piece)
    }

    /// The name of a payload that lies apart: equal payloads have equal ones, and nobody can try a payload without keys.
    pub(in crate::store) fn name(&self, hash: [u8; 32]) -> [u8; 32] {
        let tag = hmac::sign(&self.names, &hash);
        tag.as_ref().try_into().unwrap_or_default()
    }

    fn key(&self, nonce: Nonce) -> Option<Arc<LessSafeKey>> {
        let of = (nonce.key, nonce.salt, nonce.stretch());
        let known = self.derived.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known.get(&of) {
            return Some(Arc::clone(key));
        }
        drop(known);
        let secret: &Secret = self.content.data.get(&nonce.key)?;
        let key = Arc::new(piece::derive(secret, &nonce.salt, nonce.stretch())?);
        let mut known = self.derived.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= DERIVED_MAX {
            known.clear();
        }
        known.insert(of, Arc::clone(&key));
        Some(key)
    }
}
