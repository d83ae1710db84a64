//! Where a run stands in its life: forward, ending, ended.

use crate::Outcome;
use flowmesh_ir::{Value, value::Variant};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// How a run stands, for people and machines outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A call is on its way.
    Running,
    /// It waits for a time or a signal only.
    Waiting,
    /// It takes no new step until a person lets it.
    Paused,
    /// It has failed or was cancelled, and what it did is being undone.
    Undoing,
    /// It ended with a result.
    Done,
    /// It ended with an error.
    Failed,
    /// It ended because somebody wanted it.
    Cancelled,
    /// It was ended where it stood.
    Terminated,
}

impl Status {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Undoing => "undoing",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Terminated => "terminated",
        }
    }

    /// Whether nothing will happen any more.
    #[must_use]
    pub fn ended(self) -> bool {
        matches!(
            self,
            Self::Done | Self::Failed | Self::Cancelled | Self::Terminated
        )
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a run stands in its life. It only ever moves down this list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// Nothing has happened yet.
    New,
    /// The flow does its work.
    Forward,
    /// It is clear how it ends; it does when everything is cleaned up.
    Ending(Why),
    /// It has ended.
    Ended(Outcome),
}

/// Why a run ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Why {
    /// It has a result.
    Returned(Value),
    /// It has failed.
    Failed(Arc<Variant>),
    /// Somebody wanted it.
    Cancelled(String),
    /// Somebody wanted it at once.
    Terminated(String),
}

impl From<Why> for Outcome {
    fn from(why: Why) -> Self {
        match why {
            Why::Returned(value) => Self::Done(value),
            Why::Failed(error) => Self::Failed(error),
            Why::Cancelled(reason) => Self::Cancelled(reason),
            Why::Terminated(reason) => Self::Terminated(reason),
        }
    }
}
