//! Schedules over the API: what there are, when they are due, and what can be told them.

use super::{body, door::Here, error::RequestError, problem::Problem, routes::parsed};
use crate::{
    engine::schedules::{Order, Plan, ScheduleView},
    store::Again,
};
use axum::{
    Json,
    body::Body,
    extract::{Path, Query, rejection::QueryRejection},
    http::StatusCode,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// So many next times are shown where nobody says how many.
const NEXT: usize = 10;

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Schedules")]
pub(super) struct All {
    schedules: Vec<ScheduleView>,
}

pub(super) async fn list(Here(shared): Here) -> Result<Json<All>, Problem> {
    let schedules = shared.host.schedules().await?;
    Ok(Json(All { schedules }))
}

#[derive(Deserialize)]
pub(super) struct ShowQuery {
    next: Option<usize>,
}

pub(super) async fn show(
    Here(shared): Here,
    Path(schedule): Path<String>,
    query: Result<Query<ShowQuery>, QueryRejection>,
) -> Result<Json<ScheduleView>, Problem> {
    let next = parsed(query)?.next.unwrap_or(NEXT);
    Ok(Json(shared.host.schedule(&schedule, next).await?))
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SchedulePause")]
pub(super) struct PauseBody {
    #[serde(default)]
    note: String,
}

pub(super) async fn pause(
    Here(shared): Here,
    Path(schedule): Path<String>,
    body: Body,
) -> Result<Json<ScheduleView>, Problem> {
    let bytes = body::read(&shared, body).await?;
    let body: PauseBody = if bytes.is_empty() {
        PauseBody::default()
    } else {
        read(&bytes, "`{\"note\": \"...\"}` or nothing")?
    };
    Ok(Json(shared.host.pause_schedule(&schedule, &body.note).await?))
}

pub(super) async fn resume(
    Here(shared): Here,
    Path(schedule): Path<String>,
) -> Result<Json<ScheduleView>, Problem> {
    Ok(Json(shared.host.resume_schedule(&schedule).await?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Backfill")]
pub(super) struct BackfillBody {
    from: Timestamp,
    to: Timestamp,
    #[serde(default)]
    again: Option<String>,
    #[serde(default)]
    newest_first: bool,
    #[serde(default = "one")]
    concurrency: u32,
    #[serde(default)]
    dry_run: bool,
}

fn one() -> u32 {
    1
}

pub(super) async fn backfill(
    Here(shared): Here,
    Path(schedule): Path<String>,
    body: Body,
) -> Result<(StatusCode, Json<Plan>), Problem> {
    let bytes = body::read(&shared, body).await?;
    let body: BackfillBody = read(&bytes, "`{\"from\": \"...\", \"to\": \"...\"}`")?;
    let again = body.again.as_deref().unwrap_or(Again::default().as_str());
    let order = Order {
        from: body.from,
        to: body.to,
        again: Again::of(again).ok_or_else(|| {
            RequestError::Body(format!(
                "expected `none`, `failed` or `completed`, found `{again}`"
            ))
        })?,
        newest_first: body.newest_first,
        concurrency: body.concurrency,
        dry_run: body.dry_run,
    };
    let plan = shared.host.backfill(&schedule, order).await?;
    let status = if order.dry_run {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    Ok((status, Json(plan)))
}

pub(super) async fn stop_backfill(
    Here(shared): Here,
    Path(schedule): Path<String>,
) -> Result<Json<ScheduleView>, Problem> {
    Ok(Json(shared.host.stop_backfill(&schedule).await?))
}

fn read<T: DeserializeOwned>(body: &[u8], expected: &str) -> Result<T, RequestError> {
    let read = serde_json::from_slice(body);
    read.map_err(|error| RequestError::Body(format!("expected {expected}: {error}")))
}
