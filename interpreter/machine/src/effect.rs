//! What a run asks the world for. Performed only after the event that led to it is on stable storage.

use crate::{CallId, Choice, TimerId};
use flowmesh_ir::{
    FlowId, Hash, Name, ServiceId, StepId, SubsetId, Value,
    call::Request,
    flow::{Full, Tie},
    traffic::Rate,
    value::Variant,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Something asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Send a request; the answer comes back as [`crate::EventKind::Replied`].
    Call {
        /// Its number.
        call: CallId,
        /// What people see it as.
        step: StepId,
        /// Whether it undoes an earlier one.
        undo: bool,
        /// What is sent.
        request: Arc<Request>,
    },
    /// Do something else than a call; how it went comes back as [`crate::EventKind::Answered`].
    Ask {
        /// Its number.
        call: CallId,
        /// What people see it as, where they do.
        step: Option<StepId>,
        /// What.
        ask: Ask,
    },
    /// Nobody waits any more for what was asked by this number: cancel the child, withdraw from the queue of a lock,
    /// close the stream. A call that is on its way is still heard. A guard that is granted all the same is released.
    Withdraw {
        /// Which.
        call: CallId,
    },
    /// Record the result of a call that was made, so that it is there for the same call.
    Record {
        /// As what, and for how long.
        recall: Recall,
        /// The result, as JSON by its type.
        result: Arc<[u8]>,
    },
    /// Let go of the guard that was granted by this number.
    Release {
        /// Which.
        call: CallId,
    },
    /// Bring the next item of the stream.
    More {
        /// Of which call.
        call: CallId,
    },
    /// Answer the sender of a signal.
    Answer {
        /// The number that came with the signal.
        signal: u64,
        /// A JSON value by the type that the signal declares, or why there is none.
        answer: Result<String, String>,
    },
    /// Wake the run at a time, with [`crate::EventKind::Fired`].
    Timer {
        /// Its number.
        timer: TimerId,
        /// When.
        at: Timestamp,
    },
    /// The timer is not needed any more; if it fires all the same, nothing happens.
    Disarm {
        /// Which.
        timer: TimerId,
    },
    /// Something for people; not repeated when the run is replayed.
    Note(Note),
    /// The run has ended: nobody hears what was asked for and has not come.
    Finished(Outcome),
}

/// Something asked of the host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ask {
    /// Start a run. The host makes its identifier from that of this run and the number of the call, so that asking
    /// twice starts one.
    Start {
        /// Of which flow.
        flow: FlowId,
        /// Its input, a JSON object.
        input: Arc<[u8]>,
        /// The value of its flow's key, where it has one.
        key: Option<String>,
        /// How it hangs together with this one.
        tie: Tie,
    },
    /// Tell an event to every run that waits for it and every flow that it starts.
    Emit {
        /// Its name.
        event: Name,
        /// A JSON object with a member for each field.
        payload: Arc<[u8]>,
    },
    /// Take a lock, or one of so many permits.
    Acquire {
        /// Its name.
        name: String,
        /// How many may hold it. Where there is no rate either, it is a lock, which one may hold.
        permits: Option<u32>,
        /// How many may take it within a time.
        rate: Option<Rate>,
    },
    /// Be one of the runs of this flow that do their work at once, until the run ends.
    Admit(Admit),
    /// Take the place of older runs of this flow that have not begun.
    Debounce(Debounce),
    /// Move the traffic of a service; no weights is back to what the program says.
    Shift {
        /// Which service.
        service: ServiceId,
        /// What each subset gets of a hundred.
        weights: Vec<(SubsetId, u32)>,
    },
    /// Say whether a file or an address exists.
    Probe {
        /// `file:PATH`, or an address.
        target: String,
        /// Whether the flow that produces it has come to its end.
        after: bool,
    },
    /// Say what was recorded as the result of the same call, if it is young enough.
    Recall(Recall),
}

/// What a result is recorded as, and for how long it is reused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recall {
    /// As what.
    pub cached: Cached,
    /// For how long, which is more than none.
    pub ttl: SignedDuration,
}

/// What tells results apart that are recorded in one namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cached {
    /// What was called: `reports.build`, or the name of a flow.
    pub of: String,
    /// The hash of what it takes and gives, so that a result is not taken for one of another type.
    pub version: Hash,
    /// The key of the call, or its hash where it is long.
    pub key: String,
}

/// Of a longer key of a call with `cache` the hash is taken.
const CACHE_KEY_BYTES_MAX: usize = 256;

impl Cached {
    /// A key as results are kept under it.
    #[must_use]
    pub fn kept_as(key: String) -> String {
        match key.len() <= CACHE_KEY_BYTES_MAX {
            true => key,
            false => format!("sha256:{}", Hash::of(key.as_bytes())),
        }
    }
}

/// How a run would be let in by its flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Admit {
    /// What is counted apart; empty where all runs of the flow are counted together.
    pub name: String,
    /// What takes turns among those who wait.
    pub group: Option<String>,
    /// How many may be in at once.
    pub most: u32,
    /// What happens where they are.
    pub full: Full,
}

/// How a run that has not begun waits for newer ones, and takes the place of older ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Debounce {
    /// Among which runs of its flow; empty where it is among all.
    pub of: String,
    /// For how long runs take each other's place.
    pub most: Option<SignedDuration>,
}

/// Something for people: progress and logs. Lost notes do no harm.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// A step began: a call, a sleep, a wait.
    StepStarted {
        /// Which.
        step: StepId,
    },
    /// A step ended well.
    StepDone {
        /// Which.
        step: StepId,
    },
    /// The result of a step was there already; that it is done comes next.
    StepReused {
        /// Which.
        step: StepId,
        /// The run that it was recorded by.
        run: String,
        /// When it was.
        at: Timestamp,
    },
    /// A step ended with an error, caught or not.
    StepFailed {
        /// Which.
        step: StepId,
        /// The error.
        error: Arc<Variant>,
    },
    /// Everything done so far is being undone, and why.
    Undoing {
        /// The error, or `None` if somebody cancelled the run.
        error: Option<Arc<Variant>>,
    },
    /// The run is parked at this step, until a person decides.
    Parked {
        /// Which.
        step: StepId,
        /// Why.
        error: Arc<Variant>,
        /// What can be chosen.
        choices: &'static [Choice],
    },
    /// An undo counts as done because a person decided so.
    StepSkipped {
        /// Which.
        step: StepId,
    },
    /// A step was given up because what it is part of was cancelled.
    StepStopped {
        /// Which.
        step: StepId,
    },
    /// `tag key = E`
    Tagged {
        /// The key.
        key: Name,
        /// The text.
        value: String,
    },
    /// The run began anew under its identifier.
    Restarted,
    /// `log "..."`
    Log {
        /// The text.
        text: String,
    },
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// With a result.
    Done(Value),
    /// With an error, after everything was undone.
    Failed(Arc<Variant>),
    /// Because somebody wanted it, after everything was undone.
    Cancelled(String),
    /// At once, because somebody wanted it. Nothing was undone, and the children that it waited for end with it.
    Terminated(String),
}
