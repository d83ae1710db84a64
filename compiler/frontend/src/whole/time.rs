//! What cannot fit into its time: the calls of a region, and what a gateway waits for.

use super::{Whole, inside};
use crate::check::time as shown;
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::{
    FlowId, StateId, Value,
    expr::Expr,
    flow::{End, Flow},
    gateway::{Gateway, Route, Target},
    policy::Timeout,
    worst::{self, Time},
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
            self::route(whole, gateway, at, route);
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
    let Some(span) = whole.state_span(flow, at).filter(|_| worst.ms > within) else {
        return;
    };
    let mut calls = calls(whole, id, flow, at);
    calls.sort_by_key(|(ms, ..)| std::cmp::Reverse(*ms));
    // The deadline of a flow is around all of it; the head is then the place.
    let message = format!(
        "the calls here can take {}, and are cancelled after {}",
        shown(worst.ms),
        shown(within)
    );
    let mut diagnostic = Diagnostic::warning(Code(546), span, message);
    for (ms, text, place) in calls.into_iter().take(4) {
        diagnostic = diagnostic.and(place, format!("{text} can take {}", shown(ms)));
    }
    let help = format!("give it {}, or allow less for each call", shown(worst.ms));
    whole.report(diagnostic.help(help));
}

/// What each call in a region can take.
fn calls(whole: &Whole<'_>, id: FlowId, flow: &Flow, at: StateId) -> Vec<(u64, String, Span)> {
    let states = inside(flow, at);
    let known = whole.worst.get(id.index()).map_or(&[][..], |worst| &worst.calls);
    let here = known.iter().filter(|call| states.contains(&call.state));
    here.filter_map(|call| {
        let name = whole.operation_name(call.service, call.operation);
        let text = match call.attempts {
            1 => format!("`{name}`"),
            attempts => format!("`{name}`, tried {attempts} times,"),
        };
        Some((call.ms, text, whole.state_span(flow, call.state)?))
    })
    .collect()
}

fn route(whole: &mut Whole<'_>, gateway: &Gateway, at: usize, route: &Route) {
    let own = route
        .policy
        .or(gateway.policy)
        .and_then(|id| whole.program.policy(id));
    let total = own.map_or(Timeout::default().total_ms, |policy| policy.timeout.total_ms);
    let (name, time, place) = match &route.target {
        Target::Flow { flow, wait: true, .. } => {
            let name = whole
                .program
                .flow(*flow)
                .map(|flow| flow.name.to_string())
                .unwrap_or_default();
            let place = whole.span(&format!("flow/{name}"));
            (name, whole.flow_time(*flow), place)
        }
        Target::Operation {
            service, operation, ..
        } if own.is_some() => {
            let policy = whole.operation(*service, *operation).map(|found| found.policy);
            let policy = policy.and_then(|id| whole.program.policy(id));
            let time = policy.map_or(Time::default(), |policy| Time::of(worst::call_ms(policy)));
            let place = whole.said(*service, *operation, "timeout");
            (whole.operation_name(*service, *operation), time, place)
        }
        _ => return,
    };
    let late = time.ms > total || time.open;
    let Some(span) = whole
        .span(&format!("gateway/{}/{at}", gateway.name))
        .filter(|_| late)
    else {
        return;
    };
    let takes = if time.open {
        "can take longer than anybody knows".to_owned()
    } else {
        format!("can take {}", shown(time.ms))
    };
    let message = format!(
        "the gateway gives up after {}, and `{name}` {takes}",
        shown(total)
    );
    let mut diagnostic = Diagnostic::warning(Code(547), span, message);
    let said = whole.span(&format!("gateway/{}@timeout", gateway.name));
    if let (Some(said), None) = (said, route.policy) {
        diagnostic = diagnostic.and(said, "the time that the gateway has");
    }
    diagnostic = place
        .into_iter()
        .fold(diagnostic, |d, place| d.and(place, "what it waits for"));
    let help = match &route.target {
        Target::Flow { .. } => {
            "leave `wait` out, so that the visitor hears where to look; or give the route more time"
                .to_owned()
        }
        _ => format!("give the route `timeout: {{ total: {} }}`", shown(time.ms)),
    };
    whole.report(diagnostic.help(help));
}
