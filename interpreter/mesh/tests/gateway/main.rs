//! Gateways over real sockets: what a visitor sends goes to a service, an operation or a flow, or is refused.

#[path = "../support/mod.rs"]
mod support;

mod bodies;
mod limits;
mod lives;
mod refused;
mod relays;
mod safe;
mod town;
