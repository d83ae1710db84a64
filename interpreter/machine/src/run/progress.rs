//! What people see of each step.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a step stands. A step inside a loop stands as it did the last time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// How it stands.
    pub state: StepState,
    /// How often it was begun.
    pub times: u32,
    /// When it came to stand so.
    pub since: Timestamp,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Nothing has happened to it.
    #[default]
    Untouched,
    /// It is under way.
    Active,
    /// It ended well.
    Done,
    /// It ended with an error, caught or not.
    Failed,
    /// It was given up because the run stopped.
    Stopped,
}

impl StepState {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Untouched => "untouched",
            Self::Active => "active",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}
