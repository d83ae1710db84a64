//! Recorded results over the API: what may be reused, and having it forgotten.

use super::{
    door::Here,
    error::RequestError,
    problem::Problem,
    route::{Parameter, Route},
    routes::{parameter, parsed},
};
use crate::engine::{ResultFilter, ResultPage, ResultPlace};
use axum::{
    Json,
    extract::{Query, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most results of one page, and how many there are where nobody says.
const PAGE_MAX: usize = 1000;
const PAGE: usize = 50;
/// How many results of a preview an answer shows.
const SHOWN: usize = 20;

const OF: Parameter = (
    "of",
    "Results of this operation, such as `reports.build`, or of this flow",
);
const KEY: Parameter = ("key", "Results of calls with this key");

/// The routes of results.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::look(
            "list_results",
            "/v1/cache",
            "Lists the recorded results that may still be reused, by what was called and the key",
            list,
        )
        .query(&[
            OF,
            KEY,
            ("limit", "The most results of the page, 1 to 1000; else 50"),
            ("cursor", "The cursor of the page before"),
        ])
        .answers::<ResultPage>(200),
        Route::act(
            "forget_results",
            "/v1/cache/forget",
            "Has recorded results forgotten, so that the next such call is made",
            forget,
        )
        .query(&[
            OF,
            KEY,
            ("preview", "`true` only says how many"),
            (
                "all",
                "`true` where neither `of` nor `key` is given and every result there is is meant",
            ),
        ])
        .answers::<Answer>(200),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    of: Option<String>,
    key: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ForgetQuery {
    of: Option<String>,
    key: Option<String>,
    #[serde(default)]
    preview: bool,
    #[serde(default)]
    all: bool,
}

/// How many results were forgotten.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ForgottenResults")]
pub(super) struct Forgotten {
    forgotten: usize,
}

/// What it came to, or would.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is wanted")]
#[schemars(rename = "ForgetAnswer")]
pub(super) enum Answer {
    Preview(ResultPage),
    Forgotten(Forgotten),
}

async fn list(
    Here(shared): Here,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<ResultPage>, Problem> {
    let query = parsed(query)?;
    let limit = query.limit.unwrap_or(PAGE).clamp(1, PAGE_MAX);
    let behind = query.cursor.as_deref().map(ResultPlace::read).transpose();
    let behind = behind.map_err(|wrong| parameter("cursor", wrong))?;
    let filter = ResultFilter::new(query.of, query.key);
    Ok(Json(shared.host.results(filter, behind, limit).await?))
}

/// Every result there is is meant only where the query says `all=true`.
async fn forget(
    Here(shared): Here,
    query: Result<Query<ForgetQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let query = parsed(query)?;
    let filter = ResultFilter::new(query.of, query.key);
    if filter == ResultFilter::default() && !query.all {
        return Err(nothing_said().into());
    }
    if query.preview {
        return Ok(Json(shared.host.results(filter, None, SHOWN).await?).into_response());
    }
    let forgotten = shared.host.forget_results(filter).await?;
    Ok(Json(Forgotten { forgotten }).into_response())
}

fn nothing_said() -> RequestError {
    parameter("query", "expected `of` or `key`, or `all=true`".to_owned())
}
