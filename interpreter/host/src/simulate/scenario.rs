//! What is to happen in a simulated world.

use super::Bug;
use flowmesh_ir::{Name, Program};
use std::sync::Arc;

/// What is to happen.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What clients start.
    pub starts: Vec<StartPlan>,
    /// What clients tell the runs of a flow, sooner or later, unless chance has them forget.
    pub signals: Vec<SignalPlan>,
    /// Which events are told from outside, each once or, where nobody says that it was told, once more.
    pub events: Vec<EventPlan>,
    /// What clients ask for with keys of their own, again and again.
    pub requests: Vec<RequestPlan>,
    /// Of a thousand runs, how many are cancelled.
    pub cancels: u64,
    /// Of a thousand runs, how many are paused, and resumed when that was acknowledged.
    pub pauses: u64,
    /// Of a thousand runs, how many are terminated.
    pub terminates: u64,
    /// Of a thousand looks at a run that has ended, how many lead to another one in its place.
    pub restarts: u64,
    /// Another version of the program, with the same services and policies.
    pub newer: Option<Arc<Program>>,
    /// How often the other version is deployed, at the most, with all runs that can go on in it.
    pub deploys: u64,
    /// What goes wrong.
    pub faults: Faults,
    /// The process dies when so many batches are on stable storage, before anything follows from the last of them.
    pub crash_after: Option<u64>,
    /// After how many changes of the disk (writes, syncs, changes of names) the power fails: counted from the first boot, then
    /// from the second, and so on. An opening in which it fails is a boot too.
    pub power: Vec<u64>,
    /// After every so many batches the journal is compacted; without it, chance decides that.
    pub compact_every: Option<u64>,
    /// A promise that is broken on purpose, so that a test can show that the simulator would see it.
    pub bug: Option<Bug>,
}

/// A start.
#[derive(Clone, Debug)]
pub struct StartPlan {
    /// Which flow.
    pub flow: Name,
    /// The input as JSON.
    pub input: String,
    /// The key, instead of what the flow itself says. A start that has a key one way or the other is repeated by its
    /// client until it is acknowledged, and sometimes after that; one that has none is not.
    pub key: Option<String>,
}

/// A signal to every run of a flow.
#[derive(Clone, Debug)]
pub struct SignalPlan {
    /// Which flow.
    pub flow: Name,
    /// Which signal.
    pub signal: Name,
    /// What it carries, as JSON.
    pub payload: String,
}

/// An event.
#[derive(Clone, Debug)]
pub struct EventPlan {
    /// Which.
    pub event: Name,
    /// What it carries, as JSON; `#` in it is the number of the telling, so that no two are alike.
    pub payload: String,
}

/// A run that is started by a request with a key, and then told something by another.
#[derive(Clone, Debug)]
pub struct RequestPlan {
    /// The run, which has no key.
    pub start: StartPlan,
    /// Which signal.
    pub signal: Name,
    /// What it carries, as JSON; `#` in it is the number of the request, so that no two are alike.
    pub payload: String,
}

/// How many of a thousand go wrong, while things go wrong; at the end of every world they do not.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// How many crashes there are at the most, beside those in the middle of a write.
    pub crashes: u64,
    /// Writes that the power fails in.
    pub torn_writes: u64,
    /// Attempts that find no connection.
    pub unsent: u64,
    /// Requests that are lost on their way.
    pub lost_requests: u64,
    /// Replies that are lost on their way.
    pub lost_replies: u64,
    /// Requests and replies that come twice.
    pub duplicates: u64,
    /// Requests that are answered with 503 and not carried out.
    pub refused: u64,
    /// Requests that are answered with a declared error.
    pub declined: u64,
    /// Requests that would undo something and are refused for good.
    pub not_undone: u64,
    /// Worlds in which the disk is full for a while.
    pub full_disks: u64,
    /// Worlds in which a sync fails.
    pub failed_syncs: u64,
    /// Signals that nobody sends.
    pub forgotten: u64,
    /// Worlds in which the clock is set, forward or back.
    pub clocks_set: u64,
    /// Worlds in which the journal is compacted every now and then.
    pub compacted: u64,
    /// Worlds in which everything is encrypted; this is decided by the seed alone.
    pub encrypted: u64,
    /// Workers that are never heard of again, and those that do not say that they still work.
    pub silent: u64,
}

impl EventPlan {
    pub(super) fn payload(&self, telling: usize) -> String {
        self.payload.replace('#', &telling.to_string())
    }
}

impl Scenario {
    /// These starts and signals, with the usual faults.
    #[must_use]
    pub fn new(starts: Vec<StartPlan>, signals: Vec<SignalPlan>) -> Self {
        Self {
            starts,
            signals,
            events: Vec::new(),
            requests: Vec::new(),
            cancels: 100,
            pauses: 200,
            terminates: 60,
            restarts: 250,
            newer: None,
            deploys: 0,
            faults: Faults::default(),
            crash_after: None,
            power: Vec::new(),
            compact_every: None,
            bug: None,
        }
    }

    /// The same in a world in which nothing goes wrong by chance, nobody forgets and nobody steers.
    #[must_use]
    pub fn calm(self) -> Self {
        Self {
            cancels: 0,
            pauses: 0,
            terminates: 0,
            restarts: 0,
            deploys: 0,
            faults: Faults::NONE,
            ..self
        }
    }
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        crashes: 0,
        torn_writes: 0,
        unsent: 0,
        lost_requests: 0,
        lost_replies: 0,
        duplicates: 0,
        refused: 0,
        declined: 0,
        not_undone: 0,
        full_disks: 0,
        failed_syncs: 0,
        forgotten: 0,
        clocks_set: 0,
        compacted: 0,
        encrypted: 0,
        silent: 0,
    };
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            crashes: 4,
            torn_writes: 30,
            unsent: 50,
            lost_requests: 50,
            lost_replies: 80,
            duplicates: 50,
            refused: 50,
            declined: 80,
            not_undone: 200,
            full_disks: 150,
            failed_syncs: 100,
            forgotten: 150,
            clocks_set: 0,
            compacted: 700,
            encrypted: 250,
            silent: 150,
        }
    }
}
