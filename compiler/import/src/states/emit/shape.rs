//! Whether the states of a machine are structured: every branch meets the others again or ends, and no state is needed twice.

use crate::states::{
    graph::Graph,
    machine::{Kind, Machine, State},
};
use std::collections::BTreeSet;

/// Whether a machine can be written as structured code; `whole` is whether an end within it can leave.
pub(super) fn is_structured(machine: &Machine, graph: &Graph, whole: bool) -> bool {
    !graph.is_round()
        && walk(
            machine,
            graph,
            Some(&machine.start),
            None,
            whole,
            &mut BTreeSet::new(),
        )
}

/// Follows states as they would be written.
fn walk(
    machine: &Machine,
    graph: &Graph,
    from: Option<&str>,
    stop: Option<&str>,
    whole: bool,
    seen: &mut BTreeSet<String>,
) -> bool {
    let mut current = from.map(str::to_owned);
    loop {
        let Some(name) = current.filter(|name| Some(name.as_str()) != stop) else {
            return true;
        };
        let Some(state) = machine.state(&name) else {
            return true;
        };
        if !seen.insert(name) {
            return false;
        }
        if !caught(machine, graph, state, whole, seen) {
            return false;
        }
        if !leaves(state) {
            current = match &state.next {
                Some(next) => Some(next.clone()),
                None => return true,
            };
            continue;
        }
        let next = behind(state, graph);
        let targets = targets(state);
        for target in &targets {
            if !walk(machine, graph, Some(target), next.as_deref(), whole, seen) {
                return false;
            }
        }
        current = match next {
            Some(next) => Some(next),
            None => return true,
        };
    }
}

/// Whether what follows an error can be written where it is caught.
fn caught(machine: &Machine, graph: &Graph, state: &State, whole: bool, seen: &mut BTreeSet<String>) -> bool {
    for catch in &state.catches {
        if catch.errors.len() > 1 {
            return false;
        }
        let stop = rejoins(state, &catch.next, graph);
        let ends = stop.is_some() || state.next.is_none() || only_fails(machine, &catch.next) || whole;
        if !ends || !walk(machine, graph, Some(&catch.next), stop.as_deref(), whole, seen) {
            return false;
        }
    }
    true
}

/// Where what follows an error comes back: the state behind the one that failed, if every way comes there.
pub(super) fn rejoins(state: &State, handler: &str, graph: &Graph) -> Option<String> {
    let next = state.next.as_deref()?;
    graph.meet(&[next, handler]).filter(|meets| meets == next)
}

/// Whether every way from a state ends with an error.
fn only_fails(machine: &Machine, from: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(name) = open.pop() {
        let Some(state) = machine.state(&name) else {
            return false;
        };
        if !seen.insert(name) {
            continue;
        }
        let ends = state.next.is_none() && !leaves(state);
        if (ends && !matches!(state.kind, Kind::Fail { .. })) || matches!(state.kind, Kind::Succeed) {
            return false;
        }
        open.extend(state.leads_to().into_iter().map(str::to_owned));
    }
    true
}

/// The states that a choice leads to, each once.
pub(super) fn targets(state: &State) -> Vec<String> {
    let Kind::Choice { rules, default } = &state.kind else {
        return Vec::new();
    };
    let mut all: Vec<String> = Vec::new();
    for next in rules.iter().map(|(_, next)| next).chain(default) {
        if !all.contains(next) {
            all.push(next.clone());
        }
    }
    all
}

/// Where the ways of a choice meet again.
pub(super) fn behind(state: &State, graph: &Graph) -> Option<String> {
    let targets = targets(state);
    let all: Vec<&str> = targets.iter().map(String::as_str).collect();
    if all.is_empty() { None } else { graph.meet(&all) }
}

/// Whether nothing comes behind a state by itself.
pub(super) fn leaves(state: &State) -> bool {
    matches!(
        state.kind,
        Kind::Choice { .. } | Kind::Fail { .. } | Kind::Succeed
    )
}
