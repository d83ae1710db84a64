//! Who asks: by HTTP/1.1, with TLS or without, or by HTTP/2.

use super::{credentials, load::Load};
use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::spawn_local,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

/// So many requests share a connection of HTTP/2.
const STREAMS: usize = 8;

/// How it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speech {
    /// HTTP/1.1.
    Plain,
    /// HTTP/1.1 over TLS.
    Tls,
    /// HTTP/2 without TLS.
    Http2,
}

/// Somebody who has one request on the way at a time.
pub(crate) enum Client {
    One(http1::SendRequest<Empty<Bytes>>),
    Two(http2::SendRequest<Empty<Bytes>>),
}

impl Client {
    /// Those who ask over a new connection.
    pub(crate) async fn connect(address: SocketAddr, speech: Speech) -> Vec<Self> {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        match speech {
            Speech::Plain => vec![Self::by_one(stream).await],
            Speech::Tls => {
                let name = ServerName::try_from(credentials::HOST).unwrap();
                let connector = TlsConnector::from(credentials::trusting());
                vec![Self::by_one(connector.connect(name, stream).await.unwrap()).await]
            }
            Speech::Http2 => {
                let builder = http2::Builder::new(TokioExecutor::new());
                let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
                spawn_local(async move { drop(connection.await) });
                (0..STREAMS).map(|_| Self::Two(sender.clone())).collect()
            }
        }
    }

    async fn by_one(stream: impl AsyncRead + AsyncWrite + Unpin + 'static) -> Self {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        spawn_local(async move { drop(connection.await) });
        Self::One(sender)
    }

    /// Asks, and reads the whole answer.
    pub(crate) async fn ask(&mut self, load: &Load) {
        let answer: Response<Incoming> = match self {
            Self::One(sender) => {
                sender.ready().await.unwrap();
                let request = request(load.path.to_owned(), load).header("host", credentials::HOST);
                sender.send_request(request.body(Empty::new()).unwrap()).await
            }
            Self::Two(sender) => {
                sender.ready().await.unwrap();
                let target = format!("http://{}{}", credentials::HOST, load.path);
                let request = request(target, load);
                sender.send_request(request.body(Empty::new()).unwrap()).await
            }
        }
        .unwrap();
        assert_eq!(answer.status(), 200);
        let mut body = answer.into_body();
        while let Some(frame) = body.frame().await {
            frame.unwrap();
        }
    }
}

fn request(target: String, load: &Load) -> hyper::http::request::Builder {
    let request = Request::get(target);
    match &load.token {
        None => request,
        Some(token) => request.header("authorization", format!("Bearer {token}")),
    }
}
