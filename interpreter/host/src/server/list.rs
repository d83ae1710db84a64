//! Runs by what they have in common: pages of them, and how many there are.

use super::{
    door::Here,
    filter::{self, Pairs},
    problem::Problem,
    routes::parameter,
};
use crate::{engine::view::Page, store::Count};
use axum::Json;
use schemars::JsonSchema;
use serde::Serialize;

/// The most runs on one page.
const PAGE_MAX: usize = 1000;
const PAGE: usize = 50;

/// How many runs there are.
#[derive(Serialize, JsonSchema)]
pub(super) struct Counted {
    count: u64,
    /// Whether there are not more.
    exact: bool,
}

pub(super) async fn list(Here(shared): Here, query: Pairs) -> Result<Json<Page>, Problem> {
    let mut filtered = filter::read(query, &["limit", "cursor"])?;
    filtered.filter.before = filtered.cursor()?;
    let limit = filtered.other("limit").map(str::parse::<usize>).transpose();
    let limit = limit.map_err(|wrong| parameter("limit", wrong.to_string()))?;
    let limit = limit.unwrap_or(PAGE).clamp(1, PAGE_MAX);
    Ok(Json(shared.host.list(filtered.filter, limit).await?))
}

pub(super) async fn count(Here(shared): Here, query: Pairs) -> Result<Json<Counted>, Problem> {
    let filtered = filter::read(query, &[])?;
    Ok(Json(shared.host.count(filtered.filter).await?.into()))
}

impl From<Count> for Counted {
    fn from(count: Count) -> Self {
        let (count, exact) = match count {
            Count::Exactly(count) => (count, true),
            Count::AtLeast(count) => (count, false),
        };
        Self { count, exact }
    }
}
