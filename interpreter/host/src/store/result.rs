//! Results that are reused, as the index has them; and those that are not to be any more, as the journal has them.

use super::{
    from_proto::{Unreadable, hash, time},
    line,
};
use crate::RunId;
use bytes::Bytes;
use flowmesh_ir::{Hash, Name};
use flowmesh_machine::Cached;
use jiff::Timestamp;
use prost::Message;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What tells results apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResultKey {
    /// In which namespace it is reused.
    pub namespace: Name,
    /// What was called, with the hash of its types and the key of the call.
    pub cached: Cached,
}

/// A result that is there for the same call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptResult {
    /// The run whose call gave it.
    pub run: RunId,
    /// When.
    pub at: Timestamp,
    /// Until when it is reused at the longest.
    pub until: Timestamp,
    /// The result, as JSON by its type; nothing where it was forgotten, so that no earlier one comes in its place.
    pub result: Arc<[u8]>,
}

/// A result that somebody has made forgotten: it, and whatever was recorded before for the same call, is taken no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voided {
    /// Of which call.
    pub key: ResultKey,
    /// The run that recorded it: when that goes, nothing is left to be forgotten.
    pub run: RunId,
    /// Since when.
    pub at: Timestamp,
}

#[derive(Clone, PartialEq, Message)]
struct StoredKey {
    #[prost(string, tag = "1")]
    namespace: String,
    #[prost(string, tag = "2")]
    of: String,
    #[prost(bytes = "vec", tag = "3")]
    version: Vec<u8>,
    #[prost(string, tag = "4")]
    key: String,
}

impl ResultKey {
    /// As bytes, the same for the same key.
    pub(super) fn write(&self) -> Vec<u8> {
        let Cached { of, version, key } = &self.cached;
        let stored = StoredKey {
            namespace: self.namespace.to_string(),
            of: of.clone(),
            version: version.0.to_vec(),
            key: key.clone(),
        };
        stored.encode_to_vec()
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let stored = StoredKey::decode(bytes).ok()?;
        Some(Self {
            namespace: stored.namespace.into(),
            cached: Cached {
                of: stored.of,
                version: Hash(stored.version.try_into().ok()?),
                key: stored.key,
            },
        })
    }
}

#[derive(Clone, PartialEq, Message)]
struct StoredResult {
    #[prost(bytes = "vec", tag = "1")]
    run: Vec<u8>,
    #[prost(sint64, tag = "2")]
    at_us: i64,
    #[prost(sint64, tag = "3")]
    until_us: i64,
    #[prost(bytes = "vec", tag = "4")]
    result: Vec<u8>,
}

impl KeptResult {
    pub(super) fn write(&self) -> Vec<u8> {
        let stored = StoredResult {
            run: self.run.0.to_be_bytes().to_vec(),
            at_us: self.at.as_microsecond(),
            until_us: self.until.as_microsecond(),
            result: self.result.to_vec(),
        };
        stored.encode_to_vec()
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let stored = StoredResult::decode(bytes).ok()?;
        Some(Self {
            run: RunId(u128::from_be_bytes(stored.run.try_into().ok()?)),
            at: Timestamp::from_microsecond(stored.at_us).ok()?,
            until: Timestamp::from_microsecond(stored.until_us).ok()?,
            result: stored.result.into(),
        })
    }
}

/// A forgotten result as it is kept, and in a line of an export. Numbers and names are for ever.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct VoidedMessage {
    #[prost(string, tag = "1")]
    #[serde(default, skip_serializing_if = "String::is_empty")]
    namespace: String,
    #[prost(string, tag = "2")]
    of: String,
    #[prost(bytes = "bytes", tag = "3")]
    #[serde(with = "line::hash")]
    version: Bytes,
    #[prost(string, tag = "4")]
    key: String,
    #[prost(fixed64, tag = "5")]
    run_high: u64,
    #[prost(fixed64, tag = "6")]
    run_low: u64,
    #[prost(sint64, tag = "7")]
    at_us: i64,
}

impl VoidedMessage {
    /// The message of a forgotten result; the way back is [`VoidedMessage::read`].
    pub(in crate::store) fn of(voided: &Voided) -> Self {
        let Cached { of, version, key } = &voided.key.cached;
        let (run_high, run_low) = voided.run.halves();
        Self {
            namespace: voided.key.namespace.to_string(),
            of: of.clone(),
            version: Bytes::copy_from_slice(&version.0),
            key: key.clone(),
            run_high,
            run_low,
            at_us: voided.at.as_microsecond(),
        }
    }

    /// The forgotten result of a message; the way back is [`VoidedMessage::of`].
    pub(in crate::store) fn read(self) -> Result<Voided, Unreadable> {
        Ok(Voided {
            key: ResultKey {
                namespace: self.namespace.into(),
                cached: Cached {
                    of: self.of,
                    version: hash(&self.version)?,
                    key: self.key,
                },
            },
            run: RunId::of_halves(self.run_high, self.run_low),
            at: time(self.at_us)?,
        })
    }
}

impl From<Voided> for (ResultKey, KeptResult) {
    /// It stands in the place of the result, for as long as that could be read again.
    fn from(voided: Voided) -> Self {
        let kept = KeptResult {
            run: voided.run,
            at: voided.at,
            until: KeptResult::ends(None),
            result: Arc::from([]),
        };
        (voided.key, kept)
    }
}

impl KeptResult {
    /// Until when a result is reused, as it is kept; nothing, or what no calendar has, is as good as for ever.
    pub(crate) fn ends(until: Option<Timestamp>) -> Timestamp {
        let whole = |at: Timestamp| Timestamp::from_microsecond(at.as_microsecond()).ok();
        // The last second of all is the last time that has as many microseconds as we write.
        let last = || Timestamp::from_second(Timestamp::MAX.as_second()).unwrap_or_default();
        until.and_then(whole).unwrap_or_else(last)
    }

    /// Whether it was forgotten.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.result.is_empty()
    }

    /// What the journal says of it, if it was.
    pub(super) fn voided(self, key: ResultKey) -> Option<Voided> {
        let (run, at) = (self.run, self.at);
        self.is_void().then_some(Voided { key, run, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_read_as_it_was_written_however_long_it_is_to_be_kept() {
        let moments = [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX].map(Some);
        for until in moments.into_iter().chain([None]) {
            let kept = KeptResult {
                run: RunId(7),
                at: Timestamp::UNIX_EPOCH,
                until: KeptResult::ends(until),
                result: Arc::from([]),
            };
            assert_eq!(KeptResult::read(&kept.write()), Some(kept));
        }
    }
}
