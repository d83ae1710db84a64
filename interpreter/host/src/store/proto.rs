//! Records on the disk, as protobuf messages. Field numbers are for ever: never change one, never use one again. What
//! happens to runs is exported in the same form, by the names of the fields: they are for ever too.

mod between;
mod lineage;
mod run;
mod steer;

pub(super) use between::{Between, Forgotten, Traffic};
pub(super) use lineage::Lineage;
pub(super) use steer::{Change, Choice, Continued, Decided, Edited, Moved, Paused, Resumed, Terminated};

use super::line;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Record {
    #[prost(oneof = "Kind", tags = "1, 2, 3, 4, 5, 6, 7, 8, 40, 41, 42, 43")]
    pub(super) kind: Option<Kind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Kind {
    #[prost(message, tag = "1")]
    Program(Blob),
    #[prost(message, tag = "2")]
    Settings(Blob),
    #[prost(message, tag = "3")]
    Event(Event),
    #[prost(message, tag = "4")]
    History(History),
    #[prost(message, tag = "5")]
    Forgotten(Forgotten),
    #[prost(message, tag = "6")]
    Traffic(Traffic),
    #[prost(uint32, tag = "7")]
    Freed(u32),
    #[prost(message, tag = "8")]
    Between(Between),
    #[prost(message, tag = "40")]
    Schedule(super::schedule::Message),
    #[prost(message, tag = "41")]
    Deployed(super::deployed::Message),
    #[prost(message, tag = "42")]
    Act(super::act::Message),
    #[prost(message, tag = "43")]
    Voided(super::result::VoidedMessage),
}

/// Whether a record is a program or settings, without reading all of it.
pub(super) fn is_program(bytes: &[u8]) -> bool {
    // Numbers 1 and 2, of what has a length.
    matches!(bytes.first(), Some(0x0a | 0x12))
}

/// Events of a run, which carry neither its identifier nor their number.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct History {
    #[prost(fixed64, tag = "1")]
    pub(super) run_high: u64,
    #[prost(fixed64, tag = "2")]
    pub(super) run_low: u64,
    #[prost(uint64, tag = "3")]
    pub(super) first: u64,
    #[prost(message, repeated, tag = "4")]
    pub(super) events: Vec<Event>,
    /// As many as there are events; or none, which earlier versions wrote.
    #[prost(uint64, repeated, tag = "5")]
    pub(super) order: Vec<u64>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Blob {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) hash: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) bytes: Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Event {
    #[prost(fixed64, tag = "1")]
    pub(super) run_high: u64,
    #[prost(fixed64, tag = "2")]
    pub(super) run_low: u64,
    #[prost(uint64, tag = "3")]
    pub(super) sequence: u64,
    /// Microseconds since 1970.
    #[prost(sint64, tag = "4")]
    pub(super) at_us: i64,
    #[prost(
        oneof = "Happened",
        tags = "5, 6, 7, 8, 9, 10, 11, 12, 20, 21, 22, 23, 24, 25, 26"
    )]
    pub(super) happened: Option<Happened>,
    /// Where its payload lies, if that is not within.
    #[prost(message, optional, tag = "13")]
    pub(super) apart: Option<Apart>,
}

/// A payload in a file of its own.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Apart {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) hash: Bytes,
    #[prost(uint64, tag = "2")]
    pub(super) length: u64,
}

/// The bytes that an event carries.
pub(super) fn payload(happened: &mut Happened) -> Option<&mut Bytes> {
    match happened {
        Happened::Started(it) => Some(&mut it.input),
        Happened::Replied(it) => match &mut it.reply {
            Some(Reply::Answer(answer)) => Some(&mut answer.body),
            _ => None,
        },
        Happened::Signalled(it) => Some(&mut it.payload),
        Happened::Heard(it) => Some(&mut it.payload),
        Happened::Streamed(it) => Some(&mut it.item),
        Happened::Answered(it) => match &mut it.outcome {
            Some(Outcome::ChildDone(result)) => Some(result),
            Some(Outcome::ChildFailed(failed)) => Some(&mut failed.fields),
            Some(Outcome::Recalled(recalled)) => Some(&mut recalled.result),
            _ => None,
        },
        Happened::Fired(_)
        | Happened::Cancelled(_)
        | Happened::Paused(_)
        | Happened::Resumed(_)
        | Happened::Terminated(_)
        | Happened::Decided(_)
        | Happened::Edited(_)
        | Happened::Continued(_)
        | Happened::Moved(_) => None,
    }
}

