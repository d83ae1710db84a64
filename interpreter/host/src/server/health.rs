//! What those ask who keep the process running: is it alive, may it be given work, how does it do. On a listener of its
//! own, so that nobody needs a token for it and it answers also when the API is full; nothing of any run is told.

use super::Shared;
use crate::{
    Host,
    engine::Stand,
    metrics::{self, Looked},
};
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// The most connections at once to this listener.
pub(super) const CONNECTIONS: usize = 64;

/// What these questions need.
#[derive(Clone)]
struct Watched {
    host: Host,
    draining: Arc<AtomicBool>,
    gateways: Arc<AtomicBool>,
}

/// Whether work may be given, and why not.
#[derive(Serialize)]
struct Ready {
    ready: bool,
    /// The host works.
    host: bool,
    /// There is room for the journal.
    journal: bool,
    /// The index keeps up with the journal.
    index: bool,
    /// The gateways listen.
    gateways: bool,
    /// The server is about to stop.
    draining: bool,
}

pub(super) fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(measured))
        .with_state(Watched {
            host: shared.host.clone(),
            draining: shared.draining.clone(),
            gateways: shared.options.gateways.clone(),
        })
}

async fn ready(State(watched): State<Watched>) -> Response {
    let stand = watched.host.stand().await.ok();
    let holds = |what: fn(&Stand) -> bool| stand.as_ref().is_some_and(what);
    let draining = watched.draining.load(Ordering::Relaxed);
    let gateways = watched.gateways.load(Ordering::Relaxed);
    let (journal, index) = (holds(|stand| !stand.full), holds(|stand| stand.indexed));
    let ready = Ready {
        ready: journal && index && gateways && !draining,
        host: stand.is_some(),
        journal,
        index,
        gateways,
        draining,
    };
    let status = match ready.ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(ready)).into_response()
}

async fn measured(State(watched): State<Watched>) -> Response {
    let Ok(stand) = watched.host.stand().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let host = watched.host.clone();
    let store_bytes = tokio::task::spawn_blocking(move || host.store_bytes()).await;
    let looked = Looked {
        stand,
        runs: watched.host.totals().await,
        queues: watched.host.workers().waiting(),
        store_bytes: store_bytes.unwrap_or_default(),
        visits: watched.host.metrics().doors.visits(),
        measures: watched.host.measures(),
        undelivered: watched.host.sink().map_or(0, |sink| sink.dropped()),
    };
    let text = metrics::text(watched.host.metrics(), &looked);
    exposed(text)
}

/// A page that Prometheus reads.
pub(super) fn exposed(text: String) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, text).into_response()
}
