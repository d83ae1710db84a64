//! Ports for what a test starts and cannot be asked where it listens. Tests of several crates take it in by its path.

use std::{
    net::{SocketAddr, TcpListener, UdpSocket},
    sync::atomic::{AtomicU16, Ordering},
};

/// A port that was free a moment ago, for TCP and UDP, and that this process gives to nobody else.
pub(crate) fn free_port() -> u16 {
    /// Below those that the system takes for connections, or one of these may have it before it is used.
    const FIRST: u16 = 10_000;
    const COUNT: u16 = 20_000;
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    // Another process of tests begins elsewhere.
    let begin = std::process::id().wrapping_mul(997) % u32::from(COUNT);
    let begin = u16::try_from(begin).unwrap_or_default();
    loop {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (begin + given % COUNT) % COUNT;
        let here = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(here).is_ok() && UdpSocket::bind(here).is_ok() {
            return port;
        }
    }
}
