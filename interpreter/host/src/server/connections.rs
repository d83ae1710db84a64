//! Accepting connections within limits, and letting them end.

use super::{ServerOptions, identity::Peer};
use crate::{Host, metrics::Open};
use axum::Router;
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use std::{future::Future, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};

/// After an error of `accept`, such as too many open files, the next try waits.
const ACCEPT_WAIT: Duration = Duration::from_millis(100);

/// Serves until `stop` is ready, then lets requests on their way end within the grace.
pub(super) async fn serve(
    (listener, counted): (TcpListener, Option<Host>),
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
            (stream, peer, permit) = accept(&listener, &free) => {
                spawn((stream, peer), (permit, counted.clone()), router.clone(), options, &graceful);
            }
            () = &mut stop => break,
        }
    }
    drop(listener);
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

fn spawn(
    (stream, peer): (TcpStream, Peer),
    (permit, counted): (Option<OwnedSemaphorePermit>, Option<Host>),
    router: Router,
    options: &ServerOptions,
    graceful: &GracefulShutdown,
) {
    // Small answers shall not wait for each other.
    let _ = stream.set_nodelay(true);
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
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        let _open = counted
            .as_ref()
            .map(|host| Open::new(&host.metrics().connections));
        // What goes wrong on a connection is the client's to see.
        let _ = connection.await;
        drop(permit);
    });
}
