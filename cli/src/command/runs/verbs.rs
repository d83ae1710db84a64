//! What each verb asks and shows.

use super::{Verb, batch, edit, share, steer};
use crate::{
    client::{Client, encode},
    draw::{self, table},
    error::Error,
    exit::Exit,
    input,
};
use http::Method;
use serde_json::Value;

/// Asks and shows.
pub(crate) async fn run(client: &Client, verb: &Verb, json: bool) -> Result<Exit, Error> {
    match verb {
        Verb::Start {
            flow,
            input,
            key,
            priority,
            delay,
            wait,
        } => {
            let query = [
                ("key", key.clone()),
                ("priority", priority.map(|priority| priority.to_string())),
                ("delay", delay.clone()),
            ];
            let run = start(client, flow, input, &query).await?;
            if *wait {
                return ended(client, &text(&run, "id"), json).await;
            }
            show(&run, json);
        }
        Verb::Get { id } => show(&get(client, &named(client, id).await?).await?, json),
        Verb::List { which, limit, cursor } => {
            let mut query = which.query()?;
            query.extend(cursor.iter().map(|cursor| ("cursor", cursor.clone())));
            list(client, &query, *limit, json).await?;
        }
        Verb::Batch {
            verb,
            which,
            all,
            reason,
            yes,
        } => {
            let asked = batch::Batch {
                verb: *verb,
                which,
                all: *all,
                reason,
                yes: *yes,
            };
            return batch::batch(client, &asked, json).await;
        }
        Verb::Count { which } => count(client, &which.query()?, json).await?,
        Verb::Signal {
            id,
            signal,
            payload,
            wait,
        } => {
            let id = &named(client, id).await?;
            let payload = input::json(payload, "the payload")?;
            let (run, name) = (encode(id), encode(signal));
            let path = format!("/v1/runs/{run}/signals/{name}?wait={}", encode(wait));
            match client.send(Method::POST, &path, Some(payload.get())).await? {
                Value::Null => draw::say(format!("`{signal}` is on record for {id}")),
                answer => draw::answer_json(&answer),
            }
        }
        Verb::Emit { event, payload } => emit(client, event, payload, json).await?,
        Verb::View { id, name } => {
            let id = named(client, id).await?;
            let path = name
                .as_ref()
                .map(|name| format!("/{}", encode(name)))
                .unwrap_or_default();
            let path = format!("/v1/runs/{}/views{path}", encode(&id));
            draw::answer_json(&client.send(Method::GET, &path, None).await?);
        }
        Verb::Cancel { id, reason } => {
            steer::cancel(client, &named(client, id).await?, reason, json).await?;
        }
        Verb::Pause { id, reason } => steer::pause(client, &named(client, id).await?, reason, json).await?,
        Verb::Terminate { id, reason } => {
            steer::terminate(client, &named(client, id).await?, reason, json).await?;
        }
        Verb::Decide {
            id,
            choice,
            result,
            call,
        } => {
            let id = named(client, id).await?;
            let seen = get(client, &id).await?;
            let decision = steer::Decision {
                choice: *choice,
                result: result.as_deref(),
                call: *call,
            };
            steer::decide(client, &seen, &decision, json).await?;
        }
        Verb::Edit { id, values, set } => {
            let id = named(client, id).await?;
            if values.is_empty() && set.is_empty() {
                edit::variables(client, &id).await?;
            } else {
                edit::edit(client, &id, (values, set), json).await?;
            }
        }
        Verb::Resume { id } => steer::resume(client, &named(client, id).await?, json).await?,
        Verb::Retry { id } => share::retry(client, &named(client, id).await?, json).await?,
        Verb::Restart { id, from, round } => {
            share::restart(client, &named(client, id).await?, (from, *round), json).await?;
        }
        Verb::Events { id } => events(client, &named(client, id).await?, json).await?,
        Verb::Wait { id } => return ended(client, &named(client, id).await?, json).await,
    }
    Ok(Exit::Ok)
}

