//! Who shows wrong tokens too often is not looked at for a while.
//!
//! A token of 256 bits cannot be guessed; what is limited is the work that wrong ones make, and the lines they write.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// So many may fail in a row.
const FAILURES_MAX: u32 = 20;
/// They are forgotten after so long.
const WINDOW: Duration = Duration::from_secs(60);
/// The most peers that are remembered.
const PEERS_MAX: usize = 10_000;

/// The address of the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct Peer(pub(in crate::server) SocketAddr);

/// Peers that failed.
#[derive(Debug, Default)]
pub(in crate::server) struct Peers(Mutex<HashMap<IpAddr, Failures>>);

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    since: Instant,
}

impl Peers {
    /// How long nothing that this peer shows is looked at.
    pub(in crate::server) fn blocked(&self, peer: Peer) -> Option<Duration> {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = failures.get(&whole(peer.0.ip()))?;
        let left = WINDOW.checked_sub(found.since.elapsed())?;
        (found.count >= FAILURES_MAX).then_some(left)
    }

    /// What a peer showed was wrong.
    pub(in crate::server) fn failed(&self, peer: Peer) {
        let now = Instant::now();
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= PEERS_MAX {
            failures.retain(|_, failures| failures.since.elapsed() < WINDOW);
        }
        // Of more peers than that, none is remembered longer for one that is new.
        if failures.len() >= PEERS_MAX && !failures.contains_key(&whole(peer.0.ip())) {
            return;
        }
        let found = failures
            .entry(whole(peer.0.ip()))
            .or_insert(Failures { count: 0, since: now });
        if found.since.elapsed() >= WINDOW {
            *found = Failures { count: 0, since: now };
        }
        found.count = found.count.saturating_add(1);
    }
}

/// Somebody with one address of IPv6 has all of the same 64 bits.
fn whole(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> Peer {
        Peer(SocketAddr::new(text.parse().unwrap(), 1))
    }

    #[tokio::test(start_paused = true)]
    async fn who_fails_too_often_waits_and_others_do_not() {
        let peers = Peers::default();
        for _ in 0..FAILURES_MAX {
            assert_eq!(peers.blocked(peer("10.0.0.1")), None);
            peers.failed(peer("10.0.0.1"));
        }
        assert_eq!(peers.blocked(peer("10.0.0.1")), Some(WINDOW));
        assert_eq!(peers.blocked(peer("::ffff:10.0.0.1")), Some(WINDOW));
        assert_eq!(peers.blocked(peer("10.0.0.2")), None);
        tokio::time::advance(WINDOW + Duration::from_millis(1)).await;
        assert_eq!(peers.blocked(peer("10.0.0.1")), None);
    }

    #[tokio::test(start_paused = true)]
    async fn one_network_of_ipv6_is_one_peer_and_not_all_are_remembered() {
        let peers = Peers::default();
        for last in 0..FAILURES_MAX {
            peers.failed(peer(&format!("2001:db8::{last:x}")));
        }
        assert!(peers.blocked(peer("2001:db8::ffff")).is_some());
        for number in 0..20_000u32 {
            peers.failed(Peer(SocketAddr::new(IpAddr::from(number.to_be_bytes()), 1)));
        }
        assert!(peers.0.lock().unwrap().len() <= PEERS_MAX);
    }
}
