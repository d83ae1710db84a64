//! What the host needs of a store beside appending: rows, and what is found by them.

use super::{
    StoreError,
    act::{ActKey, KeptAct},
    changes::{Changes, Snapshot},
    filter::{Count, Filter, Page},
    record::{EventRecord, Traffic},
    result::{KeptResult, ResultKey},
    row::{Granted, Guarded, Pace, Row},
};
use crate::RunId;
use flowmesh_ir::Hash;
use flowmesh_machine::TimerId;
use jiff::Timestamp;
use std::sync::Arc;

/// Where a timer stands among all of them.
pub type Due = (Timestamp, RunId, TimerId);

/// A program with its settings, and how many runs that were started with them have not ended.
pub type Used = ((Hash, Hash), u64);

/// Rows, and what is found by them.
///
/// Implementers promise: what was applied is seen by every question after it; after a crash everything is as some
/// [`Shelf::apply`] left it, no older than the last [`Shelf::checkpoint`]; nothing is there that was not applied.
pub trait Shelf: Send + Sync {
    /// Takes changes, all of them or none. They follow from batches that are on stable storage.
    ///
    /// # Errors
    /// [`StoreError::Full`] if there is no room: the same changes are handed over again later. After any other error
    /// nothing can be relied on.
    fn apply(&self, changes: &Changes) -> Result<(), StoreError>;

    /// Makes stable what was applied.
    ///
    /// # Errors
    /// As for [`Shelf::apply`].
    fn checkpoint(&self) -> Result<(), StoreError>;

    /// A row.
    ///
    /// # Errors
    /// If it cannot be read.
    fn row(&self, run: RunId) -> Result<Option<Row>, StoreError>;

    /// The run of a flow that was started with a key.
    ///
    /// # Errors
    /// If it cannot be read.
    fn by_key(&self, namespace: &str, flow: &str, key: &str) -> Result<Option<RunId>, StoreError>;

    /// The machine of a run as it was written down last.
    ///
    /// # Errors
    /// If it cannot be read.
    fn snapshot(&self, run: RunId) -> Result<Option<Snapshot>, StoreError>;

    /// The events of a run from a number on, in order, as far as its row goes.
    ///
    /// # Errors
    /// If they cannot be read.
    fn events(&self, run: RunId, from: u64) -> Result<Vec<EventRecord>, StoreError>;

    /// The next timers behind one, in order.
    ///
    /// # Errors
    /// If they cannot be read.
    fn timers(&self, after: Option<Due>, limit: usize) -> Result<Vec<Due>, StoreError>;

    /// The runs that wait for an event, in order.
    ///
    /// # Errors
    /// If they cannot be read.
    fn hearers(&self, event: &str) -> Result<Vec<RunId>, StoreError>;

    /// The runs that hold or wait for a guard, in order.
    ///
    /// # Errors
    /// If they cannot be read.
    fn guarded(&self) -> Result<Vec<RunId>, StoreError>;

    /// The runs for which something was on its way.
    ///
    /// # Errors
    /// If they cannot be read.
    fn busy(&self) -> Result<Vec<RunId>, StoreError>;

    /// The newest runs that a filter wants, at most so many.
    ///
    /// # Errors
    /// If they cannot be read.
    fn search(&self, filter: &Filter, limit: usize) -> Result<Page, StoreError>;

    /// How many runs a filter wants, whichever page they are on.
    ///
    /// # Errors
    /// If they cannot be read.
    fn count(&self, filter: &Filter) -> Result<Count, StoreError>;

    /// How many runs of a flow are in each state, by the word for it.
    ///
    /// # Errors
    /// If they cannot be read.
    fn states(&self, namespace: &str, flow: &str) -> Result<Vec<(String, u64)>, StoreError>;

    /// How many runs there are in each state, in all namespaces together.
    ///
    /// # Errors
    /// If it cannot be read.
    fn totals(&self) -> Result<Vec<(String, u64)>, StoreError>;

    /// The programs with their settings that runs were started with, and how many of these have not ended.
    ///
    /// # Errors
    /// If they cannot be read.
    fn programs(&self) -> Result<Vec<Used>, StoreError>;

    /// The bytes of a program, or of settings.
    ///
    /// # Errors
    /// If they cannot be read.
    fn program(&self, hash: Hash) -> Result<Option<Arc<[u8]>>, StoreError>;

    /// The hashes of the programs and settings that the journal holds.
    ///
    /// # Errors
    /// If they cannot be read.
    fn kept(&self) -> Result<Vec<Hash>, StoreError>;

    /// Where the traffic of services goes that was moved.
    ///
    /// # Errors
    /// If they cannot be read.
    fn traffic(&self) -> Result<Vec<Traffic>, StoreError>;

    /// What is known of guards beside who holds them and who waits for them.
    ///
    /// # Errors
    /// If it cannot be read.
    fn paces(&self) -> Result<Vec<(Guarded, Pace)>, StoreError>;

    /// Results that may be reused.
    ///
    /// # Errors
    /// If they cannot be read.
    fn results(&self) -> Result<Vec<(ResultKey, KeptResult)>, StoreError>;

    /// Shows everything that was done with keys of those who did it.
    ///
    /// # Errors
    /// If it cannot be read.
    fn acts(&self, visit: &mut dyn FnMut(KeptAct)) -> Result<(), StoreError>;

    /// What was done with a key.
    ///
    /// # Errors
    /// If it cannot be read.
    fn act(&self, key: &ActKey) -> Result<Option<KeptAct>, StoreError>;

    /// What is known of all guards together.
    ///
    /// # Errors
    /// If it cannot be read.
    fn granted(&self) -> Result<Granted, StoreError>;

    /// What its owner wanted to find again.
    ///
    /// # Errors
    /// If it cannot be read.
    fn note(&self) -> Result<Vec<u8>, StoreError>;
}
