//! What workers ask: for a task, and to be heard about it. In the paths: the queue, and the task; in the bodies, the
//! lease, by which a worker shows that the task is still its own.

use super::{
    Shared, body,
    door::Here,
    error::RequestError,
    problem::Problem,
    routes::{parameter, parsed},
    wait,
};
use crate::{engine::Before, workers::TaskId};
use axum::{
    Json,
    body::Body,
    extract::{Path, Query, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use flowmesh_ir::call::Reply;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::time::Duration;

/// How long a task is a worker's where it does not say.
const LEASE: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
pub(super) struct LeaseQuery {
    /// How long to wait for a task.
    wait: Option<String>,
    /// How long it is to be the worker's.
    lease: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TaskLease")]
pub(super) struct Leased {
    task: String,
    lease: String,
    until: jiff::Timestamp,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    input: Box<RawValue>,
}

/// 200 with a task, or 204 when there was none in time.
pub(super) async fn lease(
    Here(shared): Here,
    Path(queue): Path<String>,
    query: Result<Query<LeaseQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let query = parsed(query)?;
    let time = wait::parse("wait", query.wait.as_deref())?;
    let lease = wait::parse_or("lease", query.lease.as_deref(), LEASE)?;
    let mut stopping = shared.stopping.clone();
    let workers = shared.host.workers();
    let found = tokio::select! {
        found = workers.lease((shared.host.namespace(), &queue), lease, time) => found,
        _ = stopping.wait_for(|stopping| *stopping) => None,
    };
    Ok(match found {
        Some(leased) => Json(Leased {
            task: leased.id.to_string(),
            lease: format!("{:016x}", leased.token),
            until: leased.until,
            attempt: leased.attempt,
            key: leased.key,
            input: serde_json::from_slice(&leased.input).unwrap_or_else(|_| RawValue::NULL.to_owned()),
        })
        .into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TaskHeartbeat")]
pub(super) struct Beat {
    lease: String,
    /// For how long from now.
    #[serde(rename = "for")]
    time: Option<String>,
}

pub(super) async fn heartbeat(
    Here(shared): Here,
    Path(task): Path<String>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let beat: Beat = read(&shared, body, r#"{"lease": "..."}"#).await?;
    let (task, token) = (id(&task)?, token(&beat.lease)?);
    let lease = wait::parse_or("for", beat.time.as_deref(), LEASE)?;
    let heard = shared
        .host
        .workers()
        .heartbeat(shared.host.namespace(), (task, token), lease);
    heard.map_err(RequestError::from)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TaskDone")]
pub(super) struct Done {
    lease: String,
    #[serde(default)]
    result: Option<Box<RawValue>>,
}

/// 204 when the result is on stable storage.
pub(super) async fn complete(
    Here(shared): Here,
    Path(task): Path<String>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let done: Done = read(&shared, body, r#"{"lease": "...", "result": ...}"#).await?;
    if was_told(&shared).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let (task, token) = (id(&task)?, token(&done.lease)?);
    let body = done
        .result
        .map(|result| result.get().as_bytes().into())
        .unwrap_or_default();
    settle(&shared, task, token, 200, body).await
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TaskFailed")]
pub(super) struct Failed {
    lease: String,
    /// The name of an error that the operation declares.
    error: String,
    #[serde(default)]
    fields: Option<Box<RawValue>>,
}

/// 204 when the failure is on stable storage.
pub(super) async fn fail(
    Here(shared): Here,
    Path(task): Path<String>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let shape = r#"{"lease": "...", "error": "NAME", "fields": {...}}"#;
    let failed: Failed = read(&shared, body, shape).await?;
    if was_told(&shared).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let (task, token) = (id(&task)?, token(&failed.lease)?);
    let (run, call) = shared
        .host
        .workers()
        .call_of(shared.host.namespace(), (task, token))
        .map_err(RequestError::from)?;
    let status = shared.host.status_of(run, call, &failed.error).await?;
    let status = status.ok_or(RequestError::Failure { error: failed.error })?;
    let body = failed
        .fields
        .map(|fields| fields.get().as_bytes().into())
        .unwrap_or_default();
    settle(&shared, task, token, status, body).await
}

async fn settle(
    shared: &Shared,
    task: TaskId,
    token: u64,
    status: u16,
    body: std::sync::Arc<[u8]>,
) -> Result<StatusCode, Problem> {
    let reply = Reply::Answer { status, body };
    let settled = shared.host.settle((task, token), reply).await?;
    settled.map_err(RequestError::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether the same request was heard before: its task is not there any more.
async fn was_told(shared: &Shared) -> Result<bool, Problem> {
    Ok(shared.host.before().await? != Before::New)
}

async fn read<T: DeserializeOwned>(shared: &Shared, body: Body, shape: &str) -> Result<T, Problem> {
    let body = body::read(shared, body).await?;
    let wrong = |error| RequestError::Body(format!("expected `{shape}`: {error}"));
    Ok(serde_json::from_slice(&body).map_err(wrong)?)
}

fn id(text: &str) -> Result<TaskId, RequestError> {
    text.parse().map_err(|wrong| parameter("task", wrong))
}

fn token(text: &str) -> Result<u64, RequestError> {
    let wrong = |_| {
        parameter(
            "lease",
            format!("expected the lease that came with the task, found `{text}`"),
        )
    };
    u64::from_str_radix(text, 16).map_err(wrong)
}
