//! What runs are told from outside, and what they let be read: signals, events, views.

use super::{
    body,
    door::Here,
    problem::Problem,
    routes::{parsed, run_id},
    wait,
};
use crate::engine::{Refusal, Told, view::Views};
use axum::{
    Json,
    body::Body,
    extract::{Path, Query, rejection::QueryRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{collections::BTreeMap, time::Duration};

/// How long the answer of a signal is waited for where nobody says.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
pub(super) struct SignalQuery {
    wait: Option<String>,
}

/// 200 with the answer; 202 without a body where there is none, or none yet. The signal is on record either way.
pub(super) async fn signal(
    Here(shared): Here,
    Path((run, name)): Path<(String, String)>,
    query: Result<Query<SignalQuery>, QueryRejection>,
    body: Body,
) -> Result<Response, Problem> {
    let run = run_id(&run)?;
    let time = wait::parse_or("wait", parsed(query)?.wait.as_deref(), PATIENCE)?;
    let payload = body::read(&shared, body).await?;
    let answer = shared.host.signal(run, &name, payload.as_ref(), time).await?;
    Ok(match answer {
        Some(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        None => StatusCode::ACCEPTED.into_response(),
    })
}

pub(super) async fn emit(
    Here(shared): Here,
    Path(name): Path<String>,
    body: Body,
) -> Result<(StatusCode, Json<Told>), Problem> {
    let payload = body::read(&shared, body).await?;
    let told = shared.host.emit(&name, payload.as_ref()).await?;
    Ok((StatusCode::ACCEPTED, Json(told)))
}

/// A view: its value, or why it has none now.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "View")]
pub(super) enum Shown {
    Value(Box<RawValue>),
    Error(String),
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Views")]
pub(super) struct AllViews {
    views: BTreeMap<String, Shown>,
}

pub(super) async fn views(Here(shared): Here, Path(run): Path<String>) -> Result<Json<AllViews>, Problem> {
    let views: Views = shared.host.views(run_id(&run)?, None).await?;
    let shown = views.into_iter().map(|(name, value)| {
        let shown = value.map_or_else(Shown::Error, Shown::Value);
        (name.to_string(), shown)
    });
    Ok(Json(AllViews {
        views: shown.collect(),
    }))
}

pub(super) async fn view(
    Here(shared): Here,
    Path((run, name)): Path<(String, String)>,
) -> Result<Json<Box<RawValue>>, Problem> {
    let views = shared.host.views(run_id(&run)?, Some(&name)).await?;
    let unseen = |reason| Refusal::View {
        view: name.as_str().into(),
        reason,
    };
    let value = views.into_values().next();
    let value = value.unwrap_or_else(|| Err("there is none".to_owned()));
    Ok(Json(value.map_err(unseen)?))
}

/// The variables of a run, by name.
#[derive(JsonSchema)]
pub(super) struct Variables {
    #[expect(
        dead_code,
        reason = "only its schema is wanted: the order of the flow is kept"
    )]
    variables: BTreeMap<String, serde_json::Value>,
}

/// Variables in the order of the flow, as one JSON object.
pub(super) async fn variables(Here(shared): Here, Path(run): Path<String>) -> Result<Response, Problem> {
    let variables = shared.host.variables(run_id(&run)?).await?;
    let member = |(name, value): &(String, Box<RawValue>)| {
        let name = serde_json::to_string(name).unwrap_or_default();
        format!("{name}:{}", value.get())
    };
    let members: Vec<String> = variables.iter().map(member).collect();
    let json = format!("{{\"variables\":{{{}}}}}", members.join(","));
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}
