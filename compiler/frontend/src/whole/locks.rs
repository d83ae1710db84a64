//! Locks that flows take in different orders: each then holds what the other waits for.

use super::{Whole, inside};
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::{
    FlowId, Name, StateId, Value,
    expr::Expr,
    flow::{End, Flow, Tie},
};
use petgraph::graphmap::DiGraphMap;
use std::collections::BTreeMap;

/// How far children are followed.
const DEEPEST: usize = 16;

/// Where a flow takes one lock while it holds another.
struct Order {
    flow: Name,
    outer: Span,
    inner: Span,
}

pub(super) fn check(whole: &mut Whole<'_>) {
    let mut names: Vec<String> = Vec::new();
    let mut orders: BTreeMap<(u32, u32), Order> = BTreeMap::new();
    for (id, flow) in whole.flows() {
        for (at, _) in (0u32..).map(StateId).zip(&flow.states) {
            let Some(outer) = lock(flow, at) else { continue };
            let Some(span) = whole.state_span(flow, at) else {
                continue;
            };
            let outer = number(&mut names, outer);
            for (inner, place) in taken(whole, id, flow, at, 0) {
                let inner = number(&mut names, inner);
                let order = Order {
                    flow: flow.name.clone(),
                    outer: span,
                    inner: place,
                };
                orders.entry((outer, inner)).or_insert(order);
            }
        }
    }
    let mut graph = DiGraphMap::<u32, ()>::new();
    for (outer, inner) in orders.keys() {
        graph.add_edge(*outer, *inner, ());
    }
    for knot in petgraph::algo::kosaraju_scc(&graph) {
        if let Some(circle) = crate::resolve::cycle::circle(&graph, &knot) {
            report(whole, &names, &orders, &circle);
        }
    }
}

fn number(names: &mut Vec<String>, name: String) -> u32 {
    let at = names.iter().position(|known| *known == name).unwrap_or_else(|| {
        names.push(name);
        names.len().saturating_sub(1)
    });
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The name of the lock that a state takes, with `*` for what is computed.
fn lock(flow: &Flow, at: StateId) -> Option<String> {
    let End::Region(region) = &flow.states.get(at.index())?.end else {
        return None;
    };
    let guard = region.guard.as_ref()?;
    let one = match &guard.permits {
        None => guard.rate.is_none(),
        Some(Expr::Constant(Value::Int(permits))) => *permits == 1,
        Some(_) => false,
    };
    one.then(|| pattern(&guard.name))
}

fn pattern(expr: &Expr) -> String {
    match expr {
        Expr::Constant(Value::String(text)) => text.to_string(),
        Expr::Text(parts) => parts.iter().map(pattern).collect(),
        _ => "*".to_owned(),
    }
}

/// The locks that are taken inside a region, in this flow and in its children.
fn taken(whole: &Whole<'_>, id: FlowId, flow: &Flow, at: StateId, depth: usize) -> Vec<(String, Span)> {
    let mut found = Vec::new();
    for inner in inside(flow, at) {
        found.extend(lock(flow, inner).zip(whole.state_span(flow, inner)));
        let Some(End::Start(start)) = flow.states.get(inner.index()).map(|state| &state.end) else {
            continue;
        };
        let child = whole.program.flow(start.flow).filter(|_| start.tie == Tie::Child);
        let Some(child) = child.filter(|_| start.flow != id && depth < DEEPEST) else {
            continue;
        };
        for (state, _) in (0u32..).map(StateId).zip(&child.states) {
            found.extend(lock(child, state).zip(whole.state_span(child, state)));
        }
    }
    found
}

fn report(whole: &mut Whole<'_>, names: &[String], orders: &BTreeMap<(u32, u32), Order>, circle: &[u32]) {
    let mut ends: Vec<u32> = circle.to_vec();
    if ends.first() != ends.last() || ends.len() == 1 {
        ends.extend(circle.first());
    }
    let name = |at: &u32| {
        names
            .get(*at as usize)
            .map_or_else(String::new, |name| format!("`{name}`"))
    };
    let way: Vec<String> = ends.iter().map(name).collect();
    let pairs = ends.iter().zip(ends.iter().skip(1));
    let steps: Vec<&Order> = pairs.filter_map(|(from, to)| orders.get(&(*from, *to))).collect();
    let Some(first) = steps.first() else { return };
    let message = format!(
        "locks are taken in different orders, so runs can wait for each other for ever: {}",
        way.join(" -> ")
    );
    let mut diagnostic = Diagnostic::warning(Code(548), first.inner, message);
    for (at, step) in steps.iter().enumerate() {
        diagnostic = diagnostic.and(step.outer, format!("`{}` holds this lock", step.flow));
        if at > 0 {
            diagnostic = diagnostic.and(step.inner, "and waits for this one");
        }
    }
    let help = "take them in one order everywhere, or one lock for both";
    whole.report(diagnostic.help(help));
}
