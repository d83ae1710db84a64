//! Rounds that run side by side into what lets fewer through at a time: how long they queue.
//!
//! A call is counted by the limit of its operation, by that of the mesh, and by that of the gateway through which it comes
//! back. Of all that queues in a loop the longest is told.

use super::{Whole, inside, link};
use crate::{
    ast::{Fan, StatementKind},
    check::time as shown,
    cure::{text::span_at, tree},
};
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::{
    FlowId, StateId, Value,
    expr::{Context, Expr},
    flow::{Branches, Each, End, Flow, Over},
    traffic::Limit,
    worst::CallWorst,
};

pub(super) fn check(whole: &mut Whole<'_>) {
    for (id, flow) in whole.flows() {
        for (at, state) in (0u32..).map(StateId).zip(&flow.states) {
            if let End::Region(region) = &state.end
                && let Branches::Each(each) = &region.branches
            {
                fan(whole, id, flow, at, each);
            }
        }
    }
}

/// A limit, with who sets it.
struct Gate<'a> {
    who: String,
    place: Option<Span>,
    limit: &'a Limit,
    /// How many calls of one round it counts.
    calls: u64,
}

/// What queues up.
struct Queue {
    message: String,
    help: String,
    /// How many rounds at once would not queue.
    fits: u64,
    ms: u64,
}

fn fan(whole: &mut Whole<'_>, id: FlowId, flow: &Flow, at: StateId, each: &Each) {
    let states = inside(flow, at);
    let known = whole.worst.get(id.index()).map_or(&[][..], |worst| &worst.calls);
    let calls: Vec<CallWorst> = known
        .iter()
        .filter(|call| states.contains(&call.state))
        .copied()
        .collect();
    let mut queues: Vec<(Queue, CallWorst, Option<Span>)> = Vec::new();
    for call in &calls {
        for gate in gates(whole, call, &calls) {
            let queue = queue(&gate, each, call);
            queues.extend(queue.map(|queue| (queue, *call, gate.place)));
        }
    }
    // The first of those that take equally long.
    queues.sort_by_key(|(queue, ..)| std::cmp::Reverse(queue.ms));
    let Some(span) = whole.state_span(flow, at) else {
        return;
    };
    let mut queues = queues.into_iter();
    let Some((queue, call, gate)) = queues.next() else {
        return;
    };
    let mut diagnostic = Diagnostic::warning(Code(551), span, queue.message);
    let places = [
        (
            whole.state_span(flow, call.state),
            "this call is made in each round",
        ),
        (gate, "this lets fewer through"),
    ];
    for (place, text) in places {
        diagnostic = place.into_iter().fold(diagnostic, |d, place| d.and(place, text));
    }
    for (_, _, place) in queues {
        let told = |d: &Diagnostic| d.labels.iter().any(|label| Some(label.span) == place);
        if let Some(place) = place.filter(|_| !told(&diagnostic)) {
            diagnostic = diagnostic.and(place, "this too lets fewer through");
        }
    }
    diagnostic = diagnostic.help(queue.help);
    if let Some((span, text)) = limited(whole, span, queue.fits) {
        diagnostic = diagnostic.fix(format!("run {} at once", queue.fits), span, text);
    }
    whole.report(diagnostic);
}

/// Everything that limits a call.
fn gates<'a>(whole: &Whole<'a>, call: &CallWorst, all: &[CallWorst]) -> Vec<Gate<'a>> {
    let mut gates = Vec::new();
    let program = whole.program;
    let name = whole.operation_name(call.service, call.operation);
    let of_operation = program
        .policy(call.policy)
        .and_then(|policy| policy.limit.as_ref());
    let same = |other: &&CallWorst| (other.service, other.operation) == (call.service, call.operation);
    gates.extend(of_operation.map(|limit| Gate {
        who: format!("`{name}`"),
        place: whole.said(call.service, call.operation, "limit"),
        limit,
        calls: count(all.iter().filter(same)),
    }));
    gates.extend(program.mesh.limit.as_ref().map(|limit| Gate {
        who: "the mesh".to_owned(),
        place: whole.span("mesh@limit"),
        limit,
        calls: count(all.iter()),
    }));
    let back = |call: &CallWorst| {
        let operation = whole.operation(call.service, call.operation)?;
        link::back(program, call.service, operation).map(|(gateway, ..)| gateway)
    };
    if let Some(gateway) = back(call) {
        let comes_back = |other: &&CallWorst| back(other).is_some_and(|found| found.name == gateway.name);
        gates.extend(gateway.limit.as_ref().map(|limit| Gate {
            who: format!("`{}`", gateway.name),
            place: whole.span(&format!("gateway/{}@limit", gateway.name)),
            limit,
            calls: count(all.iter().filter(comes_back)),
        }));
    }
    // What is counted apart by each request may not meet at all.
    gates.retain(|gate| !gate.limit.per.as_ref().is_some_and(by_request));
    gates
}

fn count<'c>(calls: impl Iterator<Item = &'c CallWorst>) -> u64 {
    u64::try_from(calls.count()).unwrap_or(u64::MAX)
}

