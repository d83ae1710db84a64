//! A flow as a graph for Graphviz.

use super::{
    expr::Printer,
    flow::{event_name, signal_name, step_title, target_name},
    ty::error_name,
    value::joined,
};
use crate::{
    FlowId, Program, StateId,
    flow::{Arm, Branches, Catch, End, Flow, Lead, Need, On, Region, State, Wait},
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
        for (label, next) in ways(program, flow, &printer, &state.end) {
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
    let sentence = |text: String| (text, "");
    match &state.end {
        End::Call(call) => sentence(target_name(program, &call.target)),
        End::Stream(stream) => sentence(format!("stream {}", target_name(program, &stream.target))),
        End::Sleep { duration, .. } => sentence(format!("sleep {}", printer.expr(duration))),
        End::SleepUntil { time, .. } => sentence(format!("sleep until {}", printer.expr(time))),
        End::Wait(wait) => sentence(awaited(program, flow, printer, wait)),
        End::Listen(listen) => sentence(format!("on {}", signal_name(flow, listen.signal))),
        End::Start(start) => {
            let name = program.flow(start.flow).map_or("?", |flow| flow.name.as_str());
            sentence(format!("start {name}"))
        }
        End::Spawn { .. } => sentence("spawn".to_owned()),
        End::Emit(emit) => sentence(format!("emit {}", event_name(program, emit.event))),
        End::Shift(shift) => {
            let name = program
                .service(shift.service)
                .map_or("?", |service| service.name.as_str());
            sentence(format!("shift {name}"))
        }
        End::CancelStep { step, .. } => sentence(format!("cancel {}", step_title(flow, *step))),
        End::CancelTask { task, .. } => sentence(format!("cancel {}", printer.expr(task))),
        End::Region(region) => (kind(region).to_owned(), ", shape=trapezium"),
        End::Join => ("join".to_owned(), ", shape=invtrapezium"),
        End::Leave { .. } => ("leave".to_owned(), ", shape=invtrapezium"),
        End::Give(expr) => (format!("give {}", printer.expr(expr)), ", shape=oval"),
        End::Probe { target, .. } => (format!("is {} there", printer.expr(target)), ", shape=diamond"),
        End::Branch { condition, .. } => (format!("if {}", printer.expr(condition)), ", shape=diamond"),
        End::Match { subject, .. } => (format!("match {}", printer.expr(subject)), ", shape=diamond"),
        End::Jump(_) => sentence(String::new()),
        End::Return(expr) => (format!("return {}", printer.expr(expr)), ", shape=oval"),
        End::Restart(_) => ("restart".to_owned(), ", shape=oval"),
        End::Fail(raise) => (
            format!("fail {}", printer.raise(raise)),
            ", shape=oval, color=red",
        ),
    }
}

/// What is waited for, but for the time it may take.
fn awaited(program: &Program, flow: &Flow, printer: &Printer<'_>, wait: &Wait) -> String {
    let arms = wait.arms.iter().map(|arm| &arm.on);
    let lasting = arms.filter(|on| !matches!(on, On::After(_) | On::At(_)));
    let heard: Vec<String> = lasting.map(|on| heard(program, flow, printer, on)).collect();
    format!("await {}", heard.join(" or ")).trim_end().to_owned()
}

/// What a region is, in a word.
fn kind(region: &Region) -> &'static str {
    match (&region.branches, &region.guard) {
        (_, Some(guard)) if guard.permits.is_some() || guard.rate.is_some() => "limit",
        (_, Some(_)) => "lock",
        (Branches::Each(_), None) => "for parallel",
        (Branches::Fixed(all), None) if all.len() > 1 => "parallel",
        _ if region.within.is_some() => "within",
        _ => "try",
    }
}

/// Where a state leads, each with what leads there.
fn ways(program: &Program, flow: &Flow, printer: &Printer<'_>, end: &End) -> Vec<(String, StateId)> {
    let plain = |next: &StateId| (String::new(), *next);
    let caught = |catch: &Catch| (error_name(program, catch.error), catch.next);
    let mut ways = Vec::new();
    match end {
        End::Call(call) => {
            ways.push(plain(&call.next));
            ways.extend(call.catch.iter().map(caught));
        }
        End::Start(start) => {
            ways.push(plain(&start.next));
            ways.extend(start.catch.iter().map(caught));
        }
        End::Stream(stream) => {
            ways.push(("item".to_owned(), stream.body));
            ways.push(plain(&stream.next));
            ways.extend(stream.catch.iter().map(caught));
        }
        End::Wait(wait) => {
            let arm = |arm: &Arm| (heard(program, flow, printer, &arm.on), arm.next);
            ways.extend(wait.arms.iter().map(arm));
            ways.extend(wait.catch.iter().map(caught));
        }
        End::Region(region) => ways = of_region(program, printer, region),
        End::Branch { yes, no, .. }
        | End::Probe {
            found: yes,
            missing: no,
            ..
        } => {
            ways = vec![("yes".to_owned(), *yes), ("no".to_owned(), *no)];
        }
        End::Match { arms, .. } => {
            ways = merged(
                arms.iter()
                    .map(|(pattern, next)| (printer.pattern(pattern), *next)),
            );
        }
        end => end.ways(|lead, next| ways.push((led(lead).to_owned(), *next))),
    }
    ways
}

fn led(lead: Lead) -> &'static str {
    match lead {
        Lead::Next | Lead::Out(_) => "",
        Lead::Branch => "branch",
        Lead::Finally => "finally",
        Lead::Task => "task",
        Lead::Handler => "handler",
    }
}

fn of_region(program: &Program, printer: &Printer<'_>, region: &Region) -> Vec<(String, StateId)> {
    let mut ways = Vec::new();
    match &region.branches {
        Branches::Each(each) => ways.push(("each".to_owned(), each.entry)),
        Branches::Fixed(all) => ways.extend(all.iter().map(|branch| {
            let when = branch.when.as_ref();
            let label = when.map_or("branch".to_owned(), |when| format!("when {}", printer.expr(when)));
            (label, branch.entry)
        })),
    }
    let several = !matches!(&region.branches, Branches::Fixed(all) if all.len() == 1);
    let done = match region.need {
        Need::All if several => "when all have joined",
        Need::All => "",
        Need::Count(_) | Need::Until(_) => "when enough have joined",
    };
    ways.push((done.to_owned(), region.next));
    let late = region.within.iter();
    ways.extend(late.map(|(within, next)| (format!("after {}", printer.expr(within)), *next)));
    let caught = |catch: &Catch| (error_name(program, catch.error), catch.next);
    ways.extend(region.catch.iter().map(caught));
    ways.extend(region.finally.map(|next| ("finally".to_owned(), next)));
    ways
}

fn heard(program: &Program, flow: &Flow, printer: &Printer<'_>, on: &On) -> String {
    match on {
        On::Signal(signal) => signal_name(flow, *signal),
        On::Event { event, .. } => format!("event {}", event_name(program, *event)),
        On::After(duration) => format!("after {}", printer.expr(duration)),
        On::At(time) => format!("at {}", printer.expr(time)),
        On::Condition(condition) => printer.expr(condition),
        On::Task(task) => format!("task {}", printer.expr(task)),
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
