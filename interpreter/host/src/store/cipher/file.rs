//! The file `KEYS`: the data keys of a directory, encrypted with a key from outside.
//!
//! It is JSON: the identifier of the outer key, one piece with everything else, and a checksum. It appears under its name
//! only when it is stable, so that a crash leaves the old one or the new one.

use super::{
    KeyError,
    disk::Random,
    piece::{self, Nonce, Place},
    ring::{KEY, KeyRing, Secret},
};
use crate::{
    disk::Disk,
    store::{StoreError, replace::replace},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, io};

pub(in crate::store) const FILE: &str = "KEYS";
pub(super) const FILE_NEW: &str = "KEYS.new";
const VERSION: u32 = 1;

/// What the outer key opens.
#[derive(Clone)]
pub(super) struct Content {
    /// The last segment that was there before the directory was encrypted.
    pub(super) plain_upto: u32,
    /// What names of payloads are made with.
    pub(super) names: Secret,
    /// INVARIANT: there is at least one, and the last one is the newest.
    pub(super) data: BTreeMap<u32, Secret>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Outside {
    version: u32,
    /// The identifier of the key from outside.
    key: String,
    /// The rest, as a piece in base64.
    sealed: String,
    /// Over the other three.
    sum: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inside {
    plain_upto: u32,
    names: String,
    data: BTreeMap<u32, String>,
}

impl Content {
    /// The first keys of a directory.
    pub(super) fn begin(plain_upto: u32, random: Random<'_>) -> io::Result<Self> {
        let names = draw(random)?;
        let mut this = Self {
            plain_upto,
            names,
            data: BTreeMap::new(),
        };
        this.add(random)?;
        Ok(this)
    }

    /// Another data key, for everything that is written from now on.
    pub(super) fn add(&mut self, random: Random<'_>) -> io::Result<()> {
        let next = self.newest().saturating_add(1);
        self.data.insert(next, draw(random)?);
        Ok(())
    }

    /// The number of the data key that is written with.
    pub(super) fn newest(&self) -> u32 {
        self.data.keys().next_back().copied().unwrap_or_default()
    }
}

fn draw(random: Random<'_>) -> io::Result<Secret> {
    let mut bytes = [0; KEY];
    random(&mut bytes)?;
    Ok(Secret(bytes))
}

/// Reads the file; nothing if there is none.
pub(super) fn read(disk: &dyn Disk, ring: &KeyRing) -> Result<Option<Content>, StoreError> {
    let bytes = match disk.read(FILE) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(disk, error)),
    };
    open(disk, &bytes, ring).map(Some).map_err(StoreError::Key)
}

fn open(disk: &dyn Disk, bytes: &[u8], ring: &KeyRing) -> Result<Content, KeyError> {
    let lost = |reason: &str| KeyError::Lost {
        place: disk.place(FILE),
        reason: reason.to_owned(),
    };
    let outside: Outside = serde_json::from_slice(bytes).map_err(|_| lost("is damaged"))?;
    if outside.version != VERSION {
        return Err(lost("is of another version"));
    }
    if outside.sum != sum(&outside) {
        return Err(lost("is damaged: its checksum is another"));
    }
    let sealed = STANDARD.decode(&outside.sealed).map_err(|_| lost("is damaged"))?;
    let Some(key) = ring.get(&outside.key) else {
        return Err(KeyError::Unknown {
            place: disk.place(""),
            expected: outside.key,
            ring: ring.place().to_owned(),
        });
    };
    let opened = Nonce::of(&sealed).and_then(|nonce| {
        let key = piece::derive(key, &nonce.salt, nonce.stretch())?;
        piece::open(&key, nonce, Place::Keys, &sealed)
    });
    let Some(opened) = opened else {
        return Err(KeyError::Other {
            place: disk.place(FILE),
            id: outside.key,
            ring: ring.place().to_owned(),
        });
    };
    serde_json::from_slice(&opened)
        .ok()
        .and_then(|inside| content(&inside))
        .ok_or_else(|| lost("holds something else"))
}

/// Writes the file with the current key from outside.
pub(super) fn write(
    disk: &dyn Disk,
    content: &Content,
    ring: &KeyRing,
    random: Random<'_>,
) -> Result<(), StoreError> {
    let text = seal(content, ring, random).map_err(|error| failed(disk, error))?;
    put(disk, &text).map_err(|error| failed(disk, error))
}

/// The file appears under its name only when its text is stable.
pub(super) fn put(disk: &dyn Disk, text: &[u8]) -> io::Result<()> {
    replace(disk, (FILE_NEW, FILE), text)
}

fn seal(content: &Content, ring: &KeyRing, random: Random<'_>) -> io::Result<Vec<u8>> {
    let encoded = |secret: &Secret| STANDARD.encode(secret.0);
    let data = content.data.iter().map(|(number, key)| (*number, encoded(key)));
    let inside = Inside {
        plain_upto: content.plain_upto,
        names: encoded(&content.names),
        data: data.collect(),
    };
    let inside = serde_json::to_vec(&inside).map_err(io::Error::other)?;
    let mut nonce = Nonce {
        key: 0,
        salt: [0; 12],
        count: 0,
    };
    // Each writing draws anew: the outer key never meets one nonce twice.
    random(&mut nonce.salt)?;
    let mut sealed = Vec::new();
    let key = ring.get(ring.current());
    key.and_then(|key| piece::derive(key, &nonce.salt, nonce.stretch()))
        .and_then(|key| piece::seal(&key, nonce, Place::Keys, &inside, &mut sealed))
        .ok_or_else(|| io::Error::other("the keys cannot be encrypted"))?;
    let mut outside = Outside {
        version: VERSION,
        key: ring.current().to_owned(),
        sealed: STANDARD.encode(sealed),
        sum: 0,
    };
    outside.sum = sum(&outside);
    let mut text = serde_json::to_vec(&outside).map_err(io::Error::other)?;
    text.push(b'\n');
    Ok(text)
}

fn sum(outside: &Outside) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&outside.version.to_le_bytes());
    crc.update(outside.key.as_bytes());
    crc.update(outside.sealed.as_bytes());
    crc.finalize()
}

fn content(inside: &Inside) -> Option<Content> {
    let secret = |text: &String| Some(Secret(STANDARD.decode(text).ok()?.try_into().ok()?));
    let data: Option<BTreeMap<u32, Secret>> = inside
        .data
        .iter()
        .map(|(number, key)| Some((*number, secret(key)?)))
        .collect();
    Some(Content {
        plain_upto: inside.plain_upto,
        names: secret(&inside.names)?,
        data: data.filter(|data| !data.is_empty())?,
    })
}

fn failed(disk: &dyn Disk, error: io::Error) -> StoreError {
    crate::store::segment::io_error(disk, FILE, error).into()
}
