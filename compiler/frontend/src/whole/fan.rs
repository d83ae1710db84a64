//! Rounds that run side by side into a service that takes fewer at a time: how long they queue.

use super::{Whole, inside};
use crate::check::time as shown;
use flowmesh_diagnostics::{Code, Diagnostic};
use flowmesh_ir::{
    FlowId, StateId, Value,
    expr::Expr,
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

fn fan(whole: &mut Whole<'_>, id: FlowId, flow: &Flow, at: StateId, each: &Each) {
    let states = inside(flow, at);
    let calls = whole
        .worst
        .get(id.index())
        .map(|worst| worst.calls.clone())
        .unwrap_or_default();
    for call in calls.into_iter().filter(|call| states.contains(&call.state)) {
        let policy = whole.program.policy(call.policy);
        let Some(limit) = policy.and_then(|policy| policy.limit.clone()) else {
            continue;
        };
        let name = whole.operation_name(call.service, call.operation);
        let Some((message, help)) = queue(&name, each, &limit, &call) else {
            continue;
        };
        let Some(span) = whole.state_span(flow, at) else {
            continue;
        };
        let mut diagnostic = Diagnostic::warning(Code(551), span, message);
        let places = [
            (
                whole.state_span(flow, call.state),
                "this call is made in each round",
            ),
            (
                whole.said(call.service, call.operation, "limit"),
                "this lets fewer through",
            ),
        ];
        for (place, text) in places {
            diagnostic = place.into_iter().fold(diagnostic, |d, place| d.and(place, text));
        }
        whole.report(diagnostic.help(help));
    }
}

/// What queues up, in words, and what to do.
fn queue(name: &str, each: &Each, limit: &Limit, call: &CallWorst) -> Option<(String, String)> {
    let rounds = rounds(each);
    let at_once = each.limit.as_ref().map_or(rounds, int);
    if let Some(concurrent) = limit.concurrent.map(u64::from)
        && at_once.is_none_or(|at_once| at_once > concurrent)
    {
        let turns = at_once.map(|at_once| at_once.div_ceil(concurrent).saturating_sub(1));
        let text = match (at_once, turns) {
            (Some(at_once), Some(turns)) => format!(
                "{at_once} rounds at once, and `{name}` takes {concurrent}: {} wait, the last of them up to {}",
                at_once.saturating_sub(concurrent),
                shown(call.ms.saturating_mul(turns))
            ),
            _ => format!(
                "all rounds at once, and `{name}` takes {concurrent}: each further {concurrent} wait up to {} longer",
                shown(call.ms)
            ),
        };
        let refused = limit
            .queue
            .map(u64::from)
            .filter(|queue| at_once.is_none_or(|at_once| at_once.saturating_sub(concurrent) > *queue));
        let text = refused.map_or(text.clone(), |queue| {
            format!("{text}; beyond {queue} they are refused")
        });
        return Some((text, format!("write `parallel(limit: {concurrent})`")));
    }
    let rate = limit.rate?;
    let burst = u64::from(limit.burst.unwrap_or(rate.count));
    let count = rounds.unwrap_or(1_000);
    let ms = count
        .saturating_sub(burst)
        .saturating_mul(rate.per_ms)
        .checked_div(u64::from(rate.count.max(1)))
        .unwrap_or(0);
    let many = at_once.is_none_or(|at_once| at_once > burst);
    if ms == 0 || !many {
        return None;
    }
    let text = format!(
        "`{name}` takes {} in {}: {count} rounds need at least {}",
        rate.count,
        shown(rate.per_ms),
        shown(ms)
    );
    Some((
        text,
        format!("run at most {burst} rounds at once, or ask for a higher limit"),
    ))
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
