//! Steering one run: what is asked, and what is said when it is on record.

use super::Choice;
use crate::{
    client::{Client, encode},
    draw,
    error::Error,
    input,
};
use clap::ValueEnum;
use http::Method;
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

pub(super) async fn cancel(client: &Client, id: &str, reason: &str, json: bool) -> Result<(), Error> {
    let run = steer(client, id, "cancel", &json!({ "reason": reason })).await?;
    tell(
        &run,
        json,
        &format!("{id} will be cancelled; what it did is undone"),
    );
    Ok(())
}

pub(super) async fn pause(client: &Client, id: &str, reason: &str, json: bool) -> Result<(), Error> {
    let run = steer(client, id, "pause", &json!({ "reason": reason })).await?;
    tell(
        &run,
        json,
        &format!("{id} is paused; `flowmesh runs resume {id}` lets it go on"),
    );
    Ok(())
}

pub(super) async fn resume(client: &Client, id: &str, json: bool) -> Result<(), Error> {
    let run = steer(client, id, "resume", &json!({})).await?;
    let state = run.get("state").and_then(Value::as_str).unwrap_or_default();
    tell(&run, json, &format!("{id} goes on; it is {state}"));
    Ok(())
}

pub(super) async fn terminate(client: &Client, id: &str, reason: &str, json: bool) -> Result<(), Error> {
    let run = steer(client, id, "terminate", &json!({ "reason": reason })).await?;
    tell(&run, json, &format!("{id} has ended; nothing was undone"));
    Ok(())
}

/// A decision.
pub(super) struct Decision<'a> {
    pub(super) choice: Choice,
    pub(super) result: Option<&'a str>,
    pub(super) call: Option<u32>,
}

/// What is asked; the result as it stands, so that no number passes through a float.
#[derive(Serialize)]
struct Body<'a> {
    choice: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Box<RawValue>>,
}

/// Decides for a run as it was seen: what it is parked at by the time that this is heard may be something else.
pub(super) async fn decide(
    client: &Client,
    seen: &Value,
    decision: &Decision<'_>,
    json: bool,
) -> Result<(), Error> {
    let id = seen.get("id").and_then(Value::as_str).unwrap_or_default();
    let choice = decision.choice.to_possible_value();
    let choice = choice
        .map(|choice| choice.get_name().to_owned())
        .unwrap_or_default();
    let seen_at = || seen.pointer("/parked/call").and_then(Value::as_u64);
    let result = decision.result.map(|result| input::json(result, "`--result`"));
    let body = Body {
        choice: &choice,
        call: decision.call.map(u64::from).or_else(seen_at),
        result: result.transpose()?,
    };
    let run = steer(client, id, "decide", &body).await?;
    let state = run.get("state").and_then(Value::as_str).unwrap_or_default();
    tell(&run, json, &format!("{id} goes on; it is {state}"));
    Ok(())
}

/// The run as it stands when that is on record.
pub(super) async fn steer(
    client: &Client,
    id: &str,
    verb: &str,
    body: &impl Serialize,
) -> Result<Value, Error> {
    let path = format!("/v1/runs/{}/{verb}", encode(id));
    let body = serde_json::to_string(body).unwrap_or_default();
    client.send(Method::POST, &path, Some(&body)).await
}

pub(super) fn tell(run: &Value, json: bool, line: &str) {
    if json {
        draw::answer_json(run);
    } else {
        draw::say(line);
    }
}
