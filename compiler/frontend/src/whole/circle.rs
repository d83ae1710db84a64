//! Flows that wait for each other, as children or through a gateway, until nothing is left to run them.

use super::{Whole, link};
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::{
    FlowId, StateId,
    flow::{End, Flow, Tie},
    gateway::Target,
    worst,
};
use petgraph::graphmap::DiGraphMap;
use std::collections::{BTreeMap, BTreeSet};

/// Where one flow waits for another.
struct Wait {
    place: Option<Span>,
    /// The route through which it goes, where it is no child.
    route: Option<Span>,
    /// Whether every run comes to it: otherwise the flow decides when to stop, as any recursion does.
    always: bool,
}

pub(super) fn check(whole: &mut Whole<'_>) {
    let waits = waits(whole);
    let mut graph = DiGraphMap::<u32, ()>::new();
    for (from, to) in waits.keys() {
        graph.add_edge(*from, *to, ());
    }
    for knot in petgraph::algo::kosaraju_scc(&graph) {
        let Some(circle) = crate::resolve::cycle::circle(&graph, &knot) else {
            continue;
        };
        report(whole, &waits, &circle);
    }
}

fn waits(whole: &Whole<'_>) -> BTreeMap<(u32, u32), Wait> {
    let mut waits = BTreeMap::new();
    for (id, flow) in whole.flows() {
        for (at, state) in (0u32..).map(StateId).zip(&flow.states) {
            let Some((next, route)) = waited_for(whole, &state.end) else {
                continue;
            };
            waits.entry((id.0, next.0)).or_insert_with(|| Wait {
                place: whole.state_span(flow, at),
                route,
                always: unavoidable(flow, at),
            });
        }
    }
    waits
}

/// The flow that the end of a state waits for, and the route through which it goes.
fn waited_for(whole: &Whole<'_>, end: &End) -> Option<(FlowId, Option<Span>)> {
    if let End::Start(start) = end {
        return (start.tie == Tie::Child).then_some((start.flow, None));
    }
    let target = worst::target(end)?;
    let (gateway, number, route) = link::back(whole, target.service, target.operation)?;
    match &route.target {
        Target::Flow { flow, wait: true, .. } => Some((*flow, whole.route_span(gateway, number))),
        _ => None,
    }
}

/// Whether no run ends without having been at a state.
fn unavoidable(flow: &Flow, at: StateId) -> bool {
    let mut open = vec![flow.entry];
    let mut seen = BTreeSet::from([at]);
    while let Some(next) = open.pop() {
        let Some(state) = flow.states.get(next.index()).filter(|_| seen.insert(next)) else {
            continue;
        };
        if matches!(state.end, End::Return(_) | End::Fail(_) | End::Restart(_)) {
            return false;
        }
        state.end.ways(|_, way| open.push(*way));
    }
    true
}

fn report(whole: &mut Whole<'_>, waits: &BTreeMap<(u32, u32), Wait>, circle: &[u32]) {
    let name = |at: u32| {
        let flow = whole.program.flow(FlowId(at));
        flow.map_or_else(String::new, |flow| format!("`{}`", flow.name))
    };
    let mut ends: Vec<u32> = circle.to_vec();
    // The way back to the beginning closes the circle.
    if ends.first() != ends.last() || ends.len() == 1 {
        ends.extend(circle.first());
    }
    let way: Vec<String> = ends.iter().map(|at| name(*at)).collect();
    let steps: Vec<&Wait> = ends
        .iter()
        .zip(ends.iter().skip(1))
        .filter_map(|(from, to)| waits.get(&(*from, *to)))
        .collect();
    let certain = steps.iter().all(|step| step.always) || steps.iter().any(|step| step.route.is_some());
    let Some(span) = steps.first().and_then(|step| step.place).filter(|_| certain) else {
        return;
    };
    let message = format!(
        "these flows wait for each other in a circle: {}",
        way.join(" -> ")
    );
    let mut diagnostic = Diagnostic::warning(Code(549), span, message);
    for (at, step) in steps.iter().enumerate() {
        let next = step.place.filter(|_| at > 0);
        diagnostic = next
            .into_iter()
            .fold(diagnostic, |d, place| d.and(place, "and waits here"));
        diagnostic = step.route.into_iter().fold(diagnostic, |d, place| {
            d.and(place, "the call comes back through this route")
        });
    }
    let help =
        "each run begins another, so one of them has to decide when to stop; or begin it apart with `start`";
    whole.report(diagnostic.help(help));
}
