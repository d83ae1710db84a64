//! The services of the test programs as one real HTTP server.

use axum::{Router, extract::State, http::HeaderMap, http::StatusCode, http::Uri};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;

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
