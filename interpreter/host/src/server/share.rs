//! Going on from the middle of what happened to a run that has ended: retry, restart.

use super::{Shared, body, door::Here, error::RequestError, problem::Problem, routes::run_id};
use crate::engine::view::RunView;
use axum::{
    Json,
    body::Body,
    extract::Path,
    http::{HeaderName, StatusCode, header},
};
use flowmesh_machine::Place;
use schemars::JsonSchema;
use serde::Deserialize;

type Begun = Result<(StatusCode, [(HeaderName, String); 1], Json<RunView>), Problem>;

/// 201 with the new run, that goes on from the call with which the old one failed.
pub(super) async fn retry(Here(shared): Here, Path(run): Path<String>) -> Begun {
    go_on(&shared, &run, Place::Failure).await
}

/// From which step.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Restart {
    from: String,
    /// The how manyth time that it began, from 1.
    round: Option<u32>,
}

/// 201 with the new run, that goes on from where a step began.
pub(super) async fn restart(Here(shared): Here, Path(run): Path<String>, body: Body) -> Begun {
    let body = body::read(&shared, body).await?;
    let wrong = |error| {
        RequestError::Body(format!(
            "expected `{{\"from\": \"inventory.reserve\"}}`, with `round` where it began several times: {error}"
        ))
    };
    let Restart { from, round } = serde_json::from_slice(&body).map_err(wrong)?;
    go_on(&shared, &run, Place::Step { title: from, round }).await
}

async fn go_on(shared: &Shared, run: &str, place: Place) -> Begun {
    let run = shared.host.go_on(run_id(run)?, place).await?;
    let location = [(header::LOCATION, format!("/v1/runs/{run}"))];
    Ok((StatusCode::CREATED, location, Json(shared.host.get(run).await?)))
}
