//! Results that are reused, as the index has them.

use crate::RunId;
use flowmesh_ir::{Hash, Name};
use flowmesh_machine::Cached;
use jiff::Timestamp;
use prost::Message;
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
    /// The result, as JSON by its type.
    pub result: Arc<[u8]>,
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
