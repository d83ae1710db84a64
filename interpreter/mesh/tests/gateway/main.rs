//! Gateways over real sockets: what a visitor sends goes to a service, an operation or a flow, or is refused.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot be set up has failed"
)]

#[path = "../../../../tests/support/ports.rs"]
mod ports;
#[path = "../support/mod.rs"]
mod support;

mod bodies;
mod caches;
mod copies;
mod failover;
mod known;
mod limits;
mod lives;
mod login;
mod mishaps;
mod passes;
mod peers;
mod refused;
mod relays;
mod routes;
mod safe;
mod spoken;
mod stays;
mod town;
mod traced;
#[cfg(unix)]
mod workload;
