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

    /// The same with more of a reason, where no answer came.
    #[must_use]
    pub fn and(mut self, more: &str) -> Self {
        match &mut self {
            Self::Answer { .. } => {}
            Self::Unsent(why) | Self::TimedOut { why, .. } | Self::Broken(why) | Self::Malformed(why) => {
                why.push_str("; ");
                why.push_str(more);
            }
        }
        self
    }

    /// The same without a wish to be left alone, where nobody would disturb it.
    #[must_use]
    pub fn at_once(mut self) -> Self {
        if let Self::Answer { retry_after, .. } = &mut self {
            *retry_after = None;
        }
        self
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

#[cfg(test)]
mod tests {
    use super::Outcome;
    use std::{sync::Arc, time::Duration};

    #[test]
    fn a_reason_is_added_where_there_is_one_and_a_wish_taken_away_where_there_is_one() {
        let answer = |retry_after| Outcome::Answer {
            status: 503,
            body: Arc::default(),
            retry_after,
        };
        let asked = answer(Some(Duration::from_secs(1)));
        assert_eq!(asked.clone().and("more"), asked);
        assert_eq!(asked.at_once(), answer(None));
        let unsent = Outcome::Unsent("none".to_owned());
        assert_eq!(unsent.clone().at_once(), unsent);
        assert_eq!(unsent.and("more"), Outcome::Unsent("none; more".to_owned()));
    }
}
