//! The same for many runs: how many a filter wants, and a verb for each of them.

use super::{
    door::Here,
    error::RequestError,
    filter::{self, Pairs},
    list::Counted,
    problem::Problem,
    routes::parameter,
};
use crate::{RunId, engine::Refusal, host::Bulk, store::Filter};
use axum::{
    Json,
    extract::Path,
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;

/// How many refusals, and runs of a preview, an answer shows.
const SHOWN: usize = 20;

/// What a batch would deal with.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BatchPreview")]
pub(super) struct Preview {
    #[serde(flatten)]
    count: Counted,
    /// The newest of them.
    runs: Vec<RunId>,
}

/// What became of a batch.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BatchDone")]
pub(super) struct Done {
    done: usize,
    /// The runs that began by it, in the order of those in whose place they go on, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    began: Vec<RunId>,
    /// How many it could not be done with; a few of them are shown.
    refused: usize,
    /// Whether there are more than one batch takes.
    more: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Refused>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BatchRefused")]
pub(super) struct Refused {
    run: RunId,
    code: String,
    why: String,
}

/// What a batch came to, or would.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is wanted")]
#[schemars(rename = "BatchAnswer")]
pub(super) enum Answer {
    Preview(Preview),
    Done(Done),
}

/// `preview=true` only counts. Every run there is is meant only where the query says `all=true`.
pub(super) async fn batch(
    Here(shared): Here,
    Path(verb): Path<String>,
    query: Pairs,
) -> Result<Response, Problem> {
    let filtered = filter::read(query, &["preview", "all", "reason"])?;
    let reason = filtered.other("reason").unwrap_or("many at once, over the API");
    let bulk = bulk(&verb, reason)?;
    let preview = flag("preview", filtered.other("preview"))?;
    if filtered.filter == Filter::default() && !flag("all", filtered.other("all"))? {
        let wrong = "expected at least one word of a filter, or `all=true`".to_owned();
        return Err(parameter("query", wrong).into());
    }
    if preview {
        let chosen = shared.host.preview(filtered.filter, &bulk, SHOWN).await?;
        let (count, runs) = (chosen.count.into(), chosen.runs);
        return Ok(Json(Preview { count, runs }).into_response());
    }
    let outcome = shared.host.batch(filtered.filter, &bulk).await?;
    let shown = outcome.refused.iter().take(SHOWN);
    let done = Done {
        done: outcome.done,
        began: outcome.began,
        refused: outcome.refused.len(),
        more: outcome.more,
        problems: shown.map(|(run, why)| refused(*run, why)).collect(),
    };
    Ok(Json(done).into_response())
}

fn refused(run: RunId, why: &Refusal) -> Refused {
    Refused {
        run,
        code: why.code().to_string(),
        why: why.to_string(),
    }
}

fn bulk(verb: &str, reason: &str) -> Result<Bulk, RequestError> {
    let reason = || reason.to_owned();
    Ok(match verb {
        "cancel" => Bulk::Cancel(reason()),
        "pause" => Bulk::Pause(reason()),
        "resume" => Bulk::Resume,
        "terminate" => Bulk::Terminate(reason()),
        "retry" => Bulk::Retry,
        other => {
            let wrong =
                format!("expected `cancel`, `pause`, `resume`, `terminate` or `retry`, found `{other}`");
            return Err(parameter("verb", wrong));
        }
    })
}

fn flag(name: &'static str, value: Option<&str>) -> Result<bool, RequestError> {
    match value {
        None | Some("false") => Ok(false),
        Some("true" | "") => Ok(true),
        Some(other) => Err(parameter(
            name,
            format!("expected `true` or `false`, found `{other}`"),
        )),
    }
}
