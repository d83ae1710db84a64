//! The host: where runs live. It keeps their journal, tells them the time, sends their calls through the mesh and
//! answers for them over HTTP.
//!
//! - [`store`] is the journal on the disk, [`engine`] the runs in memory: both synchronous, without a clock or a network.
//! - The driver gives them time, storage and calls; [`Host`] is how others use it.
//! - [`simulate`] drives engine and store in a world where one number decides every delay, loss and crash.
//!
//! This room knows the machine and the mesh and joins them. It does not know the language or the command line. What
//! comes from outside comes through a seam: [`clock`], [`disk`], [`network`]; [`workers`] come by themselves.
//!
//! INVARIANT: an event is on stable storage before anything that follows from it leaves the process.

pub mod clock;
pub mod disk;
mod driver;
pub mod engine;
pub mod follow;
pub mod gateways;
mod host;
mod metrics;
pub mod network;
mod run_id;
pub mod server;
pub mod simulate;
mod spans;
pub mod store;
pub mod traces;
pub mod trails;
pub mod trial;
pub mod upkeep;
pub mod workers;

pub use host::{
    Bulk, DeployError, FollowError, Group, Host, HostOptions, OpenError, Opening, Recovered, Retention,
    Upgraded,
};
pub use run_id::RunId;
