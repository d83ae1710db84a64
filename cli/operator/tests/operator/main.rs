//! The operator against a double of the API server and the real server of flowmesh, over HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

#[path = "../../../../tests/support/ports.rs"]
mod ports;

mod crds;
mod deletion;
mod documents;
mod double;
mod election;
mod health;
mod idle;
mod others;
mod pieces;
mod pods;
mod process;
mod programs;
mod runs;
mod versions;
mod watches;
mod world;
