//! Where visitors come in: connections within limits, and an end in which nobody is cut off.

use super::{
    converse::converse,
    forwarded::written,
    options::GatewayOptions,
    record::{Log, Wanted},
    rules::Rules,
    visit::Peer,
};
use crate::{decide::chance::Source, gauge::VisitMeasures, tls::Certificate};
use std::{
    collections::HashMap,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};
use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};

/// After an error of `accept`, such as too many open files, the next try waits.
const ACCEPT_WAIT: Duration = Duration::from_millis(100);

/// What all listeners of a gateway share: its rules, which can be swapped, and what strangers have used up.
pub struct Door {
    rules: RwLock<Arc<Rules>>,
    pub(super) options: GatewayOptions,
    pub(super) log: Option<Arc<dyn Log>>,
    pub(super) certificate: Option<Certificate>,
    /// Whether who does not speak TLS is let in where TLS is listened for.
    pub(super) permissive: bool,
    pub(super) chance: Source,
    free: Arc<Semaphore>,
    /// What the bodies that are read whole may take together, in KiB.
    bodies: Arc<Semaphore>,
    addresses: Mutex<HashMap<IpAddr, usize>>,
}

/// Why a gateway cannot listen.
#[derive(Debug, Error)]
pub enum ListenError {
    /// The address cannot be had.
    #[error("the gateway cannot listen at {address}: {error}")]
    Address {
        /// Which.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// There is no certificate to show.
    #[error("the gateway has no certificate to show at {0}")]
    Bare(SocketAddr),
}

/// A gateway that listens at one address.
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
    door: Arc<Door>,
    secure: bool,
}

/// One connection of an address; counts while it lives.
struct Counted(Arc<Door>, IpAddr);

/// What a connection has of the limits, for as long as it lives, whatever it is used for.
pub(super) struct Room {
    _counted: Counted,
    _permit: Option<OwnedSemaphorePermit>,
    /// What the proxy has that it came by.
    _proxy: Option<Arc<Room>>,
}

impl Door {
    /// A door that opens to `rules`.
    #[must_use]
    pub fn new(
        rules: Arc<Rules>,
        options: GatewayOptions,
        certificate: Option<Certificate>,
        log: Option<Arc<dyn Log>>,
        seed: u64,
    ) -> Self {
        Self {
            rules: RwLock::new(rules),
            free: Arc::new(Semaphore::new(options.connections)),
            bodies: Arc::new(Semaphore::new(options.bodies_kib)),
            options,
            log,
            certificate,
            permissive: false,
            chance: Source::new(seed),
            addresses: Mutex::default(),
        }
    }

    /// Where TLS is listened for, who speaks without is let in, too.
    #[must_use]
    pub fn permissive(mut self) -> Self {
        self.permissive = true;
        self
    }

    /// Requests that begin from now on go by these rules; those on their way end as they began.
    pub fn swap(&self, rules: Arc<Rules>) {
        rules.take_over(&self.rules());
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    pub(super) fn rules(&self) -> Arc<Rules> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was measured of its visits.
    #[must_use]
    pub fn measures(&self) -> VisitMeasures {
        let rules = self.rules();
        rules.measured().measures(&rules.plan)
    }

    /// What is to be told of a visit.
    pub(super) fn wanted(&self) -> Wanted {
        self.log.as_ref().map_or(Wanted::Nothing, |log| log.wanted())
    }

    /// Room for a body that is read whole, if there is any.
    pub(super) fn room(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let kib = u32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(u32::MAX);
        self.bodies.clone().try_acquire_many_owned(kib).ok()
    }

    /// What one more connection of whom a proxy names has of the limits, unless they have too many.
    pub(super) fn named(self: &Arc<Self>, visitor: IpAddr, proxy: Option<Arc<Room>>) -> Option<Arc<Room>> {
        let room = Room {
            _counted: self.count(visitor, true)?,
            _permit: None,
            _proxy: proxy,
        };
        Some(Arc::new(room))
    }

    /// Whether whoever connects is a proxy that is trusted, which has the connections of all its visitors.
    fn is_behind_proxy(&self) -> bool {
        let rules = self.rules();
        let gateway = rules.gateway();
        gateway.is_some_and(|gateway| gateway.trusted_hops > 0 || gateway.proxied)
    }

    /// Takes note of one more connection of an address, unless it has too many where that matters.
    fn count(self: &Arc<Self>, address: IpAddr, matters: bool) -> Option<Counted> {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let open = addresses.entry(address).or_default();
        if matters && *open >= self.options.connections_per_address {
            return None;
        }
        *open = open.saturating_add(1);
        Some(Counted(self.clone(), address))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut addresses = self.0.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = addresses.get_mut(&self.1) {
            *open = open.saturating_sub(1);
            if *open == 0 {
                addresses.remove(&self.1);
            }
        }
    }
}

impl Listener {
    /// Listens, with TLS where `secure`: connections that no `tls` route takes are opened with the certificate of the door.
    /// Nothing is answered before [`Listener::serve`].
    ///
    /// # Errors
    /// If the address cannot be had, or there is no certificate to show.
    pub async fn bind(address: SocketAddr, secure: bool, door: Arc<Door>) -> Result<Self, ListenError> {
        let hands_on = door.rules().gateway().is_some_and(|it| !it.passes.is_empty());
        if secure && door.certificate.is_none() && !hands_on {
            return Err(ListenError::Bare(address));
        }
        let unheard = |error| ListenError::Address { address, error };
        let listener = TcpListener::bind(address).await.map_err(unheard)?;
        let address = listener.local_addr().map_err(unheard)?;
        Ok(Self {
            listener,
            address,
            door,
            secure,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is ready; then nothing is accepted any more, and requests on their way end within the grace.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let (stopper, _) = watch::channel(false);
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                (stream, peer, permit) = self.accept() => self.spawn(stream, peer, permit, stopper.subscribe()),
                () = &mut stop => break,
            }
        }
        drop(self.listener);
        let grace = self.door.options.grace;
        stopper.send_replace(true);
        if tokio::time::timeout(grace, stopper.closed()).await.is_err() {
            tracing::warn!(address = %self.address, "the gateway stopped with requests still on their way");
        }
    }

    /// A connection, when there is room for one.
    async fn accept(&self) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
        // The semaphore is never closed, so there is always a permit.
        let permit = self.door.free.clone().acquire_owned().await.ok();
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => return (stream, peer, permit),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_WAIT).await;
                }
            }
        }
    }

    fn spawn(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        permit: Option<OwnedSemaphorePermit>,
        stopping: watch::Receiver<bool>,
    ) {
        let matters = !self.door.is_behind_proxy();
        let Some(counted) = self.door.count(peer.ip().to_canonical(), matters) else {
            return;
        };
        // Small answers shall not wait for each other.
        let _ = stream.set_nodelay(true);
        let (door, secure) = (self.door.clone(), self.secure);
        let room = Room {
            _counted: counted,
            _permit: permit,
            _proxy: None,
        };
        let peer = Peer {
            address: peer,
            written: written(peer.ip().to_canonical()),
            secure,
            identity: None,
            room: Some(Arc::new(room)),
        };
        tokio::spawn(converse(door, stream, peer, stopping));
    }
}
