//! `flowmesh runs batch`: many runs at once.

use super::{Bulk, Which, verbs::filtered};
use crate::{
    client::{Client, encode},
    draw,
    error::Error,
    exit::Exit,
};
use clap::ValueEnum;
use http::Method;
use serde_json::Value;

/// What is asked for.
pub(super) struct Batch<'a> {
    pub(super) verb: Bulk,
    pub(super) which: &'a Which,
    pub(super) all: bool,
    pub(super) reason: &'a str,
    /// Whether it is to be done, and not only counted.
    pub(super) yes: bool,
}

pub(super) async fn batch(client: &Client, batch: &Batch<'_>, json: bool) -> Result<Exit, Error> {
    let filter = batch.which.query()?;
    if filter.is_empty() && !batch.all {
        return Err(Error::BadSetting {
            text: "runs batch".to_owned(),
            why: "nothing says which runs".to_owned(),
            help: "say which, such as `--flow checkout --state failed`; `--all` is every run there is"
                .to_owned(),
        });
    }
    let verb = batch.verb.to_possible_value();
    let verb = verb.map(|verb| verb.get_name().to_owned()).unwrap_or_default();
    let (all, reason) = (batch.all, encode(batch.reason));
    let preview = !batch.yes;
    let filter = filtered(&filter);
    let path = format!("/v1/batch/{verb}?preview={preview}&all={all}&reason={reason}{filter}");
    let answer = client.send(Method::POST, &path, None).await?;
    let refused = number(&answer, "refused");
    match (json, preview) {
        (true, _) => draw::answer_json(&answer),
        (false, true) => previewed(&verb, &answer),
        (false, false) => said(&verb, &answer),
    }
    Ok(if refused == 0 { Exit::Ok } else { Exit::Failed })
}

/// How many runs there are, and the newest of them.
fn previewed(verb: &str, answer: &Value) {
    let count = number(answer, "count");
    let exact = answer.get("exact").and_then(Value::as_bool).unwrap_or_default();
    let at_least = if exact { "" } else { "at least " };
    if count == 0 {
        draw::say(format!("`{verb}` can be done with none of them"));
        return;
    }
    let shown = answer.get("runs").and_then(Value::as_array);
    let shown: Vec<&str> = shown.into_iter().flatten().filter_map(Value::as_str).collect();
    shown.iter().for_each(|run| draw::answer(*run));
    let more = count.saturating_sub(u64::try_from(shown.len()).unwrap_or_default());
    if more > 0 {
        draw::say(format!("and {more} older"));
    }
    draw::say(format!(
        "`{verb}` can be done with {at_least}{}; `--yes` does it",
        runs(count)
    ));
}

fn said(verb: &str, answer: &Value) {
    let began = answer.get("began").and_then(Value::as_array);
    let began = began.into_iter().flatten().filter_map(Value::as_str);
    began.for_each(draw::answer);
    draw::say(format!("`{verb}` is done with {}", runs(number(answer, "done"))));
    let problems = answer.get("problems").and_then(Value::as_array);
    for problem in problems.into_iter().flatten() {
        let text = |name| problem.get(name).and_then(Value::as_str).unwrap_or_default();
        draw::say(format!("{} {}: {}", text("code"), text("run"), text("why")));
    }
    let refused = number(answer, "refused");
    if refused > 0 {
        draw::say(format!("it could not be done with {}", runs(refused)));
    }
    if answer.get("more").and_then(Value::as_bool) == Some(true) {
        draw::say("there are more than one batch takes; ask once more");
    }
}

fn number(of: &Value, name: &str) -> u64 {
    of.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn runs(count: u64) -> String {
    if count == 1 {
        "1 run".to_owned()
    } else {
        format!("{count} runs")
    }
}
