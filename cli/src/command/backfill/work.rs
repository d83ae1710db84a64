//! Starting the runs, so many at once, and waiting for their ends.

use crate::{
    client::{Client, encode},
    draw,
    error::Error,
    exit::Exit,
};
use http::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tokio::task::JoinSet;

/// Values that are to have a run.
pub(super) struct Backlog {
    pub(super) flow: String,
    /// The parameter that they are of.
    pub(super) name: String,
    pub(super) values: Vec<Value>,
    /// The other parameters.
    pub(super) input: Map<String, Value>,
    /// Whether runs that have failed are tried again.
    pub(super) again: bool,
    pub(super) concurrency: usize,
    pub(super) json: bool,
}

/// What came of one value.
struct Done {
    at: usize,
    run: Value,
    /// `begun`, `again` or `existing`.
    how: &'static str,
}

impl Backlog {
    /// Sees that the flow is there and takes the parameter; says whether it has a key of its own.
    pub(super) async fn check(&self, client: &Client) -> Result<bool, Error> {
        let answer = client.send(Method::GET, "/v1/flows", None).await?;
        let flows = answer.get("flows").unwrap_or(&answer).as_array().cloned();
        let flows = flows.unwrap_or_default();
        let name_of = |flow: &Value| flow.get("name").and_then(Value::as_str).map(str::to_owned);
        let found = flows
            .iter()
            .find(|flow| name_of(flow).as_deref() == Some(&self.flow));
        let Some(found) = found else {
            let names: Vec<String> = flows.iter().filter_map(name_of).collect();
            return Err(self.no(&self.flow, "the server has no such flow", &names));
        };
        let params: Vec<String> = found
            .get("params")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|param| param.as_str().map(str::to_owned))
            .collect();
        if !params.contains(&self.name) {
            let why = format!("`{}` has no such parameter", self.flow);
            return Err(self.no(&format!("--{}", self.name), &why, &params));
        }
        Ok(found.get("keyed").and_then(Value::as_bool).unwrap_or_default())
    }

    fn no(&self, text: &str, why: &str, known: &[String]) -> Error {
        let near = flowmesh_ir::nearest(text.trim_start_matches('-'), known.iter().map(String::as_str));
        let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        Error::BadSetting {
            text: text.to_owned(),
            why: why.to_owned(),
            help: match near {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "there is none".to_owned(),
                None => format!("there is {}", known.join(", ")),
            },
        }
    }

    /// What would be run.
    pub(super) fn show(&self) {
        if self.json {
            return draw::answer_json(&json!({
                "flow": self.flow,
                "parameter": self.name,
                "count": self.values.len(),
                "values": self.values,
            }));
        }
        self.values.iter().for_each(|value| draw::answer(words(value)));
        draw::say(format!("{} would run {}", self.flow, times(self.values.len())));
    }

    /// Starts a run for each value and waits until all have ended.
    pub(super) async fn carry_out(&self, client: &Client, keyed: bool) -> Result<Exit, Error> {
        if !self.json {
            draw::say(format!("{} runs {}", self.flow, times(self.values.len())));
        }
        let mut open: JoinSet<Result<Done, Error>> = JoinSet::new();
        let mut ended = BTreeMap::new();
        let mut next = self.values.iter().enumerate();
        loop {
            while open.len() < self.concurrency {
                let Some((at, value)) = next.next() else { break };
                open.spawn(one(
                    client.clone(),
                    self.path(keyed, value),
                    self.input_of(value),
                    (at, self.again),
                ));
            }
            let Some(done) = open.join_next().await else { break };
            let done = done.map_err(|why| Error::NoServer {
                url: client.url.clone(),
                why: why.to_string(),
            })??;
            if !self.json {
                draw::say(self.line(&done));
            }
            ended.insert(done.at, done);
        }
        Ok(self.sum(&ended))
    }

    fn input_of(&self, value: &Value) -> String {
        let mut input = self.input.clone();
        input.insert(self.name.clone(), value.clone());
        Value::Object(input).to_string()
    }

    /// A flow without a key gets one, so that the same line does not begin a second run.
    fn path(&self, keyed: bool, value: &Value) -> String {
        let path = format!("/v1/flows/{}/runs", encode(&self.flow));
        if keyed {
            return path;
        }
        let mut key = format!("backfill {}={}", self.name, words(value));
        if !self.input.is_empty() {
            key += &format!(" {}", Value::Object(self.input.clone()));
        }
        format!("{path}?key={}", encode(&key))
    }

    fn line(&self, done: &Done) -> String {
        let value = self.values.get(done.at).map(words).unwrap_or_default();
        let text = |name: &str| done.run.get(name).and_then(Value::as_str).unwrap_or_default();
        let how = match done.how {
            "existing" => " (there already)",
            "again" => " (tried again)",
            _ => "",
        };
        format!("{} {value}: {}{how}  {}", self.name, text("state"), text("id"))
    }

    fn sum(&self, ended: &BTreeMap<usize, Done>) -> Exit {
        let state = |done: &Done| {
            done.run
                .get("state")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let well = ended.values().filter(|done| state(done) == "done").count();
        let existing = ended.values().filter(|done| done.how == "existing").count();
        let otherwise = ended.len().saturating_sub(well);
        if self.json {
            let run = |done: &Done| {
                json!({
                    "value": self.values.get(done.at),
                    "how": done.how,
                    "run": done.run,
                })
            };
            draw::answer_json(&json!({
                "flow": self.flow,
                "parameter": self.name,
                "count": ended.len(),
                "done": well,
                "existing": existing,
                "otherwise": otherwise,
                "runs": ended.values().map(run).collect::<Vec<_>>(),
            }));
        } else {
            draw::answer(format!(
                "{well} done, {otherwise} otherwise; {existing} there already"
            ));
        }
        if otherwise == 0 { Exit::Ok } else { Exit::Failed }
    }
}

/// One run, from its start to its end.
async fn one(client: Client, path: String, input: String, (at, again): (usize, bool)) -> Result<Done, Error> {
    let mut run = client.send(Method::POST, &path, Some(&input)).await?;
    let existing = run.get("existing").and_then(Value::as_bool).unwrap_or_default();
    let mut how = if existing { "existing" } else { "begun" };
    let failed = run.get("state").and_then(Value::as_str) == Some("failed");
    if existing && failed && again {
        let path = format!("/v1/runs/{}/retry", encode(&id(&run)));
        run = client.send(Method::POST, &path, Some("{}")).await?;
        how = "again";
    }
    let path = format!("/v1/runs/{}?wait=60s", encode(&id(&run)));
    while !matches!(
        run.get("state").and_then(Value::as_str),
        Some("done" | "failed" | "cancelled" | "terminated")
    ) {
        // A server answers after a while even if the run goes on, so that nothing between us gives up.
        run = client.send(Method::GET, &path, None).await?;
    }
    Ok(Done { at, run, how })
}

fn id(run: &Value) -> String {
    run.get("id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// A value as it is written on the command line.
fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn times(count: usize) -> String {
    if count == 1 {
        "once".to_owned()
    } else {
        format!("{count} times")
    }
}
