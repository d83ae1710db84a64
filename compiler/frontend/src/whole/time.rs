//! What cannot fit into its time: the calls of a region, and what a gateway waits for ([`visitor`]).

mod visitor;

use super::{Whole, inside};
use crate::{ast::StatementKind, check::time as shown, cure::tree};
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::{
    FlowId, StateId, Value,
    expr::Expr,
    flow::{End, Flow},
    worst::{self, CallWorst},
};

pub(super) fn check(whole: &mut Whole<'_>) {
    for (id, flow) in whole.flows() {
        for (at, state) in (0u32..).map(StateId).zip(&flow.states) {
            if let End::Region(region) = &state.end
                && let Some((within, _)) = &region.within
                && let Some(within) = milliseconds(within)
            {
                self::region(whole, id, flow, at, within);
            }
        }
    }
    let program = whole.program;
    for gateway in &program.gateways {
        for (at, route) in gateway.routes.iter().enumerate() {
            visitor::route(whole, gateway, at, route);
        }
    }
}

pub(super) fn milliseconds(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Constant(Value::Duration(duration)) => u64::try_from(duration.as_millis()).ok(),
        _ => None,
    }
}

fn region(whole: &mut Whole<'_>, id: FlowId, flow: &Flow, at: StateId, within: u64) {
    let worst = worst::region(whole.program, id, at).unwrap_or_default();
    if worst.ms <= within {
        return;
    }
    let Some(span) = whole.state_span(flow, at) else {
        return;
    };
    let mut calls = calls(whole, id, flow, at);
    calls.sort_by_key(|(call, ..)| std::cmp::Reverse(call.ms));
    // The deadline of a flow is around all of it; the head is then the place.
    let message = format!(
        "the calls here can take {}, and are cancelled after {}",
        shown(worst.ms),
        shown(within)
    );
    let mut diagnostic = whole.made_for(flow, Diagnostic::warning(Code(546), span, message));
    let longest = calls.first().map(|(call, ..)| *call);
    for (call, text, place) in calls.into_iter().take(4) {
        diagnostic = diagnostic.and(place, format!("{text} can take {}", shown(call.ms)));
    }
    let said = |setting| {
        let call = longest?;
        whole.said(call.service, call.operation, setting)
    };
    let rules = [
        ("timeout", "how long it may take"),
        ("retry", "how often it is tried"),
    ];
    for (setting, text) in rules {
        diagnostic = said(setting)
            .into_iter()
            .fold(diagnostic, |d, place| d.and(place, text));
    }
    let time = shown(worst.ms);
    diagnostic = diagnostic.help(format!("give it {time}, or allow less for each call"));
    if let Some(deadline) = deadline(whole, span) {
        diagnostic = diagnostic.fix(format!("give it {time}"), deadline, time);
    }
    whole.report(diagnostic);
}

/// Where the time of a region was written, or that of a whole flow.
fn deadline(whole: &Whole<'_>, place: Span) -> Option<Span> {
    let statement = tree::statement(whole.resolved, place).filter(|found| found.span == place);
    if let Some(StatementKind::Within { duration, .. }) = statement.map(|statement| &statement.kind) {
        return Some(duration.span);
    }
    let mut settings = tree::flow(whole.resolved, place)?.settings.iter();
    let timeout = settings.find(|setting| setting.name.text == "timeout" && setting.value.span == place);
    timeout.map(|timeout| timeout.value.span)
}

/// What each call in a region can take.
fn calls(whole: &Whole<'_>, id: FlowId, flow: &Flow, at: StateId) -> Vec<(CallWorst, String, Span)> {
    let states = inside(flow, at);
    let known = whole.worst(id).into_iter().flat_map(|worst| &worst.calls);
    let here = known.filter(|call| states.contains(&call.state));
    here.filter_map(|call| {
        let name = whole.operation_name(call.service, call.operation);
        let text = match call.attempts {
            1 => format!("`{name}`"),
            attempts => format!("`{name}`, tried {attempts} times,"),
        };
        Some((*call, text, whole.state_span(flow, call.state)?))
    })
    .collect()
}
