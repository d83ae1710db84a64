//! `flowmesh targets`: what other meshes can hold of a program.

use crate::{draw, error::Error, exit::Exit};
use clap::Args;
use flowmesh_kubernetes::{Capability, Holds, Target, capabilities};
use serde_json::{Map, Value, json};

/// Show what the targets of `compile` can hold of a program
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh targets             each setting, and whether each target holds it
  flowmesh targets istio       how, where it is in part; the nearest thing, where it is not
  flowmesh targets --json

What a target does not hold is an error of `flowmesh compile` at the line that says it; with `--interpreter-fills` it is
left to flowmesh, and the manifests say so. What is experimental there is written with `--experimental`.")]
pub(crate) struct Targets {
    /// Only this target, in detail
    target: Option<Target>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Targets {
    /// Prints the table.
    #[expect(clippy::unnecessary_wraps, reason = "commands may fail")]
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        match (self.json, self.target) {
            (true, _) => draw::answer_json(&self.data()),
            (false, Some(target)) => draw::raw(&detailed(target)),
            (false, None) => draw::raw(&overview()),
        }
        Ok(Exit::Ok)
    }

    fn data(&self) -> Value {
        let wanted = |target: &Target| self.target.is_none_or(|only| only == *target);
        let chosen = Target::ALL.into_iter().filter(wanted);
        let line =
            |it: Capability| json!({ "setting": it.setting, "holds": it.holds.as_str(), "how": it.how });
        let all = chosen.map(|target| {
            let lines: Vec<Value> = capabilities(target).into_iter().map(line).collect();
            (target.name().to_owned(), Value::from(lines))
        });
        Value::Object(all.collect::<Map<_, _>>())
    }
}

/// A word for each setting and target.
fn overview() -> String {
    let names = Target::ALL.map(Target::name);
    let head: Vec<&str> = ["SETTING"].into_iter().chain(names).collect();
    let tables = Target::ALL.map(capabilities);
    let [first, ..] = &tables;
    let rows = first.iter().enumerate().map(|(at, line)| {
        let words = tables.iter().map(|table| match table.get(at) {
            Some(line) => line.holds.as_str().to_owned(),
            None => String::new(),
        });
        [line.setting.to_owned()].into_iter().chain(words).collect()
    });
    draw::table::lay(&head, rows)
}

/// The settings of a target and how it holds them.
fn detailed(target: Target) -> String {
    let rows = capabilities(target).into_iter().map(|line| {
        let how = match line.holds {
            Holds::Whole => String::new(),
            Holds::Part | Holds::Experimental | Holds::Not => line.how.to_owned(),
        };
        vec![line.setting.to_owned(), line.holds.as_str().to_owned(), how]
    });
    draw::table::lay(&["SETTING", target.name(), "HOW"], rows)
}
