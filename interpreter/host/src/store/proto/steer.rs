//! What people did to runs, as protobuf messages.

use crate::store::line;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct Paused {
    #[prost(string, tag = "1")]
    pub(in crate::store) reason: String,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct Resumed {}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct Continued {
    #[prost(uint32, repeated, tag = "1")]
    pub(in crate::store) again: Vec<u32>,
}

/// What of the old flow became what of the new one: lists of one length, two by two.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct Moved {
    #[prost(bytes = "bytes", tag = "1")]
    #[serde(with = "line::hash")]
    pub(in crate::store) program: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    #[serde(with = "line::hash")]
    pub(in crate::store) settings: Bytes,
    #[prost(uint32, repeated, tag = "3")]
    pub(in crate::store) from_state: Vec<u32>,
    #[prost(uint32, repeated, tag = "4")]
    pub(in crate::store) to_state: Vec<u32>,
    #[prost(uint32, repeated, tag = "5")]
    pub(in crate::store) from_slot: Vec<u32>,
    #[prost(uint32, repeated, tag = "6")]
    pub(in crate::store) to_slot: Vec<u32>,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct Terminated {
    #[prost(string, tag = "1")]
    pub(in crate::store) reason: String,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct Edited {
    #[prost(message, repeated, tag = "1")]
    pub(in crate::store) changes: Vec<Change>,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct Change {
    #[prost(uint32, tag = "1")]
    pub(in crate::store) slot: u32,
    #[prost(bytes = "bytes", tag = "2")]
    #[serde(with = "line::payload")]
    pub(in crate::store) value: Bytes,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct Decided {
    #[prost(uint32, tag = "1")]
    pub(in crate::store) call: u32,
    #[prost(enumeration = "Choice", tag = "2")]
    #[serde(with = "line::choice")]
    pub(in crate::store) choice: i32,
    /// With `Done`.
    #[prost(bytes = "bytes", tag = "3")]
    #[serde(with = "line::payload")]
    pub(in crate::store) result: Bytes,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[repr(i32)]
pub(in crate::store) enum Choice {
    Unspecified = 0,
    Retry = 1,
    Done = 2,
    Fail = 3,
    Skip = 4,
}
