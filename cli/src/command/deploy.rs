//! `flowmesh deploy FILE`: another program for a server that runs, and the runs that can go on in it.

mod rest;

use super::runs::server::Server;
use crate::{
    client::Client, draw, error::Error, exit::Exit, keys::KeyFile, program, reach::Reached, runtime,
    settings::Set,
};
use clap::Args;
use flowmesh_ir::print;
use http::Method;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

/// Deploy a program to a server: new runs start with it, and those that can go on in it move
#[derive(Args)]
#[command(after_help = "Each run that has not ended is one of:
  moves                     it goes on in the new program
  needs a migration block   it would, if the program said with `migrate` where
  stays                     it goes on in the program that it has, and why

Examples:
  flowmesh deploy shop.flow --plan
  flowmesh deploy shop.flow
  flowmesh deploy --history
  flowmesh deploy --rollback

It takes the role `deployer`. The values of configs and secrets are those that the server was started with.

Where no server works in the directory (`--dir`, or `.flowmesh` here), it is deployed to the directory itself,
with the values that are given here: the next `flowmesh serve` goes on with it, whichever program that names
as before.")]
pub(crate) struct Deploy {
    /// The program, `.flow` or compiled `.json`
    #[arg(required_unless_present_any = ["rollback", "history"], conflicts_with_all = ["rollback", "history"])]
    file: Option<PathBuf>,
    /// Only show what would become of each run
    #[arg(long, conflicts_with = "history")]
    plan: bool,
    /// Go back to the program before
    #[arg(long, conflicts_with = "history")]
    rollback: bool,
    /// Show what was deployed so far, the last one first
    #[arg(long)]
    history: bool,
    /// How many runs of each kind are named
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u16).range(0..=1000))]
    examples: u16,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    set: Set,
    #[command(flatten)]
    keys: KeyFile,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Deploy {
    /// Asks the server.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let answer = self.ask()?;
        if self.json {
            draw::answer_json(&answer);
        } else if self.history {
            draw::raw(&history(&answer));
        } else {
            draw::raw(&told(&answer));
        }
        let left = ["stays", "needs_migration"]
            .iter()
            .any(|fate| count(&answer, fate) > 0);
        // As with `diff`: whoever plans wants to know whether all can move.
        Ok(if self.plan && left { Exit::Failed } else { Exit::Ok })
    }

    fn ask(&self) -> Result<Value, Error> {
        match self.server.reach(&self.keys)? {
            Reached::Server(client) => self.ask_server(&client),
            Reached::Store(disk) => rest::deploy(self, &disk, &self.server.namespace()?),
        }
    }

    fn ask_server(&self, client: &Client) -> Result<Value, Error> {
        let query = format!("examples={}", self.examples);
        let ask = |method, path: &str, body: Option<String>| {
            runtime::block_on(async { client.send(method, path, body.as_deref()).await })
        };
        if self.history {
            return ask(Method::GET, "/v1/deployments", None);
        }
        let program = match &self.file {
            Some(file) => Some(print::json(&program::load(file, self.json)?)),
            None => None,
        };
        let path = match (self.plan, self.rollback) {
            (true, rollback) => format!("/v1/deployments/plan?rollback={rollback}&{query}"),
            (false, true) => format!("/v1/deployments/rollback?{query}"),
            (false, false) => format!("/v1/deployments?{query}"),
        };
        ask(Method::POST, &path, program)
    }
}

fn text(value: &Value, name: &str) -> String {
    value
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn count(answer: &Value, fate: &str) -> u64 {
    let counts = answer.get("counts").and_then(|counts| counts.get(fate));
    counts.and_then(Value::as_u64).unwrap_or_default()
}

fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}

fn history(answer: &Value) -> String {
    let head = ["SINCE", "PROGRAM", "HOW", "BY"];
    let row = |entry: &Value| {
        let at: String = text(entry, "at").chars().take(19).collect();
        let how = text(entry, "how").replace('_', " ");
        vec![
            at.replace('T', " "),
            short(&text(entry, "program")),
            how,
            text(entry, "by"),
        ]
    };
    draw::table::lay(&head, list(answer, "deployments").map(row))
}

/// What becomes of all runs, in words.
fn told(answer: &Value) -> String {
    let planned = answer.get("planned") == Some(&json!(true));
    let (name, program) = (text(answer, "name"), short(&text(answer, "program")));
    let mut out = match planned {
        true => format!("{name} {program} would start new runs\n"),
        false => format!("{name} {program} starts new runs\n"),
    };
    let words = [
        ("moves", if planned { "would move" } else { "moved" }),
        ("needs_migration", "needs a migration block"),
        ("stays", "stays"),
        ("current", "in it already"),
    ];
    for (fate, words) in words {
        let runs = count(answer, fate);
        if runs > 0 {
            out += &format!("  {words}: {}\n", draw::many(runs, "run", "runs"));
        }
    }
    for group in list(answer, "groups") {
        out += &told_group(group);
    }
    out += &migrations(answer);
    if answer.get("more") == Some(&json!(true)) {
        out += "\nThere are more runs than one deployment looks at: deploy once more.\n";
    }
    out
}

fn told_group(group: &Value) -> String {
    let fate = text(group, "fate");
    if fate != "stays" && fate != "needs_migration" {
        return String::new();
    }
    let runs = group.get("runs").and_then(Value::as_u64).unwrap_or_default();
    let mut out = format!("\n{} of {}", draw::many(runs, "run", "runs"), text(group, "flow"));
    if let Some(step) = group.get("step").and_then(Value::as_str) {
        out += &format!(" at `{step}`");
    }
    out += &format!(": {} ({})\n", text(group, "why"), text(group, "code"));
    out += &format!("  {}\n", text(group, "help"));
    let examples: Vec<&str> = list(group, "examples").filter_map(Value::as_str).collect();
    if !examples.is_empty() {
        out += &format!("  {}\n", examples.join(" "));
    }
    out
}

/// The blocks to write, one for each flow.
fn migrations(answer: &Value) -> String {
    let mut flows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for group in list(answer, "groups") {
        let both: Vec<&str> = list(group, "migrate").filter_map(Value::as_str).collect();
        if let [from, to] = both.as_slice() {
            let moves = flows.entry(text(group, "flow")).or_default();
            moves.insert(format!("  \"{from}\" -> \"{to}\"\n"));
        }
    }
    let mut out = String::new();
    for (flow, moves) in flows {
        let moves: String = moves.into_iter().collect();
        out += &format!("\nmigrate {flow} {{\n{moves}}}\n");
    }
    match out.is_empty() {
        true => out,
        false => format!("\nWrite into the program, with the steps that are meant:\n{out}"),
    }
}
