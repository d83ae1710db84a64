//! What is kept of a secret.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHash, PasswordHashString, PasswordHasher, PasswordVerifier, SaltString},
};
use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::fmt;

/// How a key begins, so that people and scanners of secrets see what it is.
const KEY: &str = "fmv_";
/// How many bytes of chance are in a key and in a salt.
const KEY_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
/// What stands before the hash of a key.
const SHA256: &str = "$sha256$";

/// The cost of a password: that which OWASP recommends for Argon2id. About 20 ms, and 19 MiB while it takes them.
const MEMORY_KIB: u32 = 19 << 10;
const ROUNDS: u32 = 2;
const LANES: u32 = 1;
/// The most that a line of a file may ask for.
const MEMORY_KIB_MAX: u32 = 64 << 10;
const ROUNDS_MAX: u32 = 10;
const LANES_MAX: u32 = 4;

/// What is kept of a secret.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Hash {
    /// Of a key.
    Key([u8; 32]),
    /// Of a password, with its salt and cost.
    Password(PasswordHashString),
}

impl Hash {
    /// Reads one as it is written.
    pub(super) fn read(text: &str) -> Option<Self> {
        if let Some(hash) = text.strip_prefix(SHA256) {
            let bytes = URL_SAFE_NO_PAD.decode(hash).ok()?;
            return Some(Self::Key(bytes.try_into().ok()?));
        }
        let hash = PasswordHash::new(text).ok()?;
        let is_argon2id = Algorithm::try_from(hash.algorithm).ok()? == Algorithm::Argon2id;
        let params = Params::try_from(&hash).ok()?;
        let bounded = params.m_cost() <= MEMORY_KIB_MAX
            && params.t_cost() <= ROUNDS_MAX
            && params.p_cost() <= LANES_MAX;
        let whole = hash.salt.is_some() && hash.hash.is_some();
        (is_argon2id && bounded && whole).then(|| Self::Password(hash.serialize()))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(hash) => write!(f, "{SHA256}{}", URL_SAFE_NO_PAD.encode(hash)),
            Self::Password(hash) => f.write_str(hash.as_str()),
        }
    }
}

/// A key that nobody guesses, and what is kept of it; nothing where the system has no chance to give.
pub(super) fn draw_key() -> Option<(String, Hash)> {
    let mut bytes = [0; KEY_BYTES];
    rand::fill(&mut bytes).ok()?;
    let key = format!("{KEY}{}", URL_SAFE_NO_PAD.encode(bytes));
    let hash = of_key(key.as_bytes());
    Some((key, Hash::Key(hash)))
}

pub(super) fn of_key(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

pub(super) fn of_password(password: &str) -> Option<Hash> {
    let mut salt = [0; SALT_BYTES];
    rand::fill(&mut salt).ok()?;
    let salt = SaltString::encode_b64(&salt).ok()?;
    let params = Params::new(MEMORY_KIB, ROUNDS, LANES, None).ok()?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password(password.as_bytes(), &salt).ok()?;
    Some(Hash::Password(hash.serialize()))
}

/// Whether a password has a hash. As costly as the hash says.
pub(super) fn is_of(password: &str, hash: &PasswordHashString) -> bool {
    let verified = Argon2::default().verify_password(password.as_bytes(), &hash.password_hash());
    verified.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let Some(Hash::Password(hash)) = of_password("correct horse") else {
            panic!("it is hashed");
        };
        assert!(is_of("correct horse", &hash));
        assert!(!is_of("correct horse ", &hash) && !is_of("", &hash));
        let again = of_password("correct horse").unwrap();
        assert!(Hash::Password(hash) != again, "each has a salt of its own");
    }

    #[test]
    fn what_would_cost_too_much_is_no_hash() {
        let with = |m: u32, t: u32, p: u32| {
            let text = format!(
                "$argon2id$v=19$m={m},t={t},p={p}$c2FsdHNhbHRzYWx0$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo"
            );
            Hash::read(&text).is_some()
        };
        assert!(with(MEMORY_KIB_MAX, ROUNDS_MAX, LANES_MAX));
        assert!(!with(MEMORY_KIB_MAX + 1, 2, 1));
        assert!(!with(MEMORY_KIB, ROUNDS_MAX + 1, 1));
        assert!(!with(MEMORY_KIB, 2, LANES_MAX + 1));
        let weaker = "$argon2d$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo";
        assert!(Hash::read(weaker).is_none());
        let unhashed = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0";
        assert!(Hash::read(unhashed).is_none());
    }
}