#[derive(Clone, PartialEq, prost::Oneof, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Happened {
    #[prost(message, tag = "5")]
    Started(Started),
    #[prost(message, tag = "6")]
    Replied(Replied),
    #[prost(message, tag = "7")]
    Fired(Fired),
    #[prost(message, tag = "8")]
    Signalled(Signalled),
    #[prost(message, tag = "9")]
    Cancelled(Cancelled),
    #[prost(message, tag = "10")]
    Answered(Answered),
    #[prost(message, tag = "11")]
    Heard(Heard),
    #[prost(message, tag = "12")]
    Streamed(Streamed),
    #[prost(message, tag = "20")]
    Paused(Paused),
    #[prost(message, tag = "21")]
    Resumed(Resumed),
    #[prost(message, tag = "22")]
    Terminated(Terminated),
    #[prost(message, tag = "23")]
    Decided(Decided),
    #[prost(message, tag = "24")]
    Edited(Edited),
    #[prost(message, tag = "25")]
    Continued(Continued),
    #[prost(message, tag = "26")]
    Moved(Moved),
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Started {
    #[prost(string, tag = "1")]
    pub(super) flow: String,
    #[prost(bytes = "bytes", tag = "2")]
    #[serde(with = "line::hash")]
    pub(super) program: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    #[serde(with = "line::hash")]
    pub(super) settings: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    #[serde(with = "line::payload")]
    pub(super) input: Bytes,
    #[prost(fixed64, tag = "5")]
    pub(super) seed: u64,
    #[prost(string, optional, tag = "6")]
    pub(super) key: Option<String>,
    #[prost(message, optional, boxed, tag = "20")]
    pub(super) shared: Option<Box<Shared>>,
    #[prost(string, tag = "21")]
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) namespace: String,
    #[prost(sint32, optional, tag = "23")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) priority: Option<i32>,
    #[prost(sint64, optional, tag = "24")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) delay_us: Option<i64>,
    #[prost(message, optional, boxed, tag = "22")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lineage: Option<Box<Lineage>>,
}

/// Whose history a run shares.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shared {
    #[prost(bytes = "bytes", tag = "1")]
    #[serde(with = "line::run")]
    pub(super) run: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    #[serde(with = "line::run")]
    pub(super) root: Bytes,
    #[prost(uint64, tag = "3")]
    pub(super) events: u64,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replied {
    #[prost(uint32, tag = "1")]
    pub(super) call: u32,
    #[prost(oneof = "Reply", tags = "2, 3")]
    pub(super) reply: Option<Reply>,
}

#[derive(Clone, PartialEq, prost::Oneof, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    #[prost(message, tag = "2")]
    Answer(Answer),
    #[prost(message, tag = "3")]
    Failure(Failure),
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    #[prost(uint32, tag = "1")]
    pub(super) status: u32,
    #[prost(bytes = "bytes", tag = "2")]
    #[serde(with = "line::payload")]
    pub(super) body: Bytes,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Failure {
    #[prost(enumeration = "FailureKind", tag = "1")]
    #[serde(with = "line::failure_kind")]
    pub(super) kind: i32,
    #[prost(string, tag = "2")]
    pub(super) reason: String,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[repr(i32)]
pub(super) enum FailureKind {
    Unspecified = 0,
    Timeout = 1,
    Unavailable = 2,
    Overloaded = 3,
    Unknown = 4,
    BadReply = 5,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fired {
    #[prost(uint32, tag = "1")]
    pub(super) timer: u32,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signalled {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(bytes = "bytes", tag = "2")]
    #[serde(with = "line::payload")]
    pub(super) payload: Bytes,
    #[prost(uint64, optional, tag = "3")]
    pub(super) answer: Option<u64>,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cancelled {
    #[prost(string, tag = "1")]
    pub(super) reason: String,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answered {
    #[prost(uint32, tag = "1")]
    pub(super) call: u32,
    #[prost(oneof = "Outcome", tags = "2, 3, 4, 5, 6, 7, 8, 9, 10, 11")]
    pub(super) outcome: Option<Outcome>,
}

#[derive(Clone, PartialEq, prost::Oneof, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    #[prost(message, tag = "2")]
    Done(Weights),
    #[prost(string, tag = "3")]
    Run(String),
    #[prost(bytes = "bytes", tag = "4")]
    #[serde(with = "line::payload")]
    ChildDone(Bytes),
    #[prost(message, tag = "5")]
    ChildFailed(ChildFailed),
    #[prost(string, tag = "6")]
    ChildCancelled(String),
    #[prost(bool, tag = "7")]
    Found(bool),
    #[prost(string, tag = "8")]
    Refused(String),
    #[prost(string, tag = "9")]
    ChildTerminated(String),
    #[prost(uint64, tag = "10")]
    Granted(u64),
    #[prost(message, tag = "11")]
    Recalled(Recalled),
}

/// A result that was recorded by an earlier run.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recalled {
    #[prost(string, tag = "1")]
    pub(super) run: String,
    #[prost(sint64, tag = "2")]
    pub(super) at_us: i64,
    #[prost(bytes = "bytes", tag = "3")]
    #[serde(with = "line::payload")]
    pub(super) result: Bytes,
}

/// What each subset of a service got: two lists of one length.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Weights {
    #[prost(uint32, repeated, tag = "1")]
    pub(super) subset: Vec<u32>,
    #[prost(uint32, repeated, tag = "2")]
    pub(super) weight: Vec<u32>,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChildFailed {
    #[prost(string, tag = "1")]
    pub(super) error: String,
    #[prost(bytes = "bytes", tag = "2")]
    #[serde(with = "line::payload")]
    pub(super) fields: Bytes,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Heard {
    #[prost(string, tag = "1")]
    pub(super) event: String,
    #[prost(bytes = "bytes", tag = "2")]
    #[serde(with = "line::payload")]
    pub(super) payload: Bytes,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Streamed {
    #[prost(uint32, tag = "1")]
    pub(super) call: u32,
    #[prost(bytes = "bytes", tag = "2")]
    #[serde(with = "line::payload")]
    pub(super) item: Bytes,
}
