//! The API over HTTP/1.1: start runs, see them, tell them things, follow them.
//!
//! Everybody is asked who they are, unless only this machine can reach it and nobody has made a token; and no requests
//! are taken that a web page of somebody else sends. The folder: `table` (what there is, who may, what goes in and comes
//! out), `openapi` (the same for programs), `identity` and `door` (who asks, and what they may), `guard` (foreign pages),
//! `routes` and what stands beside it (what each does), `body` (reading what is sent), `events` (server-sent events),
//! `problem` (errors as RFC 9457 has them), `connections` (accepting, limits, a graceful stop).

mod audit;
mod batch;
mod body;
mod connections;
mod door;
mod error;
mod events;
mod filter;
mod guard;
pub mod identity;
mod list;
mod openapi;
mod problem;
mod route;
mod routes;
mod schedules;
mod share;
mod steer;
mod table;
mod told;
mod wait;
mod workers;

pub use audit::AuditOptions;
pub use door::Identity;
pub use error::ServerError;
pub use openapi::openapi;

use crate::Host;
use audit::Audit;
use door::Door;
use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch};

/// What the server may do and what a stranger may cost us.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How those are known who may come in.
    pub identity: Identity,
    /// Where it is kept who did what; nowhere if nothing is said.
    pub audit: Option<AuditOptions>,
    /// Whether others than this machine may reach it although nobody is asked who they are.
    pub allow_remote: bool,
    /// The longest body of a request, in bytes.
    pub body_bytes: usize,
    /// The longest head of a request, in bytes; at least 8 KiB.
    pub header_bytes: usize,
    /// The most headers of a request.
    pub headers: usize,
    /// The most connections at once; more wait to be accepted.
    pub connections: usize,
    /// The longest that the head, and after it the body, of a request may take to come.
    pub read_timeout: Duration,
    /// The longest that a stop waits for requests on their way.
    pub grace: Duration,
}

impl ServerOptions {
    /// 4 MiB of body, 64 KiB of head, 100 headers, 1024 connections, 30 s to read, 10 s to stop.
    #[must_use]
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            identity: Identity::default(),
            audit: None,
            allow_remote: false,
            body_bytes: 4 << 20,
            header_bytes: 64 << 10,
            headers: 100,
            connections: 1024,
            read_timeout: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    options: ServerOptions,
    audit: Option<Audit>,
}

/// What every request can reach.
#[derive(Clone)]
struct Shared {
    host: Host,
    options: ServerOptions,
    door: Door,
    audit: Option<Audit>,
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
        let listener = TcpListener::bind(options.listen).await.map_err(unlistened)?;
        let address = listener.local_addr().map_err(unlistened)?;
        let audit = options.audit.clone().map(|audit| {
            let path = audit.path.clone();
            Audit::open(audit).map_err(|error| ServerError::Audit { path, error })
        });
        Ok(Self {
            listener,
            address,
            audit: audit.transpose()?,
            options,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers for a host until `stop` is ready. Then nothing is accepted any more, requests on their way are
    /// answered, and this returns; the host goes on, and is shut down by whoever opened it.
    pub async fn serve(self, host: Host, stop: impl Future<Output = ()>) {
        let (stopper, stopping) = watch::channel(false);
        let shared = Shared {
            host,
            options: self.options.clone(),
            door: Door::new(self.options.identity.clone()),
            audit: self.audit,
            stopping,
        };
        let router = routes::router(shared);
        connections::serve(self.listener, router, &self.options, stop, &stopper).await;
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}
