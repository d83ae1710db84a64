//! How spans are sent: over the same small client that asks for keys, tried again while the collector is away.

use bytes::Bytes;
use flowmesh_mesh::identity::Https;
use hyper::{Request, Response, StatusCode, header};
use opentelemetry_http::{HttpClient, HttpError};
use std::{fmt, pin::Pin, sync::Arc, time::Duration};
use tokio::{runtime::Handle, time::sleep};

/// How often a batch is sent at the most.
const TRIES: u32 = 5;
/// How long it waits before the second try; twice as long before each further one.
const WAIT: Duration = Duration::from_secs(1);
/// It waits no longer, whatever the collector says.
const WAIT_MAX: Duration = Duration::from_secs(16);

/// A client on the runtime that it was made in: batches come from a thread of their own.
pub(super) struct Client {
    https: Arc<Https>,
    runtime: Handle,
}

impl Client {
    /// Reads what the system trusts. Must be called within a Tokio runtime.
    pub(super) fn new() -> Result<Self, String> {
        Ok(Self {
            https: Arc::new(Https::new()?),
            runtime: Handle::current(),
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a client")
    }
}

type Sent<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'a>>;

impl HttpClient for Client {
    fn send_bytes<'c, 'a>(&'c self, request: Request<Bytes>) -> Sent<'a>
    where
        'c: 'a,
        Self: 'a,
    {
        let sent = self.runtime.spawn(send(Arc::clone(&self.https), request));
        Box::pin(async move {
            let answer = sent.await.map_err(|_| "the process is ending".to_owned())?;
            answer.map_err(HttpError::from)
        })
    }
}

/// Sends a request until it is answered with something that will not change.
async fn send(https: Arc<Https>, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
    let mut wait = WAIT;
    for _ in 1..TRIES {
        let answer = https.send(request.clone()).await;
        let asked = match &answer {
            Ok(answer) if !passes(answer.status()) => return Ok(answer.clone()),
            Ok(answer) => retry_after(answer),
            Err(_) => None,
        };
        sleep(asked.unwrap_or(wait).min(WAIT_MAX)).await;
        wait = wait.saturating_mul(2);
    }
    let answer = https.send(request).await;
    if let Err(why) = &answer {
        tracing::warn!(%why, "spans are lost: the collector cannot be reached");
    }
    answer
}

/// Whether the same may be sent again, as OTLP has it.
fn passes(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

fn retry_after(answer: &Response<Bytes>) -> Option<Duration> {
    let text = answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    text.parse().ok().map(Duration::from_secs)
}
