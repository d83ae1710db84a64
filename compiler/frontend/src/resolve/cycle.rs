//! Refuses modules that use each other in a circle.

use super::{Error, Module, ModuleId};
use flowmesh_diagnostics::Diagnostics;
use flowmesh_ir::Name;
use petgraph::{algo::kosaraju_scc, graphmap::DiGraphMap};

/// Reports one circle for each knot of modules.
pub(super) fn refuse(modules: &[Module], found: &mut Diagnostics) {
    let mut graph = DiGraphMap::<u32, ()>::new();
    for (at, module) in (0u32..).zip(modules) {
        for used in &module.uses {
            graph.add_edge(at, used.module.0, ());
        }
    }
    for knot in kosaraju_scc(&graph) {
        if let Some(circle) = circle(&graph, &knot) {
            report(modules, &circle, found);
        }
    }
}

/// A shortest way from one member of a knot back to itself; nothing where the knot is a single node without a loop.
pub(crate) fn circle(graph: &DiGraphMap<u32, ()>, knot: &[u32]) -> Option<Vec<u32>> {
    let start = *knot.iter().min()?;
    let mut came_from = std::collections::HashMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for next in graph.neighbors(node).filter(|next| knot.contains(next)) {
            if next == start {
                let mut way = vec![start, node];
                while let Some(before) = way
                    .last()
                    .filter(|at| **at != start)
                    .and_then(|at| came_from.get(at))
                {
                    way.push(*before);
                }
                way.dedup();
                way.reverse();
                way.push(start);
                way.dedup_by(|a, b| a == b && *a != start);
                return Some(way);
            }
            if let std::collections::hash_map::Entry::Vacant(vacant) = came_from.entry(next) {
                vacant.insert(node);
                queue.push_back(next);
            }
        }
    }
    None
}

fn report(modules: &[Module], circle: &[u32], found: &mut Diagnostics) {
    let module = |at: u32| modules.get(at as usize);
    let names: Vec<Name> = circle
        .iter()
        .filter_map(|at| module(*at))
        .map(|module| module.name.clone())
        .collect();
    let mut edges = circle.windows(2).filter_map(|pair| match pair {
        [from, to] => module(*from)?
            .uses
            .iter()
            .find(|used| used.module == ModuleId(*to)),
        _ => None,
    });
    if let Some(first) = edges.next() {
        let others = edges.map(|used| used.span).collect();
        found.add(
            Error::ModuleCycle {
                names,
                span: first.span,
                others,
            }
            .diagnostic(),
        );
    }
}
