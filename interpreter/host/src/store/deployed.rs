//! Deployments: since when runs are started with which program, and who wanted it.

use super::{
    from_proto::{Unreadable, hash, time},
    line,
};
use bytes::Bytes;
use flowmesh_ir::Hash;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// From a time on, runs are started with this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// The program.
    pub program: Hash,
    /// Its settings.
    pub settings: Hash,
    /// Since when.
    pub at: Timestamp,
    /// Who wanted it.
    pub by: String,
    /// How it came about.
    pub how: How,
}

/// How a deployment came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// A host was opened with the program.
    Served,
    /// Somebody deployed it to a host that was there.
    Deployed,
    /// Somebody went back to it.
    RolledBack,
}

impl How {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Deployed => "deployed",
            Self::RolledBack => "rolled_back",
        }
    }
}

/// As it is kept, and in a line of an export. Numbers and names are for ever.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct Message {
    #[prost(bytes = "bytes", tag = "1")]
    #[serde(with = "line::hash")]
    program: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    #[serde(with = "line::hash")]
    settings: Bytes,
    #[prost(sint64, tag = "3")]
    at_us: i64,
    #[prost(string, tag = "4")]
    by: String,
    #[prost(string, tag = "5")]
    how: String,
}

impl Message {
    /// The message of a deployment; the way back is [`Message::read`].
    pub(in crate::store) fn of(deployed: &Deployed) -> Self {
        Self {
            program: Bytes::copy_from_slice(&deployed.program.0),
            settings: Bytes::copy_from_slice(&deployed.settings.0),
            at_us: deployed.at.as_microsecond(),
            by: deployed.by.clone(),
            how: deployed.how.as_str().to_owned(),
        }
    }

    /// The deployment of a message; the way back is [`Message::of`].
    pub(in crate::store) fn read(self) -> Result<Deployed, Unreadable> {
        let all = [How::Served, How::Deployed, How::RolledBack];
        let how = all.into_iter().find(|how| how.as_str() == self.how);
        Ok(Deployed {
            program: hash(&self.program)?,
            settings: hash(&self.settings)?,
            at: time(self.at_us)?,
            by: self.by,
            how: how.ok_or(Unreadable::Message("a deployment of an unknown kind"))?,
        })
    }
}
