//! Asking a provider: small JSON documents over HTTPS, within limits of length and time.

use crate::decide::guard::{self, Said};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt;
use std::{future::Future, net::IpAddr, pin::Pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// The longest document.
pub(super) const BYTES_MAX: usize = 512 << 10;
/// How long all of it may take.
pub(super) const TIME_MAX: Duration = Duration::from_secs(10);

/// A document on its way, or in words why there is none.
pub type Fetched<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send + 'a>>;

/// An answer on its way, or in words why there is none.
pub type Sent<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, String>> + Send + 'a>>;

/// Gets documents: the seam through which a provider is asked.
pub trait Fetch: Send + Sync {
    /// The document at a URL that [`Https::may`] allows.
    fn get<'a>(&'a self, url: &'a str) -> Fetched<'a>;

    /// The document at a URL that somebody else's document names: it does not lead to where only we can reach.
    fn get_given<'a>(&'a self, url: &'a str) -> Fetched<'a> {
        self.get(url)
    }

    /// The answer to a small request to a URL that [`Https::may`] allows, whatever its status. Redirects are not followed.
    fn send(&self, request: Request<Bytes>, said: Said) -> Sent<'_> {
        let _ = said;
        let why = format!("nobody can be asked at `{}`", request.uri());
        Box::pin(async { Err(why) })
    }
}

/// Over HTTPS, with the certificates that the system trusts; over HTTP from this machine alone.
pub struct Https(TlsConnector);

impl Https {
    /// Reads what the system trusts.
    ///
    /// # Errors
    /// If that cannot be read.
    pub fn new() -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(BuilderVerifierExt::with_platform_verifier)
            .map_err(|why| why.to_string())?;
        Ok(Self(TlsConnector::from(Arc::new(config.with_no_client_auth()))))
    }

    /// Whether keys from a URL are to be believed: `https://`, or `http://` on this machine.
    #[must_use]
    pub fn may(url: &str) -> bool {
        let Ok(uri) = url.parse::<Uri>() else {
            return false;
        };
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let here = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        match uri.scheme_str() {
            Some("https") => !host.is_empty(),
            Some("http") => here,
            _ => false,
        }
    }

    async fn fetch_in_time(&self, url: &str, said: Said) -> Result<Vec<u8>, String> {
        let fetched = tokio::time::timeout(TIME_MAX, self.fetch(url, said)).await;
        fetched.unwrap_or_else(|_| Err("it took too long".to_owned()))
    }

    async fn fetch(&self, url: &str, said: Said) -> Result<Vec<u8>, String> {
        if !Self::may(url) {
            return Err(format!("expected a URL with `https://`, found `{url}`"));
        }
        // Redirects are not followed: keys come from where the operator said.
        let request = Request::get(url).header(header::ACCEPT, "application/json");
        let request = request.body(Bytes::new()).map_err(words)?;
        let answer = self.exchange(request, said).await?;
        match answer.status() {
            status if status.is_success() => Ok(answer.into_body().to_vec()),
            status => Err(format!("it answered with {status}")),
        }
    }

    /// The status of the answer to a `HEAD` of an address with `http://` or `https://`. Redirects are not followed.
    ///
    /// # Errors
    /// In words, why there is none.
    pub async fn head(&self, url: &str, said: Said) -> Result<u16, String> {
        let request = Request::head(url).body(Bytes::new()).map_err(words)?;
        Ok(self.send_to(request, said).await?.status().as_u16())
    }

    /// Sends a small request to an address with `http://` or `https://`, and reads the answer, whatever its status.
    /// Redirects are not followed, and what a name leads to is guarded.
    ///
    /// # Errors
    /// In words, why there is none: no connection, a longer answer than may be, or none within ten seconds.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
        self.send_to(request, Said::Written).await
    }

    /// The same to an address whose host somebody says.
    ///
    /// # Errors
    /// In words, why there is no answer.
    pub async fn send_to(&self, request: Request<Bytes>, said: Said) -> Result<Response<Bytes>, String> {
        let sent = tokio::time::timeout(TIME_MAX, self.exchange(request, said)).await;
        sent.unwrap_or_else(|_| Err("it took too long".to_owned()))
    }

    async fn exchange(&self, request: Request<Bytes>, said: Said) -> Result<Response<Bytes>, String> {
        match self.connect(request.uri(), said).await? {
            Stream::Plain(stream) => exchange(stream, request).await,
            Stream::Secure(stream) => exchange(stream, request).await,
        }
    }

    async fn connect(&self, uri: &Uri, said: Said) -> Result<Stream, String> {
        let authority = uri.authority().ok_or("it names no host")?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("it begins with neither `http://` nor `https://`".to_owned()),
        };
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let host = authority.host().trim_matches(['[', ']']);
        let stream = reach(host, port, said).await?;
        if !secure {
            return Ok(Stream::Plain(stream));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(words)?;
        let stream = self.0.connect(name, stream).await.map_err(words)?;
        Ok(Stream::Secure(Box::new(stream)))
    }
}

/// Connects to a host: to one of the addresses that were found and may be, by the address itself.
async fn reach(host: &str, port: u16, said: Said) -> Result<TcpStream, String> {
    let literal = host.parse::<IpAddr>().is_ok();
    let mut why = format!("`{host}` leads nowhere");
    for address in tokio::net::lookup_host((host, port)).await.map_err(words)? {
        let may = match literal {
            true => guard::check_literal(address.ip(), said),
            false => guard::check(host, address.ip(), said),
        };
        match may {
            Ok(()) => match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => why = words(error),
            },
            Err(guarded) => why = format!("`{host}` leads to nobody who may be called: {guarded}"),
        }
    }
    Err(why)
}

/// A connection to an address.
enum Stream {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl Fetch for Https {
    fn get<'a>(&'a self, url: &'a str) -> Fetched<'a> {
        Box::pin(self.fetch_in_time(url, Said::Written))
    }

    fn get_given<'a>(&'a self, url: &'a str) -> Fetched<'a> {
        Box::pin(self.fetch_in_time(url, Said::Given))
    }

    fn send(&self, request: Request<Bytes>, said: Said) -> Sent<'_> {
        Box::pin(self.send_to(request, said))
    }
}

async fn exchange<S>(stream: S, request: Request<Bytes>) -> Result<Response<Bytes>, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut head, body) = request.into_parts();
    let host = head.uri.authority().map_or("", |authority| authority.as_str());
    head.headers
        .insert(header::HOST, HeaderValue::from_str(host).map_err(words)?);
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    head.uri = path.parse().map_err(words)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(words)?;
    let connection = tokio::spawn(connection);
    let request = Request::from_parts(head, Full::new(body));
    let (head, body) = sender.send_request(request).await.map_err(words)?.into_parts();
    let body = Limited::new(body, BYTES_MAX).collect().await;
    connection.abort();
    Ok(Response::from_parts(head, body.map_err(words)?.to_bytes()))
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
pub(super) fn words(why: impl ToString) -> String {
    why.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn what_others_name_is_not_looked_for_on_this_machine() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "localhost", "::ffff:127.0.0.1"] {
            let refused = reach(host, port, Said::Given).await.unwrap_err();
            assert!(refused.contains("this machine"), "{refused}");
            reach(host, port, Said::Written).await.unwrap();
        }
        for host in [
            "10.0.0.1",
            "169.254.169.254",
            "fd00:ec2::254",
            "192.168.0.1",
            "0.0.0.0",
        ] {
            let refused = reach(host, port, Said::Given).await.unwrap_err();
            assert!(refused.contains("does not name the host"), "{refused}");
        }
    }
}
