//! How the services of the program did of late, as the mesh of this process saw them.

use super::{door::Here, error::RequestError, problem::Problem, routes::parsed, wait};
use axum::{
    Json,
    extract::{Path, Query, rejection::QueryRejection},
};
use flowmesh_mesh::decide::tally::Seen;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// So far back is looked where nobody says how far.
const LAST: Duration = Duration::from_secs(30);

/// How a version of a service did of late.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Health")]
pub(super) struct Health {
    /// How many attempts ended.
    requests: u64,
    /// How many of them failed.
    errors: u64,
    /// What 99 of 100 of those that were answered stayed below: `120ms`.
    p99: String,
}

#[derive(Deserialize)]
pub(super) struct HealthQuery {
    last: Option<String>,
}

pub(super) async fn health(
    Here(shared): Here,
    Path((service, version)): Path<(String, String)>,
    query: Result<Query<HealthQuery>, QueryRejection>,
) -> Result<Json<Health>, Problem> {
    let last = wait::parse_or("last", parsed(query)?.last.as_deref(), LAST)?;
    let seen = shared.host.seen(&service, &version, last);
    let path = format!("/v1/health/{service}/{version}");
    let Seen {
        requests,
        errors,
        p99,
    } = seen.ok_or(RequestError::Nothing { path })?;
    let p99 = format!("{}ms", p99.as_micros().div_ceil(1000));
    Ok(Json(Health {
        requests,
        errors,
        p99,
    }))
}
