//! The API over HTTP/1.1: start runs, see them, tell them things, follow them.
//!
//! Everybody is asked who they are, unless only this machine can reach it and nobody has made a token; and no requests
//! are taken that a web page of somebody else sends. The folder: `table` (what there is, who may, what goes in and comes
//! out), `openapi` (the same for programs), `identity` and `door` (who asks, and what they may), `guard` (foreign pages),
//! `once` (requests that come again), `routes` and what stands beside it (what each does), `body` (reading what is sent), `events` (server-sent events),
//! `problem` (errors as RFC 9457 has them), `connections` (accepting, limits, a graceful stop), `audit` (who did what),
//! `health` (alive, ready, measured), `admin` (the same of gateways that stand by themselves).

mod admin;
mod audit;
mod batch;
mod body;
mod connections;
mod deployments;
mod door;
mod error;
mod events;
mod filter;
mod guard;
mod health;
pub mod identity;
mod limits;
mod list;
mod once;
mod openapi;
mod past;
mod problem;
mod results;
mod route;
mod routes;
mod schedules;
mod services;
mod share;
mod stand;
mod steer;
mod table;
mod told;
mod visits;
mod wait;
mod workers;

pub use admin::{Admin, Attended};
pub use audit::AuditOptions;
pub use deployments::ConfigValues;
pub use door::Identity;
pub use error::ServerError;
pub(crate) use limits::{LimitLeases, LimitWish, LimitWishes};
pub use openapi::openapi;

use crate::Host;
use audit::Audit;
use connections::Entry;
use door::Door;
use flowmesh_mesh::Certificate;
use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
};

/// What the server may do and what a stranger may cost us.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How those are known who may come in.
    pub identity: Identity,
    /// Where the values of configs come from for programs that are deployed.
    pub values: ConfigValues,
    /// Where it is kept who did what; nowhere if nothing is said.
    pub audit: Option<AuditOptions>,
    /// The certificate that it shows, and the key of that, where connections to it are made safe; read again when they
    /// change.
    pub tls: Option<CertificateFiles>,
    /// Whether others than this machine may reach it although nobody is asked who they are.
    pub allow_remote: bool,
    /// The longest body of a request, in bytes.
    pub body_bytes: usize,
    /// What the bodies of all requests may take together, in KiB.
    pub bodies_kib: usize,
    /// The longest head of a request, in bytes; at least 8 KiB.
    pub header_bytes: usize,
    /// The most headers of a request.
    pub headers: usize,
    /// The most connections at once; more wait to be accepted.
    pub connections: usize,
    /// The longest that the head, and after it the body, of a request may take to come.
    pub read_timeout: Duration,
    /// Where to say whether it is alive and ready, and how it does; nowhere if nothing is said.
    pub health: Option<SocketAddr>,
    /// Whether the gateways beside it listen; it is not ready before. True where nobody says otherwise.
    pub gateways: Arc<AtomicBool>,
    /// So long it says that it is not ready before it takes no connections any more.
    pub drain: Duration,
    /// The longest that a stop waits for requests on their way.
    pub grace: Duration,
}

impl ServerOptions {
    /// 32 MiB of body and 256 of all together, 64 KiB of head, 100 headers, 1024 connections, 30 s to read, 10 s to stop.
    #[must_use]
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            identity: Identity::default(),
            values: ConfigValues::default(),
            audit: None,
            tls: None,
            allow_remote: false,
            body_bytes: 32 << 20,
            bodies_kib: 256 << 10,
            header_bytes: 64 << 10,
            headers: 100,
            connections: 1024,
            read_timeout: Duration::from_secs(30),
            health: None,
            gateways: Arc::new(AtomicBool::new(true)),
            drain: Duration::ZERO,
            grace: Duration::from_secs(10),
        }
    }
}

/// Files in PEM: a certificate, with those that lead to its authority, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate.
    pub certificate: PathBuf,
    /// The key.
    pub key: PathBuf,
}

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    certificate: Option<Arc<Certificate>>,
    address: SocketAddr,
    options: ServerOptions,
    audit: Option<Audit>,
    health: Option<TcpListener>,
}

