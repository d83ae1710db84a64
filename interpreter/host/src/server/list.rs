//! Runs by what they have in common: pages of them, and how many there are.

use super::{
    Shared,
    error::RequestError,
    problem::Problem,
    routes::{parameter, parsed},
};
use crate::{
    engine::view::{Page, State as RunState},
    store::{Count, Filter},
};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use flowmesh_ir::Name;
use serde::{Deserialize, Serialize};
use std::{fmt::Display, str::FromStr};

/// The most runs on one page.
const PAGE_MAX: usize = 1000;
const PAGE: usize = 50;

/// Which runs; what is not said does not matter.
#[derive(Deserialize)]
pub(super) struct ListQuery {
    flow: Option<String>,
    state: Option<String>,
    key: Option<String>,
    /// The name of the error that they ended with.
    error: Option<String>,
    /// The title of the step that they are at.
    step: Option<String>,
    /// `key=value`
    tag: Option<String>,
    /// When they began, at the earliest.
    since: Option<String>,
    /// Before when they began.
    until: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Counted {
    count: u64,
    /// Whether there are not more.
    exact: bool,
}

pub(super) async fn list(
    State(shared): State<Shared>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Page>, Problem> {
    let query = parsed(query)?;
    let limit = query.limit.unwrap_or(PAGE).clamp(1, PAGE_MAX);
    Ok(Json(shared.host.list(query.filter()?, limit).await?))
}

pub(super) async fn count(
    State(shared): State<Shared>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Counted>, Problem> {
    let filter = parsed(query)?.filter()?;
    let (count, exact) = match shared.host.count(filter).await? {
        Count::Exactly(count) => (count, true),
        Count::AtLeast(count) => (count, false),
    };
    Ok(Json(Counted { count, exact }))
}

impl ListQuery {
    fn filter(self) -> Result<Filter, RequestError> {
        let state: Option<RunState> = read("state", self.state.as_deref())?;
        Ok(Filter {
            namespace: Name::default(),
            flow: self.flow.map(Name::from),
            state: state.map(|state| state.as_str().into()),
            key: self.key,
            error: self.error.map(Name::from),
            step: self.step,
            tags: self.tag.as_deref().map(tag).transpose()?.into_iter().collect(),
            since: read("since", self.since.as_deref())?,
            until: read("until", self.until.as_deref())?,
            before: read("cursor", self.cursor.as_deref())?,
        })
    }
}

fn read<T: FromStr<Err: Display>>(name: &'static str, text: Option<&str>) -> Result<Option<T>, RequestError> {
    let read = text.map(str::parse::<T>).transpose();
    read.map_err(|wrong| parameter(name, wrong.to_string()))
}

/// `key=value`
fn tag(text: &str) -> Result<(Name, String), RequestError> {
    let wrong = || parameter("tag", format!("expected `key=value`, found `{text}`"));
    let (key, value) = text.split_once('=').ok_or_else(wrong)?;
    Ok((Name::from(key), value.to_owned()))
}
