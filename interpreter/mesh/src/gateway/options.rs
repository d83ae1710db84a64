//! What a stranger may cost a gateway.

use std::time::Duration;

/// What a stranger may cost a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatewayOptions {
    /// The most connections at once; more wait to be accepted.
    pub connections: usize,
    /// The most connections of one address at once; more are closed at once.
    pub connections_per_address: usize,
    /// The longest head of a request, in bytes; at least 8 KiB.
    pub header_bytes: usize,
    /// The most headers of a request.
    pub headers: usize,
    /// The longest body of a request, in bytes.
    pub body_bytes: u64,
    /// The longest body that a flow or an operation gets, in bytes: it is read whole.
    pub whole_bytes: u64,
    /// What the bodies of all visitors that are read whole may take together, in KiB.
    pub bodies_kib: usize,
    /// The longest that a head may take to come, from the beginning of a connection or the end of the answer before.
    pub head_time: Duration,
    /// The longest that a TLS handshake may take.
    pub handshake_time: Duration,
    /// The longest that either side may send nothing: in the middle of a body, or after an upgrade.
    pub silence: Duration,
    /// The most requests at once on one connection of HTTP/2.
    pub streams: u32,
    /// The most streams of one connection that were reset and are not done with.
    pub resets: usize,
    /// The longest that a stop waits for requests on their way.
    pub grace: Duration,
}

impl Default for GatewayOptions {
    /// 10,000 connections and 1,000 of one address, 64 KiB of head and 100 headers, 32 MiB of body and 8 MiB where it is
    /// read whole, 256 MiB of those together, 30 s for a head, 10 s for a handshake, 60 s of silence, 128 streams, 20 resets, 10 s to stop.
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 1_000,
            header_bytes: 64 << 10,
            headers: 100,
            body_bytes: 32 << 20,
            whole_bytes: 8 << 20,
            bodies_kib: 256 << 10,
            head_time: Duration::from_secs(30),
            handshake_time: Duration::from_secs(10),
            silence: Duration::from_secs(60),
            streams: 128,
            resets: 20,
            grace: Duration::from_secs(10),
        }
    }
}
