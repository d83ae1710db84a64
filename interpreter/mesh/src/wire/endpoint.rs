//! An endpoint: where it is, its connections, and what is known of how it does.

use super::{
    connection::Connection, gates::Gates, grpc::channel::Channel, pool::Pool, race::race, stream::Stream,
};
use crate::{
    decide::{balance::Ewma, endpoints::Target, health::Health, outcome::Outcome},
    gauge::Tally,
    mesh::Limits,
    tls::client::{ClientTls, Version},
};
use flowmesh_ir::locality::Zone;
use http::HeaderValue;
use std::{
    future::Future,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::net::TcpStream;

/// An endpoint.
pub(crate) struct Endpoint {
    /// For people: `127.0.0.1:7002`.
    pub(crate) label: Arc<str>,
    /// Where it stands, if somebody says it.
    zone: Option<Zone>,
    /// What the header `Host` says; `None` where it could not stand there.
    pub(crate) host: Option<HeaderValue>,
    /// What every path begins with.
    pub(crate) base: String,
    /// Connections at rest.
    pub(crate) pool: Arc<Pool>,
    /// The connection for gRPC.
    pub(crate) channel: Channel,
    /// What shuts it off when it fails.
    pub(crate) gates: Gates,
    /// How connections are made safe, if they are.
    tls: Option<Arc<ClientTls>>,
    /// Whom the address names.
    named: Arc<str>,
    address: SocketAddr,
    otherwise: Option<SocketAddr>,
    cost: Mutex<Ewma>,
    pending: AtomicU32,
    busy: AtomicU32,
    unwell: AtomicBool,
    /// Its attempts, and those of all endpoints of its subset.
    pub(crate) tally: Tally,
    all: Arc<Tally>,
}

/// A request that waits for its first byte; counts while it lives.
pub(crate) struct Pending<'e>(&'e AtomicU32);

/// A request on its way, up to the last byte of its answer; counts while it lives.
pub(crate) struct UnderWay(Arc<Endpoint>);

impl Endpoint {
    /// One that nobody knows yet.
    pub(crate) fn new(
        target: &Target,
        (base, zone): (&str, Option<Zone>),
        (tls, all): (Option<Arc<ClientTls>>, Arc<Tally>),
        now: Duration,
    ) -> Self {
        Self {
            tally: Tally::default(),
            all,
            label: target.address.to_string().into(),
            zone,
            host: HeaderValue::from_str(&target.host).ok(),
            base: base.to_owned(),
            pool: Arc::default(),
            channel: Channel::default(),
            gates: Gates::default(),
            tls,
            named: target.host.clone(),
            address: target.address,
            otherwise: target.otherwise,
            cost: Mutex::new(Ewma::new(now)),
            pending: AtomicU32::new(0),
            busy: AtomicU32::new(0),
            unwell: AtomicBool::new(false),
        }
    }

    /// What tells it from all others, on every machine: where it is, and what it is asked for.
    pub(crate) fn name(&self) -> String {
        let host = self.host.as_ref().and_then(|host| host.to_str().ok());
        format!("{} {}{}", self.address, host.unwrap_or_default(), self.base)
    }

    /// Where it stands, for people.
    pub(crate) fn zone(&self) -> Option<&str> {
        self.zone.as_ref().map(Zone::as_str)
    }

    /// A new connection.
    pub(crate) async fn connect(&self, limits: &Limits) -> Result<Connection, String> {
        let stream = self.stream(limits, Version::One).await?;
        let opened = Connection::over(stream, limits).await;
        opened.map_err(|error| format!("no connection to {}: {error}", self.label))
    }

    /// A new connection that nothing was spoken on.
    pub(crate) async fn stream(&self, limits: &Limits, version: Version) -> Result<Stream, String> {
        let connecting = async {
            let stream = self.reached().await?;
            Ok(match &self.tls {
                None => Stream::Plain(stream),
                Some(tls) => Stream::Secure(Box::new(tls.secure(stream, &self.named, version).await?)),
            })
        };
        self.within(limits, connecting).await
    }

    /// A new connection for whoever makes it safe.
    pub(crate) async fn bare(&self, limits: &Limits) -> Result<TcpStream, String> {
        self.within(limits, self.reached()).await
    }

    async fn reached(&self) -> io::Result<TcpStream> {
        match self.otherwise {
            None => connected(self.address).await,
            Some(other) => race(connected(self.address), connected(other)).await,
        }
    }

    async fn within<T>(
        &self,
        limits: &Limits,
        connecting: impl Future<Output = io::Result<T>>,
    ) -> Result<T, String> {
        match tokio::time::timeout(limits.connect, connecting).await {
            Ok(Ok(reached)) => Ok(reached),
            Ok(Err(error)) => Err(format!("no connection to {}: {}", self.label, sentence(&error))),
            Err(_) => Err(format!(
                "no connection to {} within {:?}",
                self.label, limits.connect
            )),
        }
    }

    /// A request begins to wait here.
    pub(crate) fn begin(&self) -> Pending<'_> {
        self.pending.fetch_add(1, Ordering::Relaxed);
        Pending(&self.pending)
    }

    /// A request is on its way here.
    pub(crate) fn under_way(self: &Arc<Self>) -> UnderWay {
        self.busy.fetch_add(1, Ordering::Relaxed);
        UnderWay(self.clone())
    }

    /// How its breakers stand: the worst of them.
    pub(crate) fn breaker(&self, now: Duration) -> Option<u8> {
        self.gates.worst(now)
    }

    /// How many requests are on their way here.
    pub(crate) fn busy(&self) -> u32 {
        self.busy.load(Ordering::Relaxed)
    }

    /// Whether it said that it is not well, or nothing at all, when it was asked.
    pub(crate) fn unwell(&self) -> bool {
        self.unwell.load(Ordering::Relaxed)
    }

    /// Takes note of what its answers to that say.
    pub(crate) fn believe(&self, health: Health) {
        self.unwell.store(!health.is_well(), Ordering::Relaxed);
    }

    /// Takes note of how an attempt went, and how long its first byte took.
    pub(crate) fn record(&self, now: Duration, outcome: &Outcome, first_byte: Option<Duration>) {
        let status = match outcome {
            Outcome::Answer { status, .. } => Some(*status),
            _ => None,
        };
        self.tally.ended(status, first_byte);
        self.all.ended(status, first_byte);
        match first_byte {
            Some(took) if !outcome.failed() => self.cost().observe(now, took),
            _ => self.cost().penalize(now, outcome.retry_after()),
        }
    }

    /// Nobody waited any longer for an answer, since another one had it: it would have taken longer than this.
    pub(crate) fn was_left(&self, now: Duration, after: Duration) {
        self.cost().observe(now, after);
    }

    /// What one more request would cost.
    pub(crate) fn load(&self, now: Duration) -> f64 {
        self.cost().load(now, self.pending.load(Ordering::Relaxed))
    }

    /// Whether it failed a short while ago.
    pub(crate) fn failing(&self, now: Duration) -> bool {
        self.cost().failing(now)
    }

    /// A panic elsewhere cannot leave three numbers in a bad state.
    fn cost(&self) -> MutexGuard<'_, Ewma> {
        self.cost.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn connected(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The error without the number that the system adds.
fn sentence(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::NetworkUnreachable => "network unreachable".to_owned(),
        io::ErrorKind::HostUnreachable => "host unreachable".to_owned(),
        _ => error.to_string(),
    }
}
