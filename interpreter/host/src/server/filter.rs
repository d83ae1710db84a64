//! Filters in the query of a request: the same words wherever runs are looked for.

use super::{error::RequestError, route::Parameter, routes::parameter};
use crate::{RunId, engine::view::State, store::Filter};
use axum::extract::{Query, rejection::QueryRejection};
use flowmesh_ir::Name;
use jiff::Timestamp;

/// The words of a filter.
pub(super) const PARAMETERS: &[Parameter] = &[
    ("flow", "Runs of this flow"),
    ("state", "Runs in this state"),
    ("key", "The run that was started with this key"),
    ("error", "Runs that ended with this error"),
    ("step", "Runs that are at this step"),
    (
        "tag",
        "Runs with this tag: `KEY=VALUE`; several times for several of them",
    ),
    (
        "since",
        "Runs that began at this time or later: `2026-01-31T12:00:00Z`",
    ),
    ("until", "Runs that began before this time"),
];

/// The parameters of a query in order.
pub(super) type Pairs = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// A filter, and the other parameters.
pub(super) struct Filtered {
    pub(super) filter: Filter,
    /// What else the query says, of what it may say.
    pub(super) others: Vec<(String, String)>,
}

/// Reads a query that may have these parameters beside a filter. Others are refused: a word that is written wrong would
/// let through what nobody meant.
pub(super) fn read(query: Pairs, others: &[&str]) -> Result<Filtered, RequestError> {
    let Query(pairs) = query.map_err(|rejection| RequestError::Query(rejection.body_text()))?;
    let mut found = Filtered {
        filter: Filter::default(),
        others: Vec::new(),
    };
    for (name, value) in pairs {
        let filter = &mut found.filter;
        match name.as_str() {
            "flow" => filter.flow = Some(Name::from(value)),
            "state" => filter.state = Some(state(&value)?),
            "key" => filter.key = Some(value),
            "error" => filter.error = Some(Name::from(value)),
            "step" => filter.step = Some(value),
            "tag" => filter.tags.push(tag(&value)?),
            "since" => filter.since = Some(time("since", &value)?),
            "until" => filter.until = Some(time("until", &value)?),
            other if others.contains(&other) => found.others.push((name, value)),
            _ => return Err(parameter("query", unknown(&name, others))),
        }
    }
    Ok(found)
}

impl Filtered {
    /// One of the other parameters.
    pub(super) fn other(&self, name: &str) -> Option<&str> {
        let found = self.others.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The cursor of the page before.
    pub(super) fn cursor(&self) -> Result<Option<RunId>, RequestError> {
        let cursor = self.other("cursor").map(str::parse::<RunId>).transpose();
        cursor.map_err(|wrong| parameter("cursor", wrong))
    }
}

fn unknown(name: &str, others: &[&str]) -> String {
    let words = PARAMETERS.iter().map(|(word, _)| *word);
    let words: Vec<String> = words
        .chain(others.iter().copied())
        .map(|word| format!("`{word}`"))
        .collect();
    format!("expected {}, found `{name}`", words.join(", "))
}

fn state(text: &str) -> Result<Name, RequestError> {
    let state: State = text.parse().map_err(|wrong| parameter("state", wrong))?;
    Ok(state.as_str().into())
}

/// `key=value`
fn tag(text: &str) -> Result<(Name, String), RequestError> {
    let wrong = || parameter("tag", format!("expected `key=value`, found `{text}`"));
    let (key, value) = text.split_once('=').ok_or_else(wrong)?;
    Ok((Name::from(key), value.to_owned()))
}

fn time(name: &'static str, text: &str) -> Result<Timestamp, RequestError> {
    let wrong = || format!("expected a time like `2026-01-31T12:00:00Z`, found `{text}`");
    text.parse().map_err(|_| parameter(name, wrong()))
}
