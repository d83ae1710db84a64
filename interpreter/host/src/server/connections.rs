//! Accepting connections within limits, and letting them end.

use super::{ServerOptions, identity::Peer};
use crate::{Host, metrics::Open};
use axum::Router;
use flowmesh_mesh::Certificate;
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use std::{future::Future, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};

/// After an error of `accept`, such as too many open files, the next try waits.
const ACCEPT_WAIT: Duration = Duration::from_millis(100);

/// Where connections come in.
pub(super) struct Entry {
    pub(super) listener: TcpListener,
    /// Whose measures count them.
    pub(super) counted: Option<Host>,
    /// With what they are made safe, if they are.
    pub(super) certificate: Option<Arc<Certificate>>,
}

/// What a connection has, for as long as it lives.
struct Connected {
    peer: Peer,
    permit: Option<OwnedSemaphorePermit>,
    counted: Option<Host>,
    watcher: Watcher,
}

/// Serves until `stop` is ready, then lets requests on their way end within the grace.
pub(super) async fn serve(
    entry: Entry,
    router: Router,
    options: &ServerOptions,
    stop: impl Future<Output = ()>,
    stopper: &watch::Sender<bool>,
) {
    let free = Arc::new(Semaphore::new(options.connections));
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            (stream, peer, permit) = accept(&entry.listener, &free) => {
                let counted = entry.counted.clone();
                let watcher = graceful.watcher();
                let connected = Connected { peer, permit, counted, watcher };
                let (router, options) = (router.clone(), options.clone());
                match entry.certificate.clone() {
                    Some(certificate) => drop(tokio::spawn(secure(stream, certificate, connected, router, options))),
                    None => drop(tokio::spawn(answer(stream, connected, router, options))),
                }
            }
            () = &mut stop => break,
        }
    }
    drop(entry);
    stopper.send_replace(true);
    if tokio::time::timeout(options.grace, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("stopped with requests still on their way");
    }
}

/// A connection, when there is room for one.
async fn accept(
    listener: &TcpListener,
    free: &Arc<Semaphore>,
) -> (TcpStream, Peer, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so there is always a permit.
    let permit = free.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, Peer(peer), permit),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_WAIT).await;
            }
        }
    }
}

/// Answers on a connection once it is safe. Who takes as long for that as the head of a request may take is not waited for.
async fn secure(
    stream: TcpStream,
    certificate: Arc<Certificate>,
    connected: Connected,
    router: Router,
    options: ServerOptions,
) {
    // Small answers shall not wait for each other.
    let _ = stream.set_nodelay(true);
    let safe = tokio::time::timeout(options.read_timeout, certificate.accept(stream)).await;
    match safe {
        Ok(Ok(stream)) => converse(stream, connected, router, options).await,
        Ok(Err(why)) => {
            tracing::debug!(peer = %connected.peer.0, %why, "a connection could not be made safe");
        }
        Err(_) => tracing::debug!(peer = %connected.peer.0, "a connection took too long to be made safe"),
    }
}

async fn answer(stream: TcpStream, connected: Connected, router: Router, options: ServerOptions) {
    let _ = stream.set_nodelay(true);
    converse(stream, connected, router, options).await;
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    connected: Connected,
    router: Router,
    options: ServerOptions,
) {
    let Connected {
        peer,
        permit,
        counted,
        watcher,
    } = connected;
    let inner = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        inner.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.read_timeout)
        .max_buf_size(options.header_bytes.max(8 << 10))
        .max_headers(options.headers)
        .serve_connection(TokioIo::new(stream), service);
    let _open = counted
        .as_ref()
        .map(|host| Open::new(&host.metrics().connections));
    // What goes wrong on a connection is the client's to see.
    let _ = watcher.watch(connection).await;
    drop(permit);
}
