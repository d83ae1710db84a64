//! Whether something exists already: a file on this machine, or an address that answers `HEAD`.

use http_body_util::Empty;
use hyper::{Request, Uri, body::Bytes, header};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::net::TcpStream;

/// The longest that looking may take.
const LOOK_MAX: Duration = Duration::from_secs(10);

/// Looks for `file:PATH` or an address.
pub(super) async fn probe(target: &str) -> Result<bool, String> {
    if let Some(path) = target.strip_prefix("file:") {
        let found = tokio::fs::try_exists(path).await;
        return found.map_err(|why| format!("nobody knows whether `{path}` exists: {why}"));
    }
    let looked = tokio::time::timeout(LOOK_MAX, head(target)).await;
    looked.unwrap_or_else(|_| Err(format!("`{target}` does not answer")))
}

async fn head(target: &str) -> Result<bool, String> {
    let wrong = || format!("expected `file:PATH` or `http://HOST/PATH`, found `{target}`");
    let uri: Uri = target.parse().map_err(|_| wrong())?;
    let authority = uri.authority().ok_or_else(wrong)?;
    if uri.scheme_str() != Some("http") {
        return Err(wrong());
    }
    let place = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80));
    let unheard = |why: &dyn std::fmt::Display| format!("`{target}` does not answer: {why}");
    let stream = TcpStream::connect(&place).await.map_err(|why| unheard(&why))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|why| unheard(&why))?;
    let connection = tokio::spawn(connection);
    let request = Request::head(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(header::HOST, authority.as_str())
        .body(Empty::<Bytes>::new())
        .map_err(|why| unheard(&why))?;
    let answer = sender.send_request(request).await;
    connection.abort();
    match answer.map_err(|why| unheard(&why))?.status().as_u16() {
        200..=399 => Ok(true),
        404 | 410 => Ok(false),
        status => Err(format!("`{target}` answered with status {status}")),
    }
}
