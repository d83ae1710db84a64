//! One request to one endpoint, and its answer.

use super::{
    connection::{Connection, Sent},
    endpoint::Endpoint,
};
use crate::{
    decide::{outcome::Outcome, retry_after::retry_after},
    mesh::Limits,
};
use http::{
    HeaderMap, Response,
    header::{DATE, RETRY_AFTER},
};
use hyper::body::{Body, Incoming};
use jiff::Timestamp;
use std::{error::Error, io, pin::pin, sync::Arc, time::Duration};
use tokio::time::Instant;

/// How much room is made for an answer on the word of its service alone.
const ROOM: usize = 64 * 1024;

/// How much is read of an answer that nobody wants, in bytes, before its connection is given up.
const DISCARDED: usize = 1024 * 1024;

/// A connection that rested longer than this may have been closed in the meantime.
const DOUBTFUL: Duration = Duration::from_millis(1);

/// How far an attempt has come; what is left of it when its time is over.
#[derive(Default)]
pub(crate) struct Progress {
    /// What it is busy with.
    pub(crate) stage: Stage,
    /// How long the first byte took.
    pub(crate) first_byte: Option<Duration>,
    /// When it came by HTTP/1.1.
    pub(crate) heard: Option<Instant>,
    /// The headers of the answer, where somebody wants them.
    pub(crate) head: Option<HeaderMap>,
    /// Whether somebody does.
    pub(crate) wants_head: bool,
}

/// What an attempt is busy with.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Looking for an endpoint.
    #[default]
    Resolving,
    /// Nothing: it is held back on purpose.
    Held,
    /// Connecting.
    Connecting,
    /// Sending, or waiting for the head of the answer.
    Waiting,
    /// Reading the answer.
    Reading,
}

/// Sends the request, on a connection at rest if there is one. A request that a dead connection gives back unsent goes
/// out again on a new one, which is safe whatever it does.
pub(crate) async fn exchange(
    endpoint: &Endpoint,
    request: Sent,
    idle: Duration,
    limits: &Limits,
    progress: &mut Progress,
) -> Outcome {
    match send(endpoint, request, idle, limits, progress).await {
        Ok((answer, connection)) => {
            progress.stage = Stage::Reading;
            progress.head = progress.wants_head.then(|| answer.headers().clone());
            read(endpoint, connection, answer, idle, limits).await
        }
        Err(outcome) => outcome,
    }
}

/// The head of the answer, and the connection that the rest of it comes by.
#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` has room for the request twice"
)]
pub(crate) fn send<'s>(
    endpoint: &'s Endpoint,
    mut request: Sent,
    idle: Duration,
    limits: &'s Limits,
    progress: &'s mut Progress,
) -> impl Future<Output = Result<(Response<Incoming>, Connection), Outcome>> + 's {
    async move {
        let _pending = endpoint.begin();
        let started = Instant::now();
        let mut rested = endpoint.pool.take(idle, started);
        loop {
            let reused = rested.is_some();
            progress.stage = Stage::Connecting;
            let mut connection = match rested.take() {
                Some(connection) => {
                    notice(&connection, started).await;
                    connection
                }
                // Apart, so that who finds one at rest does not carry room for it along.
                None => match Box::pin(endpoint.connect(limits)).await {
                    Ok(connection) => connection,
                    Err(why) => return Err(Outcome::Unsent(why)),
                },
            };
            progress.stage = Stage::Waiting;
            let reply = pin!(connection.ask(request));
            let mut failed = match connection.drive(reply).await {
                Ok(answer) => {
                    let now = Instant::now();
                    progress.first_byte = Some(now.saturating_duration_since(started));
                    progress.heard = Some(now);
                    return Ok((answer, connection));
                }
                Err(failed) => failed,
            };
            match failed.take_message() {
                Some(unsent) if reused => {
                    endpoint.pool.clear();
                    request = unsent;
                }
                Some(_) => return Err(Outcome::Unsent(broke(endpoint, "before the request was sent"))),
                None => return Err(unread(endpoint, failed.error(), "before an answer came")),
            }
        }
    }
}

/// Gives the runtime a moment to hear that the service closed the connection. Hyper gives a request back only as long as
/// it has not heard of that too late, and one that may not be repeated would be lost.
async fn notice(connection: &Connection, now: Instant) {
    if now.saturating_duration_since(connection.rested()) > DOUBTFUL {
        tokio::task::yield_now().await;
    }
}

async fn read(
    endpoint: &Endpoint,
    mut connection: Connection,
    answer: Response<Incoming>,
    idle: Duration,
    limits: &Limits,
) -> Outcome {
    let (head, mut body) = answer.into_parts();
    let length = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if length > limits.body_bytes {
        return too_large(endpoint, limits);
    }
    let mut whole = Vec::with_capacity(length.min(ROOM));
    while let Some(piece) = connection.piece(&mut body).await {
        match piece {
            Ok(piece) if whole.len().saturating_add(piece.len()) > limits.body_bytes => {
                return too_large(endpoint, limits);
            }
            Ok(piece) => whole.extend_from_slice(&piece),
            Err(error) => return unread(endpoint, &error, "in the middle of the answer"),
        }
    }
    drop(body);
    if connection.rest(Instant::now()) {
        endpoint.pool.put(connection, limits.idle_connections, idle);
    }
    Outcome::Answer {
        status: head.status.as_u16(),
        body: Arc::from(whole),
        retry_after: asked_to_wait(&head.headers),
    }
}

/// Lets go of an answer that nobody reads; the connection rests again if the answer is short.
pub(crate) async fn discard(
    endpoint: &Endpoint,
    mut connection: Connection,
    answer: Response<Incoming>,
    idle: Duration,
    limits: &Limits,
) -> Outcome {
    let (head, mut body) = answer.into_parts();
    let mut length: usize = 0;
    while let Some(piece) = connection.piece(&mut body).await {
        match piece {
            Ok(piece) => length = piece.len().saturating_add(length),
            Err(error) => return unread(endpoint, &error, "in the middle of the answer"),
        }
        if length > DISCARDED {
            break;
        }
    }
    let ended = body.is_end_stream();
    drop(body);
    if ended && connection.rest(Instant::now()) {
        endpoint.pool.put(connection, limits.idle_connections, idle);
    }
    Outcome::Answer {
        status: head.status.as_u16(),
        body: Arc::default(),
        retry_after: asked_to_wait(&head.headers),
    }
}

pub(crate) fn asked_to_wait(headers: &HeaderMap) -> Option<Duration> {
    let header = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let date = headers.get(DATE).and_then(|date| date.to_str().ok());
    retry_after(header, date, Timestamp::now())
}

fn too_large(endpoint: &Endpoint, limits: &Limits) -> Outcome {
    Outcome::Malformed(format!(
        "the answer of {} is longer than {} bytes",
        endpoint.label, limits.body_bytes
    ))
}

/// Whether an answer came that cannot be read, or the connection broke.
fn unread(endpoint: &Endpoint, error: &hyper::Error, when: &str) -> Outcome {
    let broken_encoding = error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>())
        .is_some_and(|error| {
            matches!(
                error.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
            )
        });
    if error.is_parse() || broken_encoding {
        return Outcome::Malformed(format!(
            "the answer of {} is not HTTP/1.1: {error}",
            endpoint.label
        ));
    }
    Outcome::Broken(broke(endpoint, when))
}

fn broke(endpoint: &Endpoint, when: &str) -> String {
    format!("the connection to {} broke {when}", endpoint.label)
}
