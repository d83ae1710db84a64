//! How a run comes to begin where its flow says when its runs may.

use super::Run;
use crate::{Admit, CallId, Debounce, TimerId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What stands between the start of a run and its first state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Entrance {
    /// It waits for a newer one that takes its place, until this time.
    Settling(TimerId, Timestamp, CallId, Debounce),
    /// It waits until its delay is over.
    Delayed(TimerId, Timestamp),
    /// Nobody takes its place any more; what is left is the wait.
    Settled(TimerId, Timestamp),
    /// It waits until its flow has room for it.
    Waiting(CallId, Admit),
    /// It was let in, and is in until it ends.
    In(CallId, Admit),
}

impl Run {
    /// Whether it has not begun its work yet.
    pub(crate) fn is_outside(&self) -> bool {
        matches!(
            self.entrance,
            Some(
                Entrance::Settling(..)
                    | Entrance::Delayed(..)
                    | Entrance::Settled(..)
                    | Entrance::Waiting(..)
            )
        )
    }

    /// By which number it asked its flow to let it in, once that did.
    #[must_use]
    pub fn admitted(&self) -> Option<CallId> {
        match self.entrance {
            Some(Entrance::In(call, _)) => Some(call),
            _ => None,
        }
    }
}
