//! Asking over HTTP/2, for those who speak nothing else: small requests, and answers with what comes behind them.

use super::fetch::{BYTES_MAX, TIME_MAX, words};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt;
use std::sync::Arc;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// Over HTTP/2, with the certificates that the system trusts, or without TLS where the address says so.
pub struct Http2(TlsConnector);

/// What an answer holds.
#[derive(Debug)]
pub struct Whole {
    /// The body.
    pub body: Bytes,
    /// The headers behind it.
    pub trailers: HeaderMap,
}

impl Http2 {
    /// Reads what the system trusts.
    ///
    /// # Errors
    /// If that cannot be read.
    pub fn new() -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(BuilderVerifierExt::with_platform_verifier)
            .map_err(words)?;
        let mut config = config.with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Sends a small request on a connection of its own, and reads the answer, whatever its status.
    ///
    /// # Errors
    /// In words, why there is none: no connection, a longer answer than may be, or none within ten seconds.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Whole>, String> {
        let sent = tokio::time::timeout(TIME_MAX, self.connect(request)).await;
        sent.unwrap_or_else(|_| Err("it took too long".to_owned()))
    }

    async fn connect(&self, request: Request<Bytes>) -> Result<Response<Whole>, String> {
        let (host, port, secure) = place(request.uri())?;
        let stream = TcpStream::connect((host.as_str(), port)).await.map_err(words)?;
        if !secure {
            return exchange(stream, request).await;
        }
        let name = ServerName::try_from(host).map_err(words)?;
        let stream = self.0.connect(name, stream).await.map_err(words)?;
        exchange(stream, request).await
    }
}

/// The host without brackets, the port, and whether it is asked with TLS.
fn place(uri: &Uri) -> Result<(String, u16, bool), String> {
    let authority = uri.authority().ok_or("it names no host")?;
    let secure = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err("it begins with neither `http://` nor `https://`".to_owned()),
    };
    let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let host = authority.host().trim_matches(['[', ']']).to_owned();
    Ok((host, port, secure))
}

async fn exchange<S>(stream: S, request: Request<Bytes>) -> Result<Response<Whole>, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(words)?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request.map(Full::new)).await;
    let (head, body) = answer.map_err(words)?.into_parts();
    let whole = Limited::new(body, BYTES_MAX).collect().await;
    connection.abort();
    let whole = whole.map_err(words)?;
    let trailers = whole.trailers().cloned().unwrap_or_default();
    let body = whole.to_bytes();
    Ok(Response::from_parts(head, Whole { body, trailers }))
}
