//! The services of the test programs as one real HTTP server, and an HTTP client of the simplest kind.

use axum::{Router, extract::State, http::HeaderMap, http::StatusCode, http::Uri};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The key and the trace context of each request, by path.
type Requests = BTreeMap<String, Vec<(String, String)>>;

/// What came in: how often each path did, and the keys and trace contexts that came with it.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Requests>>);

impl Seen {
    pub(crate) fn of(&self, path: &str) -> Vec<(String, String)> {
        self.0.lock().unwrap().get(path).cloned().unwrap_or_default()
    }
}

/// Answers every request with its path as a JSON text; a path with `declined` in it with 402.
pub(crate) async fn services() -> (SocketAddr, Seen) {
    let seen = Seen::default();
    let router = Router::new().fallback(answer).with_state(seen.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, seen)
}

async fn answer(State(seen): State<Seen>, uri: Uri, headers: HeaderMap) -> (StatusCode, String) {
    let header = |name| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default()
    };
    let path = uri.path().to_owned();
    let came = (header("idempotency-key"), header("traceparent"));
    seen.0.lock().unwrap().entry(path.clone()).or_default().push(came);
    let status = if path.contains("declined") {
        StatusCode::PAYMENT_REQUIRED
    } else {
        StatusCode::OK
    };
    (status, format!("\"{path}\""))
}

/// The status, the head and the body of an answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// One request on a connection of its own, which is read to its end.
pub(crate) async fn ask(to: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let host = if headers.contains("Host:") {
        String::new()
    } else {
        format!("Host: {to}\r\n")
    };
    let length = if headers.contains("Content-Length:") {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", body.len())
    };
    let request =
        format!("{method} {path} HTTP/1.1\r\n{host}Connection: close\r\n{length}{headers}\r\n{body}");
    // The server may answer, and close, before it has read everything.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    Answer {
        status,
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}
