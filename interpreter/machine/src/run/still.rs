//! A run that stands still: why it takes no new step, and what came meanwhile.

use super::{FiberId, Parked};
use crate::{CallId, EventKind, TimerId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Somebody paused the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Why, in their words.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// A run that stands still, or has a backlog from when it did. The run as a whole rests, not one fiber of it: whoever
/// steps in decides upon what is seen then, and nothing more is begun that would have to be undone afterwards.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Still {
    pub(crate) paused: Option<Pause>,
    pub(crate) parked: Option<Parked>,
    /// What came meanwhile, in order.
    pub(crate) backlog: VecDeque<Late>,
    /// Fibers that were awake when it came to stand still, in the order in which they go on.
    pub(crate) ready: VecDeque<FiberId>,
    /// Whether a handler had become free.
    pub(crate) freed: bool,
}

/// Something that came while the run stood still.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Late {
    /// An event as it was.
    Event(EventKind),
    /// An item of a stream; its value is with the stream already, so that it is taken up behind it after a crash.
    Item(CallId),
}

impl Still {
    /// Whether nothing keeps the run from going on.
    pub(crate) fn is_over(&self) -> bool {
        let undecided = self
            .parked
            .as_ref()
            .is_some_and(|parked| parked.decision.is_none());
        self.paused.is_none() && !undecided
    }

    fn events(&self) -> impl Iterator<Item = &EventKind> {
        self.backlog.iter().filter_map(|late| match late {
            Late::Event(event) => Some(event),
            Late::Item(_) => None,
        })
    }

    /// Whether the end of a call, or the answer to something else, has come.
    pub(crate) fn has_end_of(&self, call: CallId) -> bool {
        self.events().any(|event| match event {
            EventKind::Replied { call: ended, .. } | EventKind::Answered { call: ended, .. } => {
                *ended == call
            }
            _ => false,
        })
    }

    /// Whether a guard was granted.
    pub(crate) fn has_granted(&self, guard: CallId) -> bool {
        self.events().any(|event| match event {
            EventKind::Answered { call, answer } => *call == guard && answer.token().is_some(),
            _ => false,
        })
    }

    /// Whether a timer has come due.
    pub(crate) fn has_fired(&self, timer: TimerId) -> bool {
        self.events()
            .any(|event| matches!(event, EventKind::Fired { timer: fired } if *fired == timer))
    }

    /// Whether an item of a stream has come that could not be read.
    pub(crate) fn has_item_of(&self, call: CallId) -> bool {
        self.backlog.iter().any(|late| match late {
            Late::Event(EventKind::Streamed { call: of, .. }) | Late::Item(of) => *of == call,
            Late::Event(_) => false,
        })
    }

    /// How many signals of a name came.
    pub(crate) fn signals(&self, name: &str) -> usize {
        let of_name =
            |event: &&EventKind| matches!(event, EventKind::Signalled { name: came, .. } if *came == name);
        self.events().filter(of_name).count()
    }

    /// Senders of signals that wait for an answer.
    pub(crate) fn answers(&self) -> impl Iterator<Item = u64> {
        self.events().filter_map(|event| match event {
            EventKind::Signalled { answer, .. } => *answer,
            _ => None,
        })
    }

    /// How many events were told.
    pub(crate) fn heard(&self) -> usize {
        let heard = |event: &&EventKind| matches!(event, EventKind::Heard { .. });
        self.events().filter(heard).count()
    }
}
