//! What happened to a run. A run is nothing but its events in order.

use flowmesh_ir::{Name, SubsetId, call::Reply};
use jiff::Timestamp;
use std::sync::Arc;

/// Something that happened, with the time at which the host took note of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When. Times of one run never go backwards; the host sees to it.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// The run was started. Always the first event, and only the first.
    Started {
        /// A JSON object with a member for each parameter; it was checked by [`crate::border::check_input`].
        input: Arc<[u8]>,
        /// From which `random()` and `uuid()` draw.
        seed: u64,
        /// The value of the flow's key, where it has one.
        key: Option<String>,
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
}

/// How something that was asked for came out.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It is done: an event is durable with all who hear it, a guard is held, traffic has been moved from where it was
    /// (the weights before, where there were any).
    Done(Vec<(SubsetId, u32)>),
    /// A run that is apart was started, or was there already: its identifier.
    Run(String),
    /// A child has ended.
    Ended(Ended),
    /// Whether the target of a probe exists.
    Found(bool),
    /// It cannot be done, and why, for people; the flow sees `Unavailable`.
    Refused(String),
}

/// How a child run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// With a result, as JSON by the type of its flow.
    Done(Arc<[u8]>),
    /// With an error: its name, and its fields as a JSON object by its declaration.
    Failed(Name, Arc<[u8]>),
    /// It was cancelled, and why; the flow sees `Cancelled`.
    Cancelled(String),
}

/// A call, or something else asked for, of one run, numbered from 0 in the order in which they were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u32);

/// A timer of one run, numbered from 0 in the order in which they were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId(pub u32);