/// What every request can reach.
#[derive(Clone)]
struct Shared {
    host: Host,
    options: ServerOptions,
    door: Door,
    audit: Option<Audit>,
    /// Whether it is about to stop.
    draining: Arc<AtomicBool>,
    /// What the bodies of all requests may still take.
    room: body::Room,
    /// Which requests with keys are under way.
    doing: once::Doing,
    /// Becomes true when the server stops: whoever waits answers with what there is.
    stopping: watch::Receiver<bool>,
}

impl Server {
    /// Listens. Nothing is answered before [`Server::serve`].
    ///
    /// # Errors
    /// If others could reach the address and nobody is asked who they are, if it cannot be had, or if nobody could see who
    /// did what.
    pub async fn bind(options: ServerOptions) -> Result<Self, ServerError> {
        let open = !options.allow_remote && !options.identity.asks();
        if open && !is_loopback(options.listen.ip()) {
            return Err(ServerError::Remote {
                listen: options.listen,
            });
        }
        let unlistened = |error| ServerError::Listen {
            listen: options.listen,
            error,
        };
        let certificate = options.tls.as_ref().map(|files| {
            let loaded = Certificate::load(&files.certificate, &files.key, None);
            loaded.map(Arc::new).map_err(ServerError::Certificate)
        });
        let certificate = certificate.transpose()?;
        let listener = TcpListener::bind(options.listen).await.map_err(unlistened)?;
        let address = listener.local_addr().map_err(unlistened)?;
        let health = match options.health {
            None => None,
            Some(listen) => {
                let unlistened = |error| ServerError::Listen { listen, error };
                Some(TcpListener::bind(listen).await.map_err(unlistened)?)
            }
        };
        let audit = options.audit.clone().map(|audit| {
            let path = audit.path.clone();
            Audit::open(audit).map_err(|error| ServerError::Audit { path, error })
        });
        Ok(Self {
            listener,
            certificate,
            address,
            audit: audit.transpose()?,
            health,
            options,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it says whether it is alive and ready.
    #[must_use]
    pub fn health(&self) -> Option<SocketAddr> {
        self.health
            .as_ref()
            .and_then(|listener| listener.local_addr().ok())
    }

    /// Answers for a host until `stop` is ready. Then it says that it is not ready, for as long as the options say;
    /// nothing is accepted any more, requests on their way are answered, and this returns. The host goes on, and is shut
    /// down by whoever opened it.
    pub async fn serve(self, host: Host, stop: impl Future<Output = ()>) {
        let (stopper, stopping) = watch::channel(false);
        let shared = Shared {
            host: host.clone(),
            options: self.options.clone(),
            door: Door::new(self.options.identity.clone()),
            audit: self.audit,
            draining: Arc::default(),
            room: body::Room::new(self.options.bodies_kib),
            doing: once::Doing::default(),
            stopping,
        };
        let draining = shared.draining.clone();
        let drained = async {
            stop.await;
            draining.store(true, Ordering::Relaxed);
            tokio::time::sleep(self.options.drain).await;
        };
        let (done, over) = oneshot::channel::<()>();
        let watched = watch_over(self.health, &shared, over);
        let router = routes::router(shared);
        let entry = Entry {
            listener: self.listener,
            counted: Some(host.clone()),
            certificate: self.certificate,
        };
        connections::serve(entry, router, &self.options, drained, &stopper).await;
        // It says to the very end that the server is not ready.
        drop(done);
        watched.await;
    }
}

/// Answers who watches over the server, until `over` is.
fn watch_over(
    listener: Option<TcpListener>,
    shared: &Shared,
    over: oneshot::Receiver<()>,
) -> impl Future<Output = ()> + use<> {
    let router = health::router(shared);
    let options = ServerOptions {
        connections: health::CONNECTIONS,
        grace: Duration::from_secs(1),
        ..shared.options.clone()
    };
    let watching = listener.map(|listener| {
        tokio::spawn(async move {
            let (stopper, _) = watch::channel(false);
            let over = async { drop(over.await) };
            // Whoever watches over it asks without TLS.
            let entry = Entry {
                listener,
                counted: None,
                certificate: None,
            };
            connections::serve(entry, router, &options, over, &stopper).await;
        })
    });
    async {
        if let Some(watching) = watching {
            let _ = watching.await;
        }
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}
