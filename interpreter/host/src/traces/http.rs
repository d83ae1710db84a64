//! How batches are sent: over the same small client that asks for keys, or as a call of gRPC over HTTP/2.

use super::batch::Failed;
use bytes::{BufMut, Bytes, BytesMut};
use flowmesh_mesh::identity::{Http2, Https};
use hyper::{HeaderMap, Request, StatusCode, header};
use std::time::Duration;

/// Posts a batch, within a time.
pub(super) async fn post(https: &Https, request: Request<Bytes>, within: Duration) -> Result<(), Failed> {
    let answer = tokio::time::timeout(within, https.send(request)).await;
    let answer = answer.unwrap_or_else(|_| Err("it took too long".to_owned()));
    let answer = answer.map_err(passing)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    Err(Failed {
        why: format!("it answered with {status}"),
        again: passes(status).then(|| retry_after(answer.headers())),
    })
}

/// Calls a method of gRPC with one message, within a time.
pub(super) async fn call(http2: &Http2, request: Request<Bytes>, within: Duration) -> Result<(), Failed> {
    let answer = tokio::time::timeout(within, http2.send(request)).await;
    let answer = answer.unwrap_or_else(|_| Err("it took too long".to_owned()));
    let answer = answer.map_err(passing)?;
    let failed = |why: String, again: bool| Failed {
        why,
        again: again.then_some(None),
    };
    if answer.status() != StatusCode::OK {
        let status = answer.status();
        return Err(failed(format!("it answered with {status}"), passes(status)));
    }
    match code(answer.headers()).or_else(|| code(&answer.body().trailers)) {
        Some(0) => Ok(()),
        Some(code) => Err(failed(
            format!("it answered with code {code} of gRPC"),
            may_again(code),
        )),
        None => Err(failed("it is no answer of gRPC".to_owned(), false)),
    }
}

/// A message in its frame, as gRPC has it.
pub(super) fn framed(message: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(message.len().saturating_add(5));
    framed.put_u8(0);
    // Batches are far shorter than what cannot be said in 32 bits.
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put_slice(message);
    framed.freeze()
}

fn code(headers: &HeaderMap) -> Option<u32> {
    headers.get("grpc-status")?.to_str().ok()?.parse().ok()
}

/// Codes after which the same may be sent again, as OTLP has it.
fn may_again(code: u32) -> bool {
    matches!(code, 1 | 4 | 8 | 10 | 11 | 14 | 15)
}

/// Nobody was reached: that may change.
fn passing(why: String) -> Failed {
    Failed {
        why,
        again: Some(None),
    }
}

/// Whether the same may be sent again, as OTLP has it.
fn passes(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    text.parse().ok().map(Duration::from_secs)
}
