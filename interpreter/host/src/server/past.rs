//! A run as it was: its journal played up to one of its events.

use super::{
    door::Here,
    problem::Problem,
    routes::{parameter, run_id},
};
use crate::upkeep::PastRun;
use axum::{Json, extract::Path};
use flowmesh_ir::Name;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A run as it stood behind one of its events.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PastRun")]
pub(super) struct PastView {
    /// Which run.
    id: String,
    /// Behind which event.
    sequence: u64,
    /// When that was.
    #[schemars(with = "String")]
    at: Timestamp,
    /// The flow.
    #[schemars(with = "String")]
    flow: Name,
    /// How it stood.
    state: String,
    /// Its result or its error as an author would write it, once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    /// The steps that were under way.
    steps: Vec<String>,
    /// What it waited for, beside time.
    awaits: Vec<String>,
    /// Its tags.
    #[schemars(with = "BTreeMap<String, String>")]
    tags: BTreeMap<Name, String>,
    /// Its variables, in the order of the flow.
    #[serde(serialize_with = "in_order")]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    variables: Vec<(String, Box<RawValue>)>,
}

pub(super) async fn at(
    Here(shared): Here,
    Path((run, sequence)): Path<(String, String)>,
) -> Result<Json<PastView>, Problem> {
    let run = run_id(&run)?;
    let wrong = |wrong: String| parameter("sequence", wrong);
    let sequence: u64 = sequence
        .parse()
        .map_err(|_| wrong("expected the number of an event".to_owned()))?;
    match shared.host.run_at(run, sequence).await? {
        Ok(past) => Ok(Json(shown(past, sequence))),
        Err(events) => {
            let last = events.saturating_sub(1);
            Err(wrong(format!("expected one of the events 0 to {last}")).into())
        }
    }
}

fn shown(past: PastRun, sequence: u64) -> PastView {
    let look = past.look;
    let raw = |(name, json)| Some((name, RawValue::from_string(json).ok()?));
    PastView {
        id: past.id.to_string(),
        sequence,
        at: past.at,
        flow: look.flow,
        state: look.status,
        outcome: look.outcome,
        steps: look.steps,
        awaits: look.awaits,
        tags: look.tags.into_iter().collect(),
        variables: look.variables.into_iter().filter_map(raw).collect(),
    }
}

fn in_order<S: Serializer>(all: &[(String, Box<RawValue>)], to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(all.len()))?;
    for (name, value) in all {
        map.serialize_entry(name, value)?;
    }
    map.end()
}
