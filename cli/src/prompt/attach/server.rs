//! What a server that lives says of its runs.

use super::RUNS_MAX;
use crate::{
    client::{Client, encode},
    error::Error,
    prompt::{paint, runs::shortened},
    runtime,
};
use flowmesh_host::trial::Look;
use http::Method;
use serde_json::Value;

/// What a server answers.
pub(super) fn ask(client: &Client, path: &str) -> Result<Value, Error> {
    runtime::block_on(client.send(Method::GET, path, None))
}

/// The identifier that is meant: the beginning of one, or the run that was started last.
pub(super) fn named(client: &Client, run: &str) -> Result<String, Error> {
    let page = match run {
        "" | "latest" => ask(client, "/v1/runs?limit=1")?,
        run if run.len() >= 36 => return Ok(run.to_owned()),
        _ => ask(client, &format!("/v1/runs?limit={RUNS_MAX}"))?,
    };
    let runs = page.get("runs").and_then(Value::as_array).into_iter().flatten();
    let mut ids = runs.filter_map(|run| run.get("id").and_then(Value::as_str));
    let found = ids.find(|id| run == "latest" || id.starts_with(run));
    Ok(found.unwrap_or(run).to_owned())
}

/// The events of a run up to one that it has.
pub(super) fn events(client: &Client, id: &str, last: u64) -> Result<Vec<Value>, Error> {
    runtime::block_on(async {
        let mut events = client.events(&format!("/v1/runs/{}/events", encode(id))).await?;
        let mut all = Vec::new();
        while let Some(event) = events.next().await? {
            let Some(sequence) = event.get("sequence").and_then(Value::as_u64) else {
                continue;
            };
            if sequence <= last {
                all.push(event);
            }
            if sequence >= last {
                break;
            }
        }
        Ok(all)
    })
}

/// An event on one line.
pub(super) fn event_line(event: &Value) -> String {
    let mut rest = event.clone();
    let mut take = |name: &str| {
        let value = rest.as_object_mut().and_then(|fields| fields.remove(name));
        let value = value.unwrap_or_default();
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    };
    let (sequence, at, kind) = (take("sequence"), take("at"), take("event"));
    take("run");
    let rest = shortened(&rest.to_string(), 300);
    format!("  {sequence:>5}  {}  {kind} {rest}", paint::dim(&at))
}

/// A run as a server shows it behind an event.
pub(super) fn look(past: &Value, sequence: u64) -> Look {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let field = |name: &str| past.get(name);
    let list = |name: &str| -> Vec<String> {
        let all = field(name).and_then(Value::as_array).into_iter().flatten();
        all.map(text).collect()
    };
    let map = |name: &str| field(name).and_then(Value::as_object).into_iter().flatten();
    Look {
        number: 0,
        flow: field("flow").map(text).unwrap_or_default().into(),
        status: field("state").map(text).unwrap_or_default(),
        outcome: field("outcome").map(text),
        steps: list("steps"),
        awaits: list("awaits"),
        variables: map("variables")
            .map(|(name, value)| (name.clone(), value.to_string()))
            .collect(),
        tags: map("tags")
            .map(|(key, value)| (key.as_str().into(), text(value)))
            .collect(),
        began: jiff::SignedDuration::ZERO,
        events: usize::try_from(sequence).map_or(usize::MAX, |sequence| sequence.saturating_add(1)),
    }
}
