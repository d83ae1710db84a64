//! What somebody did with a key of their own (`Idempotency-Key`): it stands in the batch with what came of it, so that
//! the same request does it no second time, whatever happens in between.

use super::{
    from_proto::{Unreadable, hash, time},
    line,
};
use crate::RunId;
use bytes::Bytes;
use flowmesh_ir::{Hash, Name};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// By what a request is known when it comes again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActKey {
    /// In which namespace it came.
    pub namespace: Name,
    /// Who sent it.
    pub who: Arc<str>,
    /// What they call it.
    pub key: Arc<str>,
    /// Where it is about many runs, the one that this part of it is about.
    pub part: Option<RunId>,
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// By what it is known.
    pub key: ActKey,
    /// The hash of what was asked for.
    pub print: Hash,
    /// When it was done; all parts of a request, and its answer, have the time of the first of them.
    pub at: Timestamp,
    /// The run that it was about, or that it started.
    pub run: Option<RunId>,
    /// What else it came to, as JSON.
    pub said: Arc<[u8]>,
    /// What was answered, once that is known.
    pub answer: Option<Arc<[u8]>>,
}

/// An act as the index has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAct {
    /// The act.
    pub act: Act,
    /// In which segment it lies.
    pub segment: u32,
}

impl ActKey {
    /// The request that this is a part of.
    #[must_use]
    pub fn whole(&self) -> Self {
        Self {
            part: None,
            ..self.clone()
        }
    }

    /// As bytes, the same for the same key.
    pub(super) fn write(&self) -> Vec<u8> {
        let texts = [self.namespace.as_str(), &self.who, &self.key];
        let mut bytes = Vec::new();
        for text in texts {
            bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend(text.as_bytes());
        }
        bytes.extend(self.part.iter().flat_map(|run| run.0.to_be_bytes()));
        bytes
    }
}

impl Act {
    /// What it takes in the log, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let answer = self.answer.as_ref().map_or(0, |answer| answer.len());
        let key = self.key.key.len().saturating_add(self.key.who.len());
        key.saturating_add(self.said.len())
            .saturating_add(answer)
            .saturating_add(128)
    }
}

/// As it is kept, and in a line of an export. Numbers and names are for ever.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct Message {
    #[prost(string, tag = "1")]
    #[serde(default, skip_serializing_if = "String::is_empty")]
    namespace: String,
    #[prost(string, tag = "2")]
    who: String,
    #[prost(string, tag = "3")]
    key: String,
    /// Nothing, or the identifier of a run.
    #[prost(string, tag = "4")]
    #[serde(default, skip_serializing_if = "String::is_empty")]
    part: String,
    #[prost(bytes = "bytes", tag = "5")]
    #[serde(with = "line::hash")]
    print: Bytes,
    #[prost(sint64, tag = "6")]
    at_us: i64,
    #[prost(string, tag = "7")]
    #[serde(default, skip_serializing_if = "String::is_empty")]
    run: String,
    #[prost(bytes = "bytes", tag = "8")]
    #[serde(with = "line::payload")]
    said: Bytes,
    /// Nothing where it is not known.
    #[prost(bytes = "bytes", tag = "9")]
    #[serde(with = "line::payload")]
    answer: Bytes,
    /// In the index alone.
    #[prost(uint32, tag = "10")]
    #[serde(skip)]
    segment: u32,
}

impl Message {
    /// The message of an act; the way back is [`Message::read`].
    pub(in crate::store) fn of(act: &Act) -> Self {
        let run = |run: Option<RunId>| run.map(|run| run.to_string()).unwrap_or_default();
        Self {
            namespace: act.key.namespace.to_string(),
            who: act.key.who.to_string(),
            key: act.key.key.to_string(),
            part: run(act.key.part),
            print: Bytes::copy_from_slice(&act.print.0),
            at_us: act.at.as_microsecond(),
            run: run(act.run),
            said: Bytes::from_owner(Arc::clone(&act.said)),
            answer: act.answer.clone().map(Bytes::from_owner).unwrap_or_default(),
            segment: 0,
        }
    }

    /// The act of a message; the way back is [`Message::of`].
    pub(in crate::store) fn read(self) -> Result<Act, Unreadable> {
        let run = |text: &str| match text {
            "" => Ok(None),
            text => {
                let run = text.parse();
                run.map(Some)
                    .map_err(|_| Unreadable::Message("an act of a run that is none"))
            }
        };
        Ok(Act {
            key: ActKey {
                namespace: self.namespace.into(),
                who: self.who.into(),
                key: self.key.into(),
                part: run(&self.part)?,
            },
            print: hash(&self.print)?,
            at: time(self.at_us)?,
            run: run(&self.run)?,
            said: self.said.as_ref().into(),
            answer: (!self.answer.is_empty()).then(|| self.answer.as_ref().into()),
        })
    }
}

impl KeptAct {
    pub(super) fn write(&self) -> Vec<u8> {
        let message = Message {
            segment: self.segment,
            ..Message::of(&self.act)
        };
        prost::Message::encode_to_vec(&message)
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let message: Message = prost::Message::decode(bytes).ok()?;
        let segment = message.segment;
        let act = message.read().ok()?;
        Some(Self { act, segment })
    }
}
