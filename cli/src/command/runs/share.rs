//! `flowmesh runs retry` and `restart`: a new run that shares the history of one that has ended.

use super::steer::{steer, tell};
use crate::{client::Client, error::Error};
use serde::Serialize;
use serde_json::{Value, json};

pub(super) async fn retry(client: &Client, id: &str, json: bool) -> Result<(), Error> {
    let run = steer(client, id, "retry", &json!({})).await?;
    say(&run, id, json);
    Ok(())
}

#[derive(Serialize)]
struct Restart<'a> {
    from: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<u32>,
}

pub(super) async fn restart(
    client: &Client,
    id: &str,
    (from, round): (&str, Option<u32>),
    json: bool,
) -> Result<(), Error> {
    let run = steer(client, id, "restart", &Restart { from, round }).await?;
    say(&run, id, json);
    Ok(())
}

fn say(run: &Value, id: &str, json: bool) {
    let text = |name| run.get(name).and_then(Value::as_str).unwrap_or_default();
    let (new, state) = (text("id"), text("state"));
    tell(
        run,
        json,
        &format!("{new} goes on in place of {id}; it is {state}"),
    );
}
