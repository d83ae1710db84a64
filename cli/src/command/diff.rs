//! `flowmesh diff OLD NEW`: where runs of the old version of a program could go on in the new one.

use crate::{draw, error::Error, exit::Exit, program};
use clap::Args;
use flowmesh_diagnostics::{Code, Diagnostic, Span, nearest};
use flowmesh_ir::{
    Program, StateId,
    diff::{Fate, FlowDiff, Obstacle, StateDiff, diff},
};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Compare two versions of a program: for every state of every flow, what becomes of runs that rest there
#[derive(Args)]
#[command(after_help = "Each state of the old version is one of:
  same                a run goes on as if nothing had changed
  moved               it has another number or says something else; a run goes on there
  needs a migration   it is there, and a run that rests there could not go on
  gone                there is nothing like it

The exit code is 1 if runs that rest somewhere would be left behind.

Examples:
  flowmesh diff shop-v1.flow shop.flow
  flowmesh diff deployed.json shop.flow --json")]
pub(crate) struct Diff {
    /// The version that runs: a program, or what `compile` made of it
    old: PathBuf,
    /// The version that is to run
    new: PathBuf,
    /// Show the states that runs only pass through as well
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Diff {
    /// Compares the two.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let (old, old_sources) = program::load_with_sources(&self.old, self.json)?;
        let (new, new_sources) = program::load_with_sources(&self.new, self.json)?;
        let flows = diff(&old, &new);
        if self.json {
            draw::answer_json(&flows.iter().map(data).collect::<Vec<_>>());
        } else {
            flows.iter().for_each(|flow| draw::answer(self.table(flow)));
            for (flow, state) in stranded(&flows) {
                let (found, sources) = match &state.fate {
                    Fate::Blocked(to, why) => (blocked(&new, flow, state, *to, why), &new_sources),
                    _ => (gone(&old, &new, flow, state), &old_sources),
                };
                draw::report::diagnostics(&[&found], sources, false);
            }
        }
        let stranded = stranded(&flows).count();
        Ok(if stranded == 0 { Exit::Ok } else { Exit::Failed })
    }

    fn table(&self, flow: &FlowDiff) -> String {
        let head = match flow.kept {
            true => format!("flow {}", flow.flow),
            false => format!("flow {} (gone)", flow.flow),
        };
        let shown = flow.states.iter().filter(|state| self.all || state.rests);
        let rows: Vec<[String; 3]> = shown.map(row).collect();
        let width = |at: usize| {
            rows.iter()
                .filter_map(|row| row.get(at))
                .map(|cell| cell.chars().count())
                .max()
        };
        let (numbers, titles) = (width(0).unwrap_or_default(), width(1).unwrap_or_default());
        let lines = rows
            .iter()
            .map(|[number, title, fate]| format!("  {number:<numbers$}  {title:<titles$}  {fate}"));
        std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
    }
}

fn row(state: &StateDiff) -> [String; 3] {
    let to = match &state.fate {
        Fate::Moved(to) if *to != state.state => format!("s{} -> s{to}", state.state),
        _ => format!("s{}", state.state),
    };
    [to, state.title.clone(), state.fate.as_str().to_owned()]
}

fn stranded(flows: &[FlowDiff]) -> impl Iterator<Item = (&FlowDiff, &StateDiff)> {
    let states = flows
        .iter()
        .flat_map(|flow| flow.states.iter().map(move |state| (flow, state)));
    states.filter(|(_, state)| state.strands())
}

fn data(flow: &FlowDiff) -> Value {
    let states: Vec<Value> = flow
        .states
        .iter()
        .map(|state| {
            let (to, why) = match &state.fate {
                Fate::Same(to) | Fate::Moved(to) => (Some(to.0), Vec::new()),
                Fate::Blocked(to, why) => (Some(to.0), why.iter().map(words).collect()),
                Fate::Gone => (None, Vec::new()),
            };
            json!({
                "state": state.state.0,
                "title": state.title,
                "rests": state.rests,
                "fate": state.fate.as_str(),
                "to": to,
                "why": why,
            })
        })
        .collect();
    json!({ "flow": flow.flow, "kept": flow.kept, "states": states })
}

fn blocked(new: &Program, flow: &FlowDiff, state: &StateDiff, to: StateId, why: &[Obstacle]) -> Diagnostic {
    let reasons: Vec<String> = why.iter().map(words).collect();
    let message = format!(
        "a run of `{}` that rests at `{}` could not go on here: {}",
        flow.flow,
        state.title,
        reasons.join("; ")
    );
    Diagnostic::error(Code(712), place(new, flow, to), message).help(
        "let runs of the old version finish first, or give the step another name and write `migrate` for the runs that can go on",
    )
}

fn gone(old: &Program, new: &Program, flow: &FlowDiff, state: &StateDiff) -> Diagnostic {
    let message = format!(
        "a run of `{}` that rests at `{}` has nowhere to go on in the new version",
        flow.flow, state.title
    );
    let titles = |program: &Program| -> Vec<String> {
        let found = program.flow_named(&flow.flow).and_then(|id| program.flow(id));
        let steps = found.into_iter().flat_map(|flow| &flow.steps);
        steps.map(|step| step.title.clone()).collect()
    };
    // What only the new version has may be the same step under another name.
    let known = titles(old);
    let added: Vec<String> = titles(new)
        .into_iter()
        .filter(|title| !known.contains(title))
        .collect();
    let word = |title: &str| title.split(' ').next().map(str::to_owned);
    let alike: Vec<&String> = added
        .iter()
        .filter(|title| word(title) == word(&state.title))
        .collect();
    let near = nearest(&state.title, added.iter().map(String::as_str));
    let to = match (near, alike.as_slice()) {
        (Some(near), _) => near,
        (None, [only]) => only.as_str(),
        (None, _) => "...",
    };
    let migrate = format!("migrate {} {{ \"{}\" -> \"{to}\" }}", flow.flow, state.title);
    Diagnostic::error(Code(713), place(old, flow, state.state), message).help(match flow.kept {
        true => format!("say in the new version where it goes on: `{migrate}`"),
        false => "keep the flow until its last run has ended".to_owned(),
    })
}

/// Where a state stands in the text; the flow where that is not known.
fn place(program: &Program, flow: &FlowDiff, state: StateId) -> Span {
    let origins = &program.origins;
    origins
        .span(&format!("flow/{}/{state}", flow.flow))
        .or_else(|| origins.span(&format!("flow/{}", flow.flow)))
        .unwrap_or_else(|| Span::new(flowmesh_diagnostics::SourceId(0), 0, 0))
}

fn words(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::Missing(name) => format!("it reads `{name}`, which the run does not have yet"),
        Obstacle::Retyped(name, was, is) => format!("`{name}` was `{was}` and is `{is}`"),
        Obstacle::OtherWait(was, is) => format!("it waits for {is}, and the run for {was}"),
        Obstacle::Several(name) => {
            format!("it reads `{name}`, and nothing says which value of the run that is")
        }
        Obstacle::Steps(titles) => format!("it may be any of {}", titles.join(", ")),
    }
}
