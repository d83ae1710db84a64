//! Reading the audit log over the API.

use super::Entry;
use crate::server::{door::Here, error::RequestError, identity::shown, problem::Problem, routes::parsed};
use axum::{
    Json,
    extract::{Query, rejection::QueryRejection},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most entries of one answer, and how many there are where nobody says.
const ENTRIES_MAX: usize = 1000;
const ENTRIES: usize = 100;

/// What was done in a namespace, the newest first.
#[derive(Serialize, JsonSchema)]
pub(in crate::server) struct AuditPage {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::server) struct AuditQuery {
    limit: Option<usize>,
    who: Option<String>,
    run: Option<String>,
}

pub(in crate::server) async fn show(
    Here(shared): Here,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Json<AuditPage>, Problem> {
    let query = parsed(query)?;
    let Some(audit) = shared.audit.clone() else {
        return Ok(Json(AuditPage { entries: Vec::new() }));
    };
    let namespace = shown(shared.host.namespace()).to_owned();
    let limit = query.limit.unwrap_or(ENTRIES).clamp(1, ENTRIES_MAX);
    let wanted = move |entry: &Entry| {
        entry.namespace == namespace
            && query.who.as_ref().is_none_or(|who| entry.who == *who)
            && query
                .run
                .as_ref()
                .is_none_or(|run| entry.run.as_ref() == Some(run))
    };
    let read = tokio::task::spawn_blocking(move || audit.newest(limit, wanted)).await;
    let read = read.map_err(|why| RequestError::Audit(why.to_string()))?;
    let entries = read.map_err(|why| RequestError::Audit(why.to_string()))?;
    Ok(Json(AuditPage { entries }))
}
