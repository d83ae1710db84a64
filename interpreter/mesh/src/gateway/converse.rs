//! How a gateway speaks with a visitor: what a proxy says first, what is handed on unopened, TLS or not, HTTP/1.1 or
//! HTTP/2.

use super::{
    forwarded::written,
    listen::Door,
    pass::{pass, proxied},
    visit::{Peer, visit},
};
use crate::{tls::server::visitor, wire::connection::HEADERS};
use http::Request;
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::{
    future::Future,
    io,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
};
use tokio_rustls::TlsAcceptor;

/// How the first three bytes of a connection look that speaks HTTP/2 without being asked (RFC 9113, 3.4). No method of
/// HTTP/1.1 that is served begins so.
const PREFACE: &[u8; 3] = b"PRI";
/// The first byte of a connection with TLS; no text begins with it.
const HANDSHAKE: u8 = 0x16;

/// Speaks with a visitor for as long as the connection lives. What goes wrong on it is the visitor's to see.
pub(super) async fn converse(
    door: Arc<Door>,
    mut stream: TcpStream,
    mut peer: Peer,
    stopping: watch::Receiver<bool>,
) {
    let options = door.options;
    let rules = door.rules();
    if rules.gateway().is_some_and(|gateway| gateway.proxied) {
        match tokio::time::timeout(options.head_time, proxied(&mut stream)).await {
            Ok(Ok(Some(visitor))) => {
                let address = visitor.ip().to_canonical();
                let Some(room) = door.named(address, peer.room.take()) else {
                    return;
                };
                (peer.written, peer.room) = (written(address), Some(room));
                peer.address = visitor;
            }
            Ok(Ok(None)) => {}
            // Whoever does not come by the proxy is nobody whom we know.
            _ => return,
        }
    }
    if peer.secure && door.permissive {
        match tokio::time::timeout(options.head_time, speaks_tls(&stream)).await {
            Ok(Ok(secure)) => peer.secure = secure,
            _ => return,
        }
    }
    if peer.secure {
        // A connection that is handed on has no end that we could ask for; it may take as long as the grace.
        let passing = Box::pin(pass(&door, &rules, stream, peer));
        let left = tokio::select! {
            left = passing => left,
            () = grace(stopping.clone(), options.grace) => return,
        };
        let Some(left) = left else {
            return;
        };
        (stream, peer) = left;
    }
    drop(rules);
    if peer.secure && door.certificate.is_none() {
        return;
    }
    let Some(certificate) = door.certificate.as_ref().filter(|_| peer.secure) else {
        if let Ok(Ok(http2)) = tokio::time::timeout(options.head_time, speaks_http2(&stream)).await {
            Box::pin(speak(door, stream, peer, http2, stopping)).await;
        }
        return;
    };
    let acceptor = TlsAcceptor::from(certificate.config());
    if let Ok(Ok(stream)) =
        tokio::time::timeout(options.handshake_time, Box::pin(acceptor.accept(stream))).await
    {
        let session = stream.get_ref().1;
        let http2 = session.alpn_protocol() == Some(b"h2");
        let peer = Peer {
            identity: visitor(session).map(Arc::from),
            ..peer
        };
        Box::pin(speak(door, stream, peer, http2, stopping)).await;
    }
}

/// Waits until it is to stop, and as long as it may take after that.
async fn grace(mut stopping: watch::Receiver<bool>, grace: Duration) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
    tokio::time::sleep(grace).await;
}

/// Whether a connection begins with a handshake of TLS (RFC 8446, 5.1), without taking anything from it.
async fn speaks_tls(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0; 1];
    match stream.peek(&mut first).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(first == [HANDSHAKE]),
    }
}

/// Whether a connection begins as HTTP/2 does, without taking anything from it.
async fn speaks_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut start = [0; PREFACE.len()];
    loop {
        let length = stream.peek(&mut start).await?;
        let begins = start.get(..length).unwrap_or_default();
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if !PREFACE.starts_with(begins) {
            return Ok(false);
        }
        if length == PREFACE.len() {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn speak<S>(door: Arc<Door>, stream: S, peer: Peer, is_http2: bool, stopping: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let options = door.options;
    let peer = Arc::new(peer);
    // In a box of its own, so that a connection at rest has no room for a visit.
    let service =
        service_fn(move |request: Request<Incoming>| Box::pin(visit(door.clone(), peer.clone(), request)));
    let stream = TokioIo::new(stream);
    if is_http2 {
        let headers = u32::try_from(options.header_bytes).unwrap_or(u32::MAX);
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(options.streams)
            .max_header_list_size(headers)
            .max_pending_accept_reset_streams(options.resets)
            .max_local_error_reset_streams(options.resets)
            .keep_alive_interval(options.head_time)
            .keep_alive_timeout(options.head_time)
            .serve_connection(stream, service);
        Box::pin(drive(connection, http2::Connection::graceful_shutdown, stopping)).await;
    } else {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(options.head_time)
            .max_buf_size(options.header_bytes.max(8 << 10));
        if options.headers != HEADERS {
            builder.max_headers(options.headers);
        }
        let connection = builder.serve_connection(stream, service).with_upgrades();
        let end = http1::UpgradeableConnection::graceful_shutdown;
        Box::pin(drive(connection, end, stopping)).await;
    }
}

/// Drives a connection to its end. When all are to end, it takes no further request.
async fn drive<C: Future>(connection: C, end: impl FnOnce(Pin<&mut C>), mut stopping: watch::Receiver<bool>) {
    let mut connection = pin!(connection);
    tokio::select! {
        _ = &mut connection => return,
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
    end(connection.as_mut());
    connection.await;
}
