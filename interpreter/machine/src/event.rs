//! What happened to a run. A run is nothing but its events in order.

use crate::{Change, upgrade::Mapping};
use flowmesh_ir::{Hash, Name, SubsetId, call::Reply};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Something that happened, with the time at which the host took note of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When. Times of one run never go backwards; the host sees to it.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
}

/// What is said for one run when it is started, in the place of what its flow says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// More goes first, where runs wait for room, a lock or a limit.
    pub priority: Option<i32>,
    /// It waits for so long before anything else.
    pub delay: Option<SignedDuration>,
}

impl Terms {
    /// The delay that a text says: `5m`, `1h30m`, `2d`.
    ///
    /// # Errors
    /// If it says none, or a negative one.
    pub fn read_delay(text: &str) -> Result<SignedDuration, String> {
        let days = text.strip_suffix('d').and_then(|days| days.parse::<i64>().ok());
        let seconds = days.and_then(|days| days.checked_mul(24 * 60 * 60));
        let time = seconds.map(SignedDuration::from_secs);
        let time: Option<SignedDuration> = time.or_else(|| text.parse().ok());
        let whole = |time: SignedDuration| i64::try_from(time.as_micros()).map(SignedDuration::from_micros);
        time.filter(|time| !time.is_negative())
            .and_then(|time| whole(time).ok())
            .ok_or_else(|| format!("expected a time such as `5m`, `1h30m` or `2d`, found `{text}`"))
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EventKind {
    /// The run was started. Always the first event, and only the first.
    Started {
        /// A JSON object with a member for each parameter; it was checked by [`crate::border::check_input`].
        input: Arc<[u8]>,
        /// From which `random()` and `uuid()` draw.
        seed: u64,
        /// The value of the flow's key, where it has one.
        key: Option<String>,
        /// What was said for this run alone.
        #[serde(default, skip_serializing_if = "Terms::is_none")]
        terms: Terms,
    },
    /// A call has ended.
    Replied {
        /// Which call.
        call: CallId,
        /// How.
        reply: Reply,
    },
    /// A timer has come due.
    Fired {
        /// Which timer.
        timer: TimerId,
    },
    /// A signal came; it was checked by [`crate::border::check_signal`].
    Signalled {
        /// Its name.
        name: Name,
        /// A JSON object with a member for each parameter.
        payload: Arc<[u8]>,
        /// The number by which its sender waits for an answer; `None` where nobody does.
        answer: Option<u64>,
    },
    /// Something asked for with [`crate::Effect::Ask`] has come about, or has not.
    Answered {
        /// By which number it was asked.
        call: CallId,
        /// How it went.
        answer: Answer,
    },
    /// An event was told; it was checked against its declaration.
    Heard {
        /// Its name.
        event: Name,
        /// A JSON object with a member for each field.
        payload: Arc<[u8]>,
    },
    /// One item of a stream; the host brings the next only after [`crate::Effect::More`].
    Streamed {
        /// Which call.
        call: CallId,
        /// The item, as JSON.
        item: Arc<[u8]>,
    },
    /// Somebody wants the run to stop and be undone.
    Cancelled {
        /// Why, in their words.
        reason: String,
    },
    /// Somebody wants the run to take no new step. What comes meanwhile is acted upon when it goes on.
    Paused {
        /// Why, in their words.
        reason: String,
    },
    /// Somebody lets a paused run go on.
    Resumed,
    /// Somebody has decided how a parked run goes on.
    Decided {
        /// At the end of which call it is parked.
        call: CallId,
        /// How.
        decision: Decision,
    },
    /// Somebody has given variables of a run that stands still new values; they were checked by
    /// [`crate::check_edit`].
    Edited {
        /// Which, and what.
        changes: Vec<Change>,
    },
    /// Until here its history is that of another run, which has ended; from here on it goes on by itself. Where it
    /// parts was found by [`crate::share`].
    Continued {
        /// The numbers of the fibers that do again what they waited for.
        again: Vec<u32>,
    },
    /// From here on it is a run of another program, or has other settings. Whoever holds the run moves it with
    /// [`crate::upgrade::move_run`], and then lets it go on by this event in its new program.
    Moved {
        /// The new program.
        program: Hash,
        /// Its settings.
        settings: Hash,
        /// What of its old flow became what of the new one.
        mapping: Mapping,
    },
    /// Somebody ends the run where it stands; nothing is undone.
    Terminated {
        /// Why, in their words.
        reason: String,
    },
}

/// How something that was asked for came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// It is done: an event is durable with all who hear it, traffic has been moved from where it was
    /// (the weights before, where there were any).
    Done(Vec<(SubsetId, u32)>),
    /// A guard is held, with its token: more than that of any grant before it.
    Granted(u64),
    /// A run that is apart was started, or was there already: its identifier.
    Run(String),
    /// A child has ended.
    Ended(Ended),
    /// Whether the target of a probe exists; `false` too where no result was there already.
    Found(bool),
    /// The result of the same call was there already.
    Recalled(Recorded),
    /// It cannot be done, and why, for people; the flow sees `Unavailable`.
    Refused(String),
}

/// A result that was recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// By which run.
    pub run: String,
    /// When.
    pub at: Timestamp,
    /// The result, as JSON by its type.
    pub result: Arc<[u8]>,
}

impl Answer {
    /// The token of a guard that is held by now. Journals from before there were tokens say no more than `Done`.
    #[must_use]
    pub fn token(&self) -> Option<u64> {
        match self {
            Self::Granted(token) => Some(*token),
            Self::Done(_) => Some(0),
            _ => None,
        }
    }
}

/// How a run goes on that is parked at a step of which nobody knows how it ended, or at an undo that does not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// The call is made once more; with the arguments as they are now where something was edited.
    Retry,
    /// The call has succeeded, with this result, as JSON by the type of its operation.
    Done(Arc<[u8]>),
    /// The call has failed: its error is that of the flow.
    Fail,
    /// What is to be undone counts as undone.
    Skip,
}

/// How a child run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ended {
    /// With a result, as JSON by the type of its flow.
    Done(Arc<[u8]>),
    /// With an error: its name, and its fields as a JSON object by its declaration.
    Failed(Name, Arc<[u8]>),
    /// It was cancelled, and why; the flow sees `Cancelled`.
    Cancelled(String),
    /// It was terminated, and why; the flow sees `Cancelled` too, but nothing was undone.
    Terminated(String),
}

/// A call, or something else asked for, of one run, numbered from 0 in the order in which they were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallId(pub u32);

/// A timer of one run, numbered from 0 in the order in which they were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimerId(pub u32);
