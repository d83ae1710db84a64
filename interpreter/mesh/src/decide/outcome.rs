//! What came of one attempt.

use std::{fmt, sync::Arc, time::Duration};

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The service answered, whatever the status.
    Answer {
        /// The status.
        status: u16,
        /// The whole body.
        body: Arc<[u8]>,
        /// How long the service asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// No connection came about, or there was no endpoint to connect to: nothing was sent.
    Unsent(String),
    /// The attempt took longer than it may.
    TimedOut {
        /// Whether the request was sent, or may have been.
        sent: bool,
        /// What it was busy with, and for how long.
        why: String,
    },
    /// The connection broke after the request was sent, or may have been.
    Broken(String),
    /// An answer came that cannot be read.
    Malformed(String),
}

impl Outcome {
    /// Whether the service may have seen the request.
    #[must_use]
    pub fn sent(&self) -> bool {
        !matches!(self, Self::Unsent(_) | Self::TimedOut { sent: false, .. })
    }

    /// Whether the endpoint is to blame, so that another one is better for a while.
    #[must_use]
    pub fn failed(&self) -> bool {
        !matches!(self, Self::Answer { status, .. } if *status < 500 && *status != 429)
    }

    /// How long the service asks to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answer { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer { status, .. } => write!(f, "status {status}"),
            Self::Unsent(why) | Self::TimedOut { why, .. } | Self::Broken(why) | Self::Malformed(why) => {
                f.write_str(why)
            }
        }
    }
}
