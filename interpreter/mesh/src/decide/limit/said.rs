//! What those are told who are not let through, and what those who were say of it.

use std::{fmt, time::Duration};

/// When to come again where nothing says it.
pub(super) const SOON: Duration = Duration::from_secs(1);

/// What whoever was let through heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// An answer.
    Answer,
    /// None in time, or that there are too many.
    Nothing,
    /// What says nothing about how much can be done.
    Else,
}

/// Why somebody is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// After how long it is worth coming again.
    pub after: Duration,
}

/// Why somebody is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// So many wait already, and no more may.
    Full(usize),
    /// As many are on their way as can be answered in time.
    Busy,
    /// The turn would come later than anybody waits.
    Late,
    /// It waited, and the turn did not come.
    Waited,
    /// It is shared with others, and who keeps it cannot be asked.
    Away,
}

impl Refusal {
    pub(super) fn new(reason: Reason, due: Duration, now: Duration) -> Self {
        let after = due.saturating_sub(now);
        let after = if after.is_zero() { SOON } else { after };
        Self { reason, after }
    }
}

impl Heard {
    /// What a status says.
    #[must_use]
    pub fn of(status: u16) -> Self {
        match status {
            429 | 503 | 504 => Self::Nothing,
            500.. => Self::Else,
            _ => Self::Answer,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(0) => f.write_str("nobody may wait for a turn"),
            Self::Full(waiting) => write!(f, "{waiting} wait for their turn already"),
            Self::Busy => f.write_str("as many are on their way as can be answered in time"),
            Self::Late => f.write_str("the turn would come later than anybody waits"),
            Self::Waited => f.write_str("the turn did not come in time"),
            Self::Away => f.write_str("the server that keeps it cannot be asked"),
        }
    }
}
