//! The HTTP/2 connection of an endpoint: one for all calls, made when it is first needed and again when it broke.

use super::Answer;
use crate::{
    decide::outcome::Outcome,
    mesh::Limits,
    wire::{
        body::Outgoing,
        connection::Sent,
        endpoint::Endpoint,
        exchange::{Progress, Stage},
        stream::Stream,
    },
};
use http::{
    HeaderName, HeaderValue, Uri, Version,
    header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, TE},
    uri::{PathAndQuery, Scheme},
};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const DEADLINE: HeaderName = HeaderName::from_static("x-flowmesh-deadline-ms");
const ENCODINGS: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// How much of an answer may be under way before it is read.
const WINDOW: u32 = 256 * 1024;

/// The connection of an endpoint.
#[derive(Default)]
pub(crate) struct Channel(Mutex<Option<SendRequest<Outgoing>>>);

impl Channel {
    /// Sends a request and waits for the head of its answer. What a connection gives back unsent goes out on a new one.
    pub(crate) async fn send(
        &self,
        endpoint: &Endpoint,
        request: Sent,
        limits: &Limits,
        progress: &mut Progress,
    ) -> Result<Answer, Outcome> {
        let request = prepared(request).map_err(Outcome::Unsent)?;
        self.exchange(endpoint, request, limits, progress).await
    }

    /// The same for a request that is handed on as it is.
    pub(crate) async fn relay(
        &self,
        endpoint: &Endpoint,
        mut request: Sent,
        limits: &Limits,
        progress: &mut Progress,
    ) -> Result<Answer, Outcome> {
        addressed(&mut request).map_err(Outcome::Unsent)?;
        let _pending = endpoint.begin();
        let started = Instant::now();
        progress.stage = Stage::Connecting;
        let answer = self.exchange(endpoint, request, limits, progress).await?;
        progress.first_byte = Some(started.elapsed());
        Ok(answer)
    }

    async fn exchange(
        &self,
        endpoint: &Endpoint,
        mut request: Sent,
        limits: &Limits,
        progress: &mut Progress,
    ) -> Result<Answer, Outcome> {
        let mut kept = self.kept();
        loop {
            let reused = kept.is_some();
            let mut sender = match kept.take() {
                Some(sender) => sender,
                None => self.connect(endpoint, limits).await.map_err(Outcome::Unsent)?,
            };
            progress.stage = Stage::Waiting;
            let mut failed = match sender.try_send_request(request).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            self.forget();
            match failed.take_message() {
                Some(unsent) if reused => request = unsent,
                Some(_) => {
                    let why = format!(
                        "the connection to {} broke before the request was sent",
                        endpoint.label
                    );
                    return Err(Outcome::Unsent(why));
                }
                None => {
                    let why = format!("the connection to {} broke before an answer came", endpoint.label);
                    return Err(Outcome::Broken(why));
                }
            }
        }
    }

    async fn connect(&self, endpoint: &Endpoint, limits: &Limits) -> Result<SendRequest<Outgoing>, String> {
        let stream = endpoint.stream(limits, crate::tls::client::Version::Two).await?;
        let (sender, connection) = handshake(stream, limits)
            .await
            .map_err(|why| format!("{} does not speak HTTP/2: {why}", endpoint.label))?;
        // Ends by itself when the service closes it, or when nobody holds the sender any more.
        tokio::spawn(async move { drop(connection.await) });
        *self.lock() = Some(sender.clone());
        Ok(sender)
    }

    fn kept(&self) -> Option<SendRequest<Outgoing>> {
        self.lock().clone().filter(|sender| !sender.is_closed())
    }

    fn forget(&self) {
        *self.lock() = None;
    }

    /// A panic elsewhere cannot leave one sender in a bad state.
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<SendRequest<Outgoing>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Driver = http2::Connection<TokioIo<Stream>, Outgoing, TokioExecutor>;

async fn handshake(stream: Stream, limits: &Limits) -> hyper::Result<(SendRequest<Outgoing>, Driver)> {
    let headers = u32::try_from(limits.header_bytes).unwrap_or(u32::MAX);
    http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(WINDOW)
        .max_header_list_size(headers)
        .handshake(TokioIo::new(stream))
        .await
}

/// The request as HTTP/2 and gRPC want it: an authority in place of `Host`, and the time that is left.
fn prepared(mut request: Sent) -> Result<Sent, String> {
    let headers = request.headers_mut();
    let left = headers
        .get(DEADLINE)
        .and_then(|left| left.to_str().ok())
        .and_then(|left| left.parse().ok());
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(ENCODINGS, HeaderValue::from_static("identity"));
    if let Some(left) = left.map(timeout) {
        headers.insert(
            TIMEOUT,
            HeaderValue::from_str(&left).map_err(|why| why.to_string())?,
        );
    }
    addressed(&mut request)?;
    Ok(request)
}

/// An authority in place of `Host`.
fn addressed(request: &mut Sent) -> Result<(), String> {
    let host = request.headers_mut().remove(HOST);
    let authority = host
        .as_ref()
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let path = request.uri().path_and_query().cloned();
    let uri = Uri::builder()
        .scheme(Scheme::HTTP)
        .authority(authority)
        .path_and_query(path.unwrap_or_else(|| PathAndQuery::from_static("/")))
        .build();
    *request.uri_mut() = uri.map_err(|_| format!("`{authority}` cannot be an authority"))?;
    *request.version_mut() = Version::HTTP_2;
    Ok(())
}

/// At most eight digits and a unit.
fn timeout(left_ms: u64) -> String {
    match left_ms {
        0..=99_999_999 => format!("{left_ms}m"),
        longer => format!("{}S", (longer / 1_000).min(99_999_999)),
    }
}

#[cfg(test)]
mod tests {
    use super::timeout;

    #[test]
    fn a_timeout_has_at_most_eight_digits() {
        assert_eq!(timeout(1_500), "1500m");
        assert_eq!(timeout(100_000_000), "100000S");
        assert_eq!(timeout(u64::MAX), "99999999S");
    }
}
