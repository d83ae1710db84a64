//! A flow as a graph for Graphviz.

use super::{
    expr::Printer,
    flow::{step_title, target_name},
    ty::error_name,
    value::joined,
};
use crate::{
    FlowId, Program, StateId,
    flow::{End, Flow, State},
};

/// One flow as a graph: a node for each state, an edge for each way on. `None` where there is no such flow.
#[must_use]
pub fn dot(program: &Program, flow: FlowId) -> Option<String> {
    let flow = program.flow(flow)?;
    let printer = Printer::of_flow(program, flow);
    let mut text = format!("digraph {} {{\n", quoted(&flow.name));
    text += "  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n";
    text += "  edge [fontname=\"sans-serif\", fontsize=10];\n";
    text += &format!(
        "  begin [shape=circle, label=\"\", width=0.2];\n  begin -> s{};\n",
        flow.entry
    );
    for (at, state) in flow.states.iter().enumerate() {
        let (label, shape) = node(program, flow, &printer, state);
        text += &format!(
            "  s{at} [label={}{shape}];\n",
            quoted(format!("s{at}: {label}").trim_end_matches([':', ' ']))
        );
        for (label, next) in ways(program, &printer, &state.end) {
            let label = if label.is_empty() {
                String::new()
            } else {
                format!(" [label={}]", quoted(&label))
            };
            text += &format!("  s{at} -> s{next}{label};\n");
        }
    }
    Some(text + "}\n")
}

/// What stands in the node of a state, and how it is drawn.
fn node(program: &Program, flow: &Flow, printer: &Printer<'_>, state: &State) -> (String, &'static str) {
    if let Some(step) = state.step {
        return (step_title(flow, step).to_owned(), ", style=\"rounded,bold\"");
    }
    match &state.end {
        End::Call(call) => (target_name(program, &call.target), ""),
        End::Sleep { duration, .. } => (format!("sleep {}", printer.expr(duration)), ""),
        End::Await(wait) => {
            let name = flow
                .signals
                .get(wait.signal.index())
                .map_or("?", |signal| signal.name.as_str());
            (format!("await {name}"), "")
        }
        End::Fork { .. } => ("parallel".to_owned(), ", shape=trapezium"),
        End::Join => ("join".to_owned(), ", shape=invtrapezium"),
        End::Branch { condition, .. } => (format!("if {}", printer.expr(condition)), ", shape=diamond"),
        End::Match { subject, .. } => (format!("match {}", printer.expr(subject)), ", shape=diamond"),
        End::Jump(_) => (String::new(), ""),
        End::Return(expr) => (format!("return {}", printer.expr(expr)), ", shape=oval"),
        End::Fail(raise) => (
            format!("fail {}", printer.raise(raise)),
            ", shape=oval, color=red",
        ),
        _ => (String::new(), ""),
    }
}

/// Where a state leads, each with what leads there.
fn ways(program: &Program, printer: &Printer<'_>, end: &End) -> Vec<(String, StateId)> {
    let plain = |next: &StateId| (String::new(), *next);
    match end {
        End::Call(call) => {
            let caught = call
                .catch
                .iter()
                .map(|catch| (error_name(program, catch.error), catch.next));
            std::iter::once(plain(&call.next)).chain(caught).collect()
        }
        End::Await(wait) => {
            let late = wait
                .within
                .iter()
                .map(|(within, next)| (format!("after {}", printer.expr(within)), *next));
            std::iter::once(plain(&wait.next)).chain(late).collect()
        }
        End::Fork { branches, next } => {
            let branches = branches.iter().map(|branch| ("branch".to_owned(), *branch));
            branches
                .chain([("when all have joined".to_owned(), *next)])
                .collect()
        }
        End::Branch { yes, no, .. } => vec![("yes".to_owned(), *yes), ("no".to_owned(), *no)],
        End::Match { arms, .. } => merged(
            arms.iter()
                .map(|(pattern, next)| (printer.pattern(pattern), *next)),
        ),
        End::Sleep { next, .. } | End::Jump(next) => vec![plain(next)],
        _ => Vec::new(),
    }
}

/// One edge for neighbouring arms that lead to one state.
fn merged(arms: impl Iterator<Item = (String, StateId)>) -> Vec<(String, StateId)> {
    let mut ways: Vec<(Vec<String>, StateId)> = Vec::new();
    for (label, next) in arms {
        match ways.last_mut() {
            Some((labels, last)) if *last == next => labels.push(label),
            _ => ways.push((vec![label], next)),
        }
    }
    ways.into_iter()
        .map(|(labels, next)| (joined(labels.into_iter()), next))
        .collect()
}

/// A quoted identifier of the DOT language: only quotes and backslashes are special in it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