async fn start(
    client: &Client,
    flow: &str,
    input: &str,
    query: &[(&'static str, Option<String>)],
) -> Result<Value, Error> {
    let input = input::json(input, "`--input`")?;
    let said = query
        .iter()
        .filter_map(|(name, value)| Some((*name, value.clone()?)));
    let query = filtered(&said.collect::<Vec<_>>());
    client
        .send(
            Method::POST,
            &format!("/v1/flows/{}/runs?{query}", encode(flow)),
            Some(input.get()),
        )
        .await
}

/// The identifier of a run; `latest` is the one that was started last. Where there is none, the server says so.
async fn named(client: &Client, id: &str) -> Result<String, Error> {
    if id != "latest" {
        return Ok(id.to_owned());
    }
    let page = client.send(Method::GET, "/v1/runs?limit=1", None).await?;
    let latest = page.pointer("/runs/0/id").and_then(Value::as_str);
    Ok(latest.unwrap_or(id).to_owned())
}

async fn get(client: &Client, id: &str) -> Result<Value, Error> {
    client
        .send(Method::GET, &format!("/v1/runs/{}", encode(id)), None)
        .await
}

async fn emit(client: &Client, event: &str, payload: &str, json: bool) -> Result<(), Error> {
    let payload = input::json(payload, "the payload")?;
    let path = format!("/v1/events/{}", encode(event));
    let told = client.send(Method::POST, &path, Some(payload.get())).await?;
    if json {
        draw::answer_json(&told);
        return Ok(());
    }
    let started = told
        .get("started")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let started: Vec<&str> = started.filter_map(Value::as_str).collect();
    draw::say(format!(
        "`{event}` was told to {} runs, and started {}",
        told.get("heard").unwrap_or(&Value::Null),
        if started.is_empty() {
            "none".to_owned()
        } else {
            started.join(", ")
        }
    ));
    Ok(())
}

async fn list(
    client: &Client,
    filters: &[(&'static str, String)],
    limit: u32,
    json: bool,
) -> Result<(), Error> {
    let path = format!("/v1/runs?limit={limit}{}", filtered(filters));
    let page = client.send(Method::GET, &path, None).await?;
    if json {
        draw::answer_json(&page);
        return Ok(());
    }
    match page.get("runs").and_then(Value::as_array) {
        Some(runs) if !runs.is_empty() => draw::raw(&table::runs(runs)),
        _ => draw::say("no runs"),
    }
    if let Some(cursor) = page.get("cursor").and_then(Value::as_str) {
        draw::say(format!("there are more: `--cursor {cursor}`"));
    }
    Ok(())
}

async fn count(client: &Client, filters: &[(&'static str, String)], json: bool) -> Result<(), Error> {
    let path = format!("/v1/runs/count?{}", filtered(filters).trim_start_matches('&'));
    let counted = client.send(Method::GET, &path, None).await?;
    let exact = counted.get("exact").and_then(Value::as_bool).unwrap_or_default();
    let number = counted.get("count").unwrap_or(&Value::Null);
    match (json, exact) {
        (true, _) => draw::answer_json(&counted),
        (false, true) => draw::answer(number.to_string()),
        (false, false) => draw::answer(format!("at least {number}")),
    }
    Ok(())
}

/// The filters of a query, with an `&` before each.
pub(super) fn filtered(filters: &[(&'static str, String)]) -> String {
    let one = |(name, value): &(&str, String)| format!("&{name}={}", encode(value));
    filters.iter().map(one).collect()
}

async fn events(client: &Client, id: &str, json: bool) -> Result<(), Error> {
    let mut events = client.events(&format!("/v1/runs/{}/events", encode(id))).await?;
    while let Some(event) = events.next().await? {
        if json {
            draw::answer_line(&event);
        } else {
            draw::answer(line(&event));
        }
    }
    Ok(())
}

/// Waits for the end, prints the result and ends as the run did.
async fn ended(client: &Client, id: &str, json: bool) -> Result<Exit, Error> {
    let run = loop {
        // A server answers after a while even if the run goes on, so that nothing between us gives up.
        let run = client
            .send(Method::GET, &format!("/v1/runs/{}?wait=60s", encode(id)), None)
            .await?;
        if matches!(
            text(&run, "state").as_str(),
            "done" | "failed" | "cancelled" | "terminated"
        ) {
            break run;
        }
    };
    let done = text(&run, "state") == "done";
    if json {
        draw::answer_json(&run);
    } else if done {
        draw::answer_json(run.get("result").unwrap_or(&Value::Null));
    } else {
        draw::say(table::run(&run).trim_end());
    }
    Ok(if done { Exit::Ok } else { Exit::Failed })
}

fn show(run: &Value, json: bool) {
    if json {
        draw::answer_json(run);
    } else {
        draw::raw(&table::run(run));
    }
}

/// An event on one line: its time, its kind and the rest as JSON.
fn line(event: &Value) -> String {
    let mut rest = event.clone();
    let mut take = |name: &str| {
        let value = rest
            .as_object_mut()
            .and_then(|fields| fields.remove(name))
            .unwrap_or_default();
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    };
    let (at, kind) = (take("at"), take("event"));
    format!("{at}  {kind:<12} {rest}")
}

fn text(of: &Value, name: &str) -> String {
    of.get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
