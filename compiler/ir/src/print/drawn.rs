//! What stands for the states of a flow in a picture, and for the ways between them: words, before anything is drawn.

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

/// What stands for a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Its words.
    pub label: String,
    /// What it is.
    pub shape: Shape,
}

/// What a state is to somebody who looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A step.
    Step,
    /// Something else that is done.
    Plain,
    /// Branches begin.
    Begins,
    /// Branches end.
    Ends,
    /// One of several ways is taken.
    Choice,
    /// The flow, or a part of it, has come to its end.
    Done,
    /// It fails.
    Fails,
}

/// A way from a state to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Who takes it, and when.
    pub kind: Kind,
    /// Its words.
    pub label: String,
    /// Where it leads.
    pub to: StateId,
}

/// Who takes a way, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The usual one.
    Next,
    /// After an error.
    Caught,
    /// When a time is over.
    Late,
    /// A branch of a region, or an item of a stream.
    Branch,
    /// Whoever waits for a region, when it is done.
    Joined,
    /// What is done whichever way a region ends.
    Finally,
    /// A task, or a handler of a signal.
    Beside,
}

impl Way {
    fn new(kind: Kind, label: &str, to: StateId) -> Self {
        Self {
            kind,
            label: label.to_owned(),
            to,
        }
    }
}

/// The states of a flow, each with the ways that lead on from it, by their numbers. Nothing where there is no such flow.
#[must_use]
pub fn states(program: &Program, flow: FlowId) -> Option<Vec<(Drawn, Vec<Way>)>> {
    let flow = program.flow(flow)?;
    let printer = Printer::of_flow(program, flow);
    let of = |state: &State| {
        let drawn = drawn(program, flow, &printer, state);
        (drawn, ways(program, flow, &printer, &state.end))
    };
    Some(flow.states.iter().map(of).collect())
}

/// What stands for a state in a picture.
pub(super) fn drawn(program: &Program, flow: &Flow, printer: &Printer<'_>, state: &State) -> Drawn {
    if let Some(step) = state.step {
        let label = step_title(flow, step).to_owned();
        return Drawn {
            label,
            shape: Shape::Step,
        };
    }
    let sentence = |label: String| (label, Shape::Plain);
    let (label, shape) = match &state.end {
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
        End::Region(region) => (kind(region).to_owned(), Shape::Begins),
        End::Join => ("join".to_owned(), Shape::Ends),
        End::Leave { .. } => ("leave".to_owned(), Shape::Ends),
        End::Give(expr) => (format!("give {}", printer.expr(expr)), Shape::Done),
        End::Probe { target, .. } => (format!("is {} there", printer.expr(target)), Shape::Choice),
        End::Branch { condition, .. } => (format!("if {}", printer.expr(condition)), Shape::Choice),
        End::Match { subject, .. } => (format!("match {}", printer.expr(subject)), Shape::Choice),
        End::Jump(_) => sentence(String::new()),
        End::Return(expr) => (format!("return {}", printer.expr(expr)), Shape::Done),
        End::Restart(_) => ("restart".to_owned(), Shape::Done),
        End::Fail(raise) => (format!("fail {}", printer.raise(raise)), Shape::Fails),
    };
    Drawn { label, shape }
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
pub(super) fn ways(program: &Program, flow: &Flow, printer: &Printer<'_>, end: &End) -> Vec<Way> {
    let plain = |next: &StateId| Way::new(Kind::Next, "", *next);
    let caught = |catch: &Catch| Way::new(Kind::Caught, &error_name(program, catch.error), catch.next);
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
            ways.push(Way::new(Kind::Branch, "item", stream.body));
            ways.push(plain(&stream.next));
            ways.extend(stream.catch.iter().map(caught));
        }
        End::Wait(wait) => {
            let arm = |arm: &Arm| {
                let kind = match arm.on {
                    On::After(_) | On::At(_) => Kind::Late,
                    _ => Kind::Next,
                };
                Way::new(kind, &heard(program, flow, printer, &arm.on), arm.next)
            };
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
            ways = [("yes", yes), ("no", no)]
                .map(|(label, next)| Way::new(Kind::Next, label, *next))
                .into()
        }
        End::Match { arms, .. } => {
            let arms = arms
                .iter()
                .map(|(pattern, next)| (printer.pattern(pattern), *next));
            ways = merged(arms);
        }
        end => end.ways(|lead, next| ways.push(led(lead, *next))),
    }
    ways
}

fn led(lead: Lead, next: StateId) -> Way {
    let (kind, label) = match lead {
        Lead::Next | Lead::Out(_) => (Kind::Next, ""),
        Lead::Branch => (Kind::Branch, "branch"),
        Lead::Finally => (Kind::Finally, "finally"),
        Lead::Task => (Kind::Beside, "task"),
        Lead::Handler => (Kind::Beside, "handler"),
    };
    Way::new(kind, label, next)
}

fn of_region(program: &Program, printer: &Printer<'_>, region: &Region) -> Vec<Way> {
    let mut ways = Vec::new();
    match &region.branches {
        Branches::Each(each) => ways.push(Way::new(Kind::Branch, "each", each.entry)),
        Branches::Fixed(all) => ways.extend(all.iter().map(|branch| {
            let when = branch.when.as_ref();
            let label = when.map_or("branch".to_owned(), |when| format!("when {}", printer.expr(when)));
            Way::new(Kind::Branch, &label, branch.entry)
        })),
    }
    let several = !matches!(&region.branches, Branches::Fixed(all) if all.len() == 1);
    let done = match region.need {
        Need::All if several => "when all have joined",
        Need::All => "",
        Need::Count(_) | Need::Until(_) => "when enough have joined",
    };
    ways.push(Way::new(Kind::Joined, done, region.next));
    let late = region.within.iter();
    ways.extend(late.map(|(within, next)| {
        let label = format!("after {}", printer.expr(within));
        Way::new(Kind::Late, &label, *next)
    }));
    let caught = |catch: &Catch| Way::new(Kind::Caught, &error_name(program, catch.error), catch.next);
    ways.extend(region.catch.iter().map(caught));
    ways.extend(
        region
            .finally
            .map(|next| Way::new(Kind::Finally, "finally", next)),
    );
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
fn merged(arms: impl Iterator<Item = (String, StateId)>) -> Vec<Way> {
    let mut ways: Vec<(Vec<String>, StateId)> = Vec::new();
    for (label, next) in arms {
        match ways.last_mut() {
            Some((labels, last)) if *last == next => labels.push(label),
            _ => ways.push((vec![label], next)),
        }
    }
    let way =
        |(labels, next): (Vec<String>, StateId)| Way::new(Kind::Next, &joined(labels.into_iter()), next);
    ways.into_iter().map(way).collect()
}
