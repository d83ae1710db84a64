//! Keys from outside the directory, as somebody keeps them in a file.

use super::KeyError;
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::{fmt, fs, path::Path};

/// How long a key is.
pub(super) const KEY: usize = 32;
/// A longer file is none of keys.
const FILE_BYTES_MAX: u64 = 64 << 10;
const ID_BYTES_MAX: usize = 64;

/// Bytes that nobody is to see.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(pub(super) [u8; KEY]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// One key that is current and those that were, each with an identifier. What it prints shows no key.
#[derive(Clone, Debug)]
pub struct KeyRing {
    /// What people call the file.
    place: String,
    /// INVARIANT: there is at least one, and no identifier is there twice.
    keys: Vec<(String, Secret)>,
}

impl KeyRing {
    /// The keys in a file. It must not be readable by everybody.
    ///
    /// # Errors
    /// If it cannot be read, is open to others, or is none of keys.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let place = path.display().to_string();
        let io = |error| KeyError::File {
            place: place.clone(),
            reason: format!("it cannot be read: {error}"),
        };
        let about = fs::metadata(path).map_err(io)?;
        let refused = |reason: &str| KeyError::File {
            place: place.clone(),
            reason: reason.to_owned(),
        };
        if is_open_to_others(&about) {
            return Err(refused(
                "others may read or change it; expected that its owner alone may change it and at the most its group read it",
            ));
        }
        if about.len() > FILE_BYTES_MAX {
            return Err(refused("expected a file of keys, found a longer one"));
        }
        Self::parse(&place, &fs::read(path).map_err(io)?)
    }

    /// The keys in the bytes of a file: 32 raw bytes, or lines of base64, each after an identifier if it has one.
    ///
    /// # Errors
    /// If they are something else. No error shows what was found.
    pub fn parse(place: &str, bytes: &[u8]) -> Result<Self, KeyError> {
        let place = place.to_owned();
        if let Ok(raw) = <[u8; KEY]>::try_from(bytes) {
            let key = Secret(raw);
            let keys = vec![(fingerprint(&key), key)];
            return Ok(Self { place, keys });
        }
        let refused = |reason: String| KeyError::File {
            place: place.clone(),
            reason,
        };
        let text = std::str::from_utf8(bytes)
            .map_err(|_| refused("expected 32 bytes, or lines of text with a key each".to_owned()))?;
        let mut keys: Vec<(String, Secret)> = Vec::new();
        for (number, line) in (1_usize..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (id, key) = self::line(line).map_err(|why| refused(format!("line {number}: {why}")))?;
            if keys.iter().any(|(other, _)| *other == id) {
                return Err(refused(format!("line {number}: another key has this identifier")));
            }
            keys.push((id, key));
        }
        if keys.is_empty() {
            return Err(refused("expected at least one key, found none".to_owned()));
        }
        Ok(Self { place, keys })
    }

    /// What people call the file.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The identifier of the key that is current: the first one.
    #[must_use]
    pub fn current(&self) -> &str {
        self.keys.first().map_or("", |(id, _)| id)
    }

    /// A key by its identifier.
    pub(super) fn get(&self, id: &str) -> Option<&Secret> {
        let found = self.keys.iter().find(|(other, _)| other == id);
        found.map(|(_, key)| key)
    }
}

fn line(line: &str) -> Result<(String, Secret), &'static str> {
    let (id, key) = match line.split_once(char::is_whitespace) {
        Some((id, key)) => (Some(id), key.trim()),
        None => (None, line),
    };
    let bytes = STANDARD
        .decode(key)
        .map_err(|_| "expected an identifier and a key in base64")?;
    let key = <[u8; KEY]>::try_from(bytes).map_err(|_| "expected a key of 32 bytes")?;
    let key = Secret(key);
    let id = id.map_or_else(|| fingerprint(&key), str::to_owned);
    let fits = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if id.len() > ID_BYTES_MAX || !id.chars().all(fits) {
        return Err("expected an identifier of at most 64 letters, digits and `-`, `_`, `.`");
    }
    Ok((id, key))
}

/// By what a key without an identifier is known: it tells nothing of the key.
fn fingerprint(key: &Secret) -> String {
    let digest = Sha256::new().chain_update("flowmesh key").chain_update(key.0);
    let digest: [u8; 32] = digest.finalize().into();
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(unix)]
fn is_open_to_others(about: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    about.mode() & 0o027 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &fs::Metadata) -> bool {
    false
}
