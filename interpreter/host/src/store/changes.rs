//! What changes in the index: cut together with a batch of the journal, and handed over when that is on stable storage.

use super::{
    act::{ActKey, KeptAct},
    record::{Location, Position, Traffic},
    result::{KeptResult, ResultKey},
    row::{Block, Granted, Guarded, Pace, Row},
};
use crate::RunId;
use flowmesh_ir::Hash;
use std::sync::Arc;

/// Everything that changed since the changes before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// A batch all of whose effects are in the index with these changes; effects of later ones may be.
    pub upto: Option<Position>,
    /// Runs that changed, each once.
    pub runs: Vec<Change>,
    /// Programs and settings that the journal holds.
    pub programs: Vec<Kept>,
    /// Programs and settings that it holds no longer.
    pub dropped: Vec<Hash>,
    /// Where the traffic of services goes that was moved, if that changed: all of it.
    pub traffic: Option<Vec<Traffic>>,
    /// Guards of which something changed beside who holds them and who waits; `None` if there is nothing to know now.
    pub paces: Vec<(Guarded, Option<Pace>)>,
    /// What is known of all guards together, if that changed.
    pub granted: Option<Granted>,
    /// Results that may be reused from now on, and those that are not kept any more.
    pub results: Vec<(ResultKey, Option<KeptResult>)>,
    /// What was done with keys of those who did it, and what of that is not kept any more.
    pub acts: Vec<(ActKey, Option<KeptAct>)>,
    /// What its owner wants to find again, if that changed.
    pub note: Option<Vec<u8>>,
}

/// What changed of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Something happened to it.
    Put(Box<Put>),
    /// Some of its events were written again.
    Moved(Moved),
    /// It is kept no longer.
    Forget(RunId),
}

/// A run that something happened to.
#[derive(Clone, Debug, PartialEq)]
pub struct Put {
    /// Which.
    pub run: RunId,
    /// Its columns now.
    pub row: Row,
    /// The number of the first event whose place follows.
    pub first: u64,
    /// Where its events lie from that one on.
    pub places: Vec<Block>,
    /// Its machine, if it was written down.
    pub snapshot: Option<Snapshot>,
}

/// A machine that was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// How many events it had seen.
    pub events: u64,
    /// What it is read back from.
    pub bytes: Arc<[u8]>,
}

/// A run of which some events were written again that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Which.
    pub run: RunId,
    /// The number of the first of them.
    pub first: u64,
    /// Where they lie now.
    pub blocks: Vec<Block>,
}

/// A program, or settings, that the journal holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// Its hash.
    pub hash: Hash,
    /// Where it lies.
    pub place: Location,
}

impl Change {
    /// The run that it is about.
    #[must_use]
    pub fn run(&self) -> RunId {
        match self {
            Self::Put(put) => put.run,
            Self::Moved(moved) => moved.run,
            Self::Forget(run) => *run,
        }
    }
}
