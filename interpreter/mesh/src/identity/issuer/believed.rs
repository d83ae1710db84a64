//! Tokens whose signatures were found good with the keys that hold: to look at one again takes longer than all the rest of
//! a visit. What they say is held against the time and the audience whenever they are shown.

use super::{Claims, Keys};
use foldhash::fast::RandomState;
use std::{
    collections::HashMap,
    hash::BuildHasher,
    sync::{Arc, Mutex, PoisonError},
};

/// So many are remembered; all are forgotten when there are more. Each was signed by the issuer, so strangers cannot make
/// any up, nor choose many that are hashed alike.
const TOKENS_MAX: usize = 2_048;
/// Longer ones are looked at each time, in bytes.
const BYTES_MAX: usize = 4 << 10;

/// Tokens that were found good.
#[derive(Default)]
pub(super) struct Believed {
    hasher: RandomState,
    known: Mutex<HashMap<u64, Good, RandomState>>,
}

struct Good {
    token: Box<str>,
    /// The keys that it was found good with.
    keys: Arc<Keys>,
    claims: Claims,
}

impl Believed {
    /// What a token says that was found good with these very keys.
    pub(super) fn of(&self, token: &str, keys: &Arc<Keys>) -> Option<Claims> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let good = known.get(&self.hasher.hash_one(token))?;
        let same = &*good.token == token && Arc::ptr_eq(&good.keys, keys);
        same.then(|| good.claims.clone())
    }

    /// A token was found good with these keys.
    pub(super) fn add(&self, token: &str, keys: &Arc<Keys>, claims: &Claims) {
        if token.len() > BYTES_MAX {
            return;
        }
        let good = Good {
            token: token.into(),
            keys: keys.clone(),
            claims: claims.clone(),
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= TOKENS_MAX {
            known.clear();
        }
        known.insert(self.hasher.hash_one(token), good);
    }
}
