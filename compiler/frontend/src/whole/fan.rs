//! Rounds that run side by side into what lets fewer through at a time: how long they queue.
//!
//! A call is counted by the limit of its operation, by that of the mesh, and by that of the gateway through which it comes
//! back. Of all that queues in a loop the longest is told.

mod queue;

use super::{Whole, inside, link};
use crate::{
    ast::{Fan, StatementKind},
    cure::{text::span_at, tree},
};
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::{
    FlowId, StateId,
    expr::{Context, Expr},
    flow::{Branches, Each, End, Flow},
    worst::CallWorst,
};
use queue::{Gate, Queue, queue};

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

fn fan(whole: &mut Whole<'_>, id: FlowId, flow: &Flow, at: StateId, each: &Each) {
    let states = inside(flow, at);
    let known = whole.worst(id).into_iter().flat_map(|worst| &worst.calls);
    let calls: Vec<CallWorst> = known
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
    let mut diagnostic = whole.made_for(flow, Diagnostic::warning(Code(551), span, queue.message));
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
    let back =
        |call: &CallWorst| link::back(whole, call.service, call.operation).map(|(gateway, ..)| gateway);
    if let Some(id) = back(call)
        && let Some(gateway) = program.gateway(id)
    {
        let comes_back = |other: &&CallWorst| back(other) == Some(id);
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
