//! The router, and the routes of flows and single runs.

use super::{
    Shared, audit::Behind, body, door, door::Here, error::RequestError, guard, once, openapi,
    problem::Problem, route::Route, table, wait,
};
use crate::{
    RunId,
    engine::view::{FlowView, RunView},
};
use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Query, Request, State, rejection::QueryRejection},
    http::{HeaderMap, Method, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
};
use flowmesh_machine::Terms;
use flowmesh_mesh::decide::propagation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The router that the table describes: every route behind the door that its role makes.
pub(super) fn router(shared: Shared) -> Router {
    let add = |router: Router<Shared>, route: Route| {
        let behind = Behind {
            name: route.name,
            path: route.path,
            access: route.access,
            acts: route.method != Method::GET && route.unwritten.is_none(),
            keyed: route.unkeyed.is_none(),
        };
        let door = middleware::from_fn_with_state((shared.clone(), behind), door::authorize);
        router.route(route.path, route.handler.layer(door))
    };
    table::all()
        .into_iter()
        .fold(Router::new(), add)
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(shared.clone(), guard::guard))
        .layer(middleware::from_fn_with_state(shared.clone(), guard::count))
        .with_state(shared)
}

/// That the server is alive.
#[derive(Serialize, JsonSchema)]
pub(super) struct Health {
    status: &'static str,
}

pub(super) async fn health(State(shared): State<Shared>) -> Result<Json<Health>, Problem> {
    shared.host.flows().await?;
    Ok(Json(Health { status: "ok" }))
}

pub(super) async fn description() -> Json<serde_json::Value> {
    Json(openapi())
}

pub(super) async fn flows(Here(shared): Here) -> Result<Json<Flows>, Problem> {
    Ok(Json(Flows {
        flows: shared.host.flows().await?,
    }))
}

/// The flows that can be started.
#[derive(Serialize, JsonSchema)]
pub(super) struct Flows {
    flows: Vec<FlowView>,
}

#[derive(Deserialize)]
pub(super) struct StartQuery {
    wait: Option<String>,
    key: Option<String>,
    priority: Option<String>,
    delay: Option<String>,
}

/// A run, and whether it was there before.
#[derive(Serialize, JsonSchema)]
pub(super) struct StartedRun {
    /// Whether the run was there before: a start with the same key.
    existing: bool,
    #[serde(flatten)]
    run: RunView,
}

pub(super) async fn start(
    Here(shared): Here,
    Path(flow): Path<String>,
    query: Result<Query<StartQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let query = parsed(query)?;
    let time = wait::parse("wait", query.wait.as_deref())?;
    let terms = terms(query.priority.as_deref(), query.delay.as_deref())?;
    let key = match query.key {
        Some(key) => Some(key),
        None => once::key(&headers)?.map(str::to_owned),
    };
    let input = body::read(&shared, body).await?;
    let lineage = propagation::read(&headers).lineage();
    let started = shared
        .host
        .start_on((&flow, input.as_ref().into()), key, lineage, terms)
        .await?;
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

/// What is said for this run alone.
fn terms(priority: Option<&str>, delay: Option<&str>) -> Result<Terms, RequestError> {
    let whole = |text: &str| {
        text.parse::<i32>().map_err(|_| {
            let wrong = format!("expected a whole number such as `5` or `-1`, found `{text}`");
            parameter("priority", wrong)
        })
    };
    let time = |text| Terms::read_delay(text).map_err(|wrong| parameter("delay", wrong));
    Ok(Terms {
        priority: priority.map(whole).transpose()?,
        delay: delay.map(time).transpose()?,
    })
}

#[derive(Deserialize)]
pub(super) struct ShowQuery {
    wait: Option<String>,
}

pub(super) async fn show(
    Here(shared): Here,
    Path(run): Path<String>,
    query: Result<Query<ShowQuery>, QueryRejection>,
) -> Result<Json<RunView>, Problem> {
    let time = wait::parse("wait", parsed(query)?.wait.as_deref())?;
    Ok(Json(wait::wait(&shared, run_id(&run)?, time).await?))
}

/// What there is not is told to those alone who may know what there is.
async fn nothing(State(shared): State<Shared>, request: Request) -> Problem {
    let (parts, _) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let known = door::known(&shared, &parts).await;
    known.err().unwrap_or(RequestError::Nothing { path }).into()
}

async fn wrong_method(State(shared): State<Shared>, request: Request) -> Problem {
    let (parts, _) = request.into_parts();
    let (path, method) = (parts.uri.path().to_owned(), parts.method.clone());
    let known = door::known(&shared, &parts).await;
    known
        .err()
        .unwrap_or(RequestError::Method { path, method })
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