fn by_request(per: &Expr) -> bool {
    match per {
        Expr::Context(context) => *context != Context::Caller,
        Expr::Field(of, _) | Expr::As(of, _) => by_request(of),
        Expr::Constant(_) => false,
        _ => true,
    }
}

/// What queues up at a limit, in words, and what to do.
fn queue(gate: &Gate<'_>, each: &Each, call: &CallWorst) -> Option<Queue> {
    let rounds = rounds(each);
    let at_once = match (each.limit.as_ref().map(int), rounds) {
        (Some(limit), Some(rounds)) => Some(limit.map_or(rounds, |limit| limit.min(rounds))),
        (Some(limit), None) => limit,
        (None, rounds) => rounds,
    };
    concurrent(gate, at_once, call).or_else(|| rate(gate, rounds, at_once))
}

fn concurrent(gate: &Gate<'_>, at_once: Option<u64>, call: &CallWorst) -> Option<Queue> {
    let takes = u64::from(gate.limit.concurrent?);
    let fits = takes.max(1);
    let who = &gate.who;
    let (message, ms, waiting) = match at_once {
        Some(at_once) if at_once <= takes => return None,
        Some(at_once) => {
            let waiting = at_once.saturating_sub(takes);
            let turns = at_once.div_ceil(fits).saturating_sub(1);
            let ms = call.ms.saturating_mul(turns);
            let longest = shown(ms);
            let message = format!(
                "{at_once} rounds at once, and {who} takes {takes}: {waiting} wait, the last of them up to {longest}"
            );
            (message, ms, Some(waiting))
        }
        None => {
            let longer = shown(call.ms);
            let message = format!(
                "all rounds at once, and {who} takes {takes}: each further {takes} wait up to {longer} longer"
            );
            (message, call.ms, None)
        }
    };
    let queue = gate.limit.queue.map(u64::from);
    let refused = queue.filter(|queue| waiting.is_none_or(|waiting| waiting > *queue));
    let message = match refused {
        Some(queue) => format!("{message}; beyond {queue} they are refused"),
        None => message,
    };
    Some(Queue {
        message,
        help: format!("write `parallel(limit: {fits})`"),
        fits,
        ms,
    })
}

fn rate(gate: &Gate<'_>, rounds: Option<u64>, at_once: Option<u64>) -> Option<Queue> {
    let rate = gate.limit.rate?;
    let burst = u64::from(gate.limit.burst.unwrap_or(rate.count)).max(1);
    let count = rounds.unwrap_or(1_000);
    let calls = count.saturating_mul(gate.calls.max(1));
    let ms = calls
        .saturating_sub(burst)
        .saturating_mul(rate.per_ms)
        .checked_div(u64::from(rate.count.max(1)))?;
    let many = at_once.is_none_or(|at_once| at_once > burst);
    if ms == 0 || !many {
        return None;
    }
    let which = match rounds {
        Some(rounds) => format!("{rounds} rounds need"),
        None => format!("every {count} rounds need"),
    };
    let each = match gate.calls {
        1 => String::new(),
        calls => format!(" of {calls} calls"),
    };
    let which = which.replacen(" need", &format!("{each} need"), 1);
    let message = format!(
        "{} takes {} in {}: {which} at least {}",
        gate.who,
        rate.count,
        shown(rate.per_ms),
        shown(ms)
    );
    Some(Queue {
        message,
        help: format!("run at most {burst} rounds at once, or ask for a higher limit"),
        fits: burst,
        ms,
    })
}

/// The change that lets so many rounds of the loop at a place run at once.
fn limited(whole: &Whole<'_>, place: Span, fits: u64) -> Option<(Span, String)> {
    let statement = tree::statement(whole.resolved, place)?;
    let fan = match &statement.kind {
        StatementKind::For(looping) => looping.fan.as_ref(),
        StatementKind::Let { value, .. } | StatementKind::Assign { value, .. } => fan_of(value),
        StatementKind::Return {
            value: Some(value), ..
        } => fan_of(value),
        _ => None,
    }?;
    let mut arguments = fan.arguments.iter();
    let limit = arguments.find(|argument| argument.name.as_ref().is_some_and(|name| name.text == "limit"));
    match limit {
        Some(limit) => Some((limit.value.span, fits.to_string())),
        None => {
            let source = whole.sources.get(fan.span.source)?;
            let bracket = source.slice(fan.span).find('(')?;
            let inside = span_at(fan.span, fan.span.start as usize + bracket + 1);
            let more = if fan.arguments.is_empty() { "" } else { ", " };
            Some((inside, format!("limit: {fits}{more}")))
        }
    }
}

fn fan_of(value: &crate::ast::Expr) -> Option<&Fan> {
    match &value.kind {
        crate::ast::ExprKind::For(looping) => looping.fan.as_ref(),
        _ => None,
    }
}

fn rounds(each: &Each) -> Option<u64> {
    match &each.over {
        Over::List(Expr::List(items)) => u64::try_from(items.len()).ok(),
        Over::List(Expr::Constant(Value::List(items))) => u64::try_from(items.len()).ok(),
        Over::Range(from, to) => int(to)?.checked_sub(int(from)?),
        _ => None,
    }
}

fn int(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Constant(Value::Int(int)) => u64::try_from(*int).ok(),
        _ => None,
    }
}
