//! The host: where runs live. It keeps their journal, tells them the time, sends their calls through the mesh and
//! answers for them over HTTP.
//!
//! This room knows the machine and the mesh and joins them. It does not know the language or the command line.
//!
//! INVARIANT: an event is on stable storage before anything that follows from it leaves the process.

pub mod clock;
pub mod disk;
mod run_id;
pub mod simulate;
pub mod store;

pub use run_id::RunId;
