//! What happened to a run. A run is nothing but its events in order.

use flowmesh_ir::{Name, call::Reply};
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
    },
    /// Somebody wants the run to stop and be undone.
    Cancelled {
        /// Why, in their words.
        reason: String,
    },
}

/// A call of one run, numbered from 0 in the order in which they were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u32);

/// A timer of one run, numbered from 0 in the order in which they were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId(pub u32);
