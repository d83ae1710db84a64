//! What touches the network: names, connections, requests on the wire.

mod bell;
pub(crate) mod body;
pub(crate) mod connection;
pub(crate) mod endpoint;
pub(crate) mod exchange;
pub(crate) mod gates;
pub(crate) mod grpc;
pub(crate) mod health;
pub(crate) mod hickory;
pub(crate) mod pool;
mod race;
pub(crate) mod relayed;
pub(crate) mod request;
pub(crate) mod resolver;
pub(crate) mod snapshot;
pub(crate) mod stream;
pub(crate) mod subset;
