//! Steering runs that have not ended: cancel, pause, resume, decide, edit, terminate.

use super::{Shared, body, door::Here, error::RequestError, problem::Problem, routes::run_id};
use crate::engine::{Verb, view::RunView};
use axum::{Json, body::Body, extract::Path, http::StatusCode};
use flowmesh_machine::{CallId, Decision};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    reason: Option<String>,
}

type Steered = Result<(StatusCode, Json<RunView>), Problem>;

pub(super) async fn cancel(Here(shared): Here, Path(run): Path<String>, body: Body) -> Steered {
    let reason = reason(&shared, body, "cancelled over the API").await?;
    steer(&shared, &run, Verb::Cancel { reason }).await
}

pub(super) async fn pause(Here(shared): Here, Path(run): Path<String>, body: Body) -> Steered {
    let reason = reason(&shared, body, "paused over the API").await?;
    steer(&shared, &run, Verb::Pause { reason }).await
}

pub(super) async fn resume(Here(shared): Here, Path(run): Path<String>) -> Steered {
    steer(&shared, &run, Verb::Resume).await
}

pub(super) async fn terminate(Here(shared): Here, Path(run): Path<String>, body: Body) -> Steered {
    let reason = reason(&shared, body, "terminated over the API").await?;
    steer(&shared, &run, Verb::Terminate { reason }).await
}

/// How a parked run goes on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Decision")]
pub(super) struct Decided {
    choice: Word,
    /// What the call returned; with `done`.
    #[schemars(with = "Option<serde_json::Value>")]
    result: Option<Box<RawValue>>,
    /// At the end of which call it was seen to be parked.
    call: Option<u32>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Choice")]
pub(super) enum Word {
    Retry,
    Done,
    Fail,
    Skip,
}

pub(super) async fn decide(Here(shared): Here, Path(run): Path<String>, body: Body) -> Steered {
    let body = body::read(&shared, body).await?;
    let wrong = |error| {
        let shape = "{\"choice\": \"retry\", \"done\", \"fail\" or \"skip\"}";
        RequestError::Body(format!("expected `{shape}`, with `done` a `result`: {error}"))
    };
    let decided: Decided = serde_json::from_slice(&body).map_err(wrong)?;
    let result = decided
        .result
        .map_or(Vec::new(), |result| result.get().as_bytes().to_vec());
    let decision = match decided.choice {
        Word::Retry => Decision::Retry,
        Word::Done => Decision::Done(result.into()),
        Word::Fail => Decision::Fail,
        Word::Skip => Decision::Skip,
    };
    let call = decided.call.map(CallId);
    steer(&shared, &run, Verb::Decide { call, decision }).await
}

/// New values of variables, by name.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Edit")]
pub(super) struct Edited {
    set: BTreeMap<String, Box<RawValue>>,
}

pub(super) async fn edit(Here(shared): Here, Path(run): Path<String>, body: Body) -> Steered {
    let body = body::read(&shared, body).await?;
    let wrong = |error| {
        RequestError::Body(format!(
            "expected `{{\"set\": {{\"order.total\": 12}}}}`: {error}"
        ))
    };
    let edited: Edited = serde_json::from_slice(&body).map_err(wrong)?;
    let edits = edited.set.into_iter();
    let edits = edits
        .map(|(name, value)| (name, value.get().as_bytes().into()))
        .collect();
    steer(&shared, &run, Verb::Edit(edits)).await
}

async fn steer(shared: &Shared, run: &str, verb: Verb) -> Steered {
    let run = run_id(run)?;
    shared.host.steer(run, verb).await?;
    Ok((StatusCode::ACCEPTED, Json(shared.host.get(run).await?)))
}

/// What the body says, or this where it says nothing.
async fn reason(shared: &Shared, body: Body, otherwise: &str) -> Result<String, Problem> {
    let body = body::read(shared, body).await?;
    let said = if body.is_empty() {
        Ok(Reason::default())
    } else {
        serde_json::from_slice(&body)
    };
    let wrong = |error| RequestError::Body(format!("expected `{{\"reason\": \"...\"}}` or nothing: {error}"));
    let said: Reason = said.map_err(wrong)?;
    Ok(said.reason.unwrap_or_else(|| otherwise.to_owned()))
}
