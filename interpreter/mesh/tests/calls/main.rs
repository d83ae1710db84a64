//! Calls over real sockets, and the decisions behind them. One executable, for linking the mesh and all that it stands on
//! takes seconds and tens of megabytes each time; only `spans` stands alone, since it listens to the whole process.

#[path = "../../../../tests/support/ports.rs"]
mod ports;
#[path = "../support/mod.rs"]
mod support;

mod balance;
mod breakers;
mod caches;
mod connections;
mod daemon;
mod draining;
mod failover;
mod faults;
mod grpc;
mod guard;
mod health;
mod hedges;
mod limits;
mod mirrors;
mod mishaps;
mod model;
mod names;
mod near;
mod once;
mod requests;
mod retries;
mod safe;
mod tokens;
