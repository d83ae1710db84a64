//! What there is, and what each does.

use super::{
    Shared, batch, body, error::RequestError, events, guard, list, problem::Problem, schedules, share, steer,
    told, wait, workers,
};
use crate::{
    RunId,
    engine::view::{FlowView, RunView},
};
use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};

pub(super) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/v1/flows", get(flows))
        .route("/v1/flows/{flow}/runs", post(start))
        .route("/v1/runs", get(list::list))
        .route("/v1/runs/count", get(list::count))
        .route("/v1/batch/{verb}", post(batch::batch))
        .route("/v1/runs/{run}", get(show))
        .route("/v1/runs/{run}/signals/{name}", post(told::signal))
        .route("/v1/runs/{run}/views", get(told::views))
        .route("/v1/runs/{run}/views/{name}", get(told::view))
        .route("/v1/runs/{run}/cancel", post(steer::cancel))
        .route("/v1/runs/{run}/pause", post(steer::pause))
        .route("/v1/runs/{run}/resume", post(steer::resume))
        .route("/v1/runs/{run}/retry", post(share::retry))
        .route("/v1/runs/{run}/restart", post(share::restart))
        .route("/v1/runs/{run}/terminate", post(steer::terminate))
        .route("/v1/runs/{run}/decide", post(steer::decide))
        .route("/v1/runs/{run}/edit", post(steer::edit))
        .route("/v1/runs/{run}/variables", get(told::variables))
        .route("/v1/runs/{run}/events", get(events::events))
        .route("/v1/events/{name}", post(told::emit))
        .route("/v1/schedules", get(schedules::list))
        .route("/v1/schedules/{schedule}", get(schedules::show))
        .route("/v1/schedules/{schedule}/pause", post(schedules::pause))
        .route("/v1/schedules/{schedule}/resume", post(schedules::resume))
        .route("/v1/schedules/{schedule}/backfill", post(schedules::backfill))
        .route(
            "/v1/schedules/{schedule}/backfill/stop",
            post(schedules::stop_backfill),
        )
        .route("/v1/queues/{queue}/lease", post(workers::lease))
        .route("/v1/tasks/{task}/heartbeat", post(workers::heartbeat))
        .route("/v1/tasks/{task}/complete", post(workers::complete))
        .route("/v1/tasks/{task}/fail", post(workers::fail))
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(shared.clone(), guard::guard))
        .with_state(shared)
}

async fn health(State(shared): State<Shared>) -> Result<Json<serde_json::Value>, Problem> {
    shared.host.flows().await?;
    Ok(Json(serde_json::json!({ "status": "ok" })))
}

async fn flows(State(shared): State<Shared>) -> Result<Json<Flows>, Problem> {
    Ok(Json(Flows {
        flows: shared.host.flows().await?,
    }))
}

#[derive(Serialize)]
struct Flows {
    flows: Vec<FlowView>,
}

#[derive(Deserialize)]
struct StartQuery {
    wait: Option<String>,
    key: Option<String>,
}

#[derive(Serialize)]
struct StartedRun {
    /// Whether the run was there before: a start with the same key.
    existing: bool,
    #[serde(flatten)]
    run: RunView,
}

async fn start(
    State(shared): State<Shared>,
    Path(flow): Path<String>,
    query: Result<Query<StartQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let query = parsed(query)?;
    let time = wait::parse("wait", query.wait.as_deref())?;
    let key = match query.key {
        Some(key) => Some(key),
        None => idempotency_key(&headers)?,
    };
    let input = body::read(&shared, body).await?;
    let started = shared.host.start(&flow, input.as_ref(), key).await?;
    let run = wait::wait(&shared, started.id, time).await?;
    let status = if run.state.is_end() {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    let location = [(header::LOCATION, format!("/v1/runs/{}", started.id))];
    Ok((
        status,
        location,
        Json(StartedRun {
            existing: started.existing,
            run,
        }),
    )
        .into_response())
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, RequestError> {
    let Some(key) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = key
        .to_str()
        .map_err(|_| parameter("Idempotency-Key", "expected visible ASCII".to_owned()))?;
    // The draft of the header (draft-ietf-httpapi-idempotency-key-header) has it in quotes; few clients do.
    let bare = key
        .strip_prefix('"')
        .and_then(|key| key.strip_suffix('"'))
        .unwrap_or(key);
    Ok(Some(bare.to_owned()))
}

#[derive(Deserialize)]
struct ShowQuery {
    wait: Option<String>,
}

async fn show(
    State(shared): State<Shared>,
    Path(run): Path<String>,
    query: Result<Query<ShowQuery>, QueryRejection>,
) -> Result<Json<RunView>, Problem> {
    let time = wait::parse("wait", parsed(query)?.wait.as_deref())?;
    Ok(Json(wait::wait(&shared, run_id(&run)?, time).await?))
}

async fn nothing(uri: Uri) -> Problem {
    RequestError::Nothing {
        path: uri.path().to_owned(),
    }
    .into()
}

async fn wrong_method(method: Method, uri: Uri) -> Problem {
    RequestError::Method {
        path: uri.path().to_owned(),
        method,
    }
    .into()
}

/// The identifier of a run in a path.
pub(super) fn run_id(text: &str) -> Result<RunId, RequestError> {
    text.parse().map_err(|wrong| parameter("run", wrong))
}

pub(super) fn parameter(name: &'static str, wrong: String) -> RequestError {
    RequestError::Parameter { name, wrong }
}

pub(super) fn parsed<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, RequestError> {
    match query {
        Ok(Query(query)) => Ok(query),
        Err(rejection) => Err(RequestError::Query(rejection.body_text())),
    }
}
