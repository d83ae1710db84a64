//! Refuses modules that use each other in a circle.

use super::{Error, Module, ModuleId};
use flowmesh_diagnostics::Diagnostics;
use flowmesh_ir::Name;
use petgraph::{algo::kosaraju_scc, graphmap::DiGraphMap};
use std::collections::{HashMap, HashSet, VecDeque, hash_map::Entry};

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
    // Most nodes are alone, and need no way back searched.
    if knot.len() == 1 {
        return graph.contains_edge(start, start).then(|| vec![start, start]);
    }
    let members: HashSet<u32> = knot.iter().copied().collect();
    let mut before: HashMap<u32, u32> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for next in graph.neighbors(node).filter(|next| members.contains(next)) {
            if next == start {
                return Some(way_back(start, node, &before));
            }
            if let Entry::Vacant(vacant) = before.entry(next) {
                vacant.insert(node);
                queue.push_back(next);
            }
        }
    }
    None
}

/// From the start to `last`, and to the start again.
fn way_back(start: u32, last: u32, before: &HashMap<u32, u32>) -> Vec<u32> {
    let mut way = vec![start, last];
    let mut at = last;
    while let Some(earlier) = before.get(&at).filter(|_| at != start) {
        at = *earlier;
        way.push(at);
    }
    way.reverse();
    way
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

#[cfg(test)]
mod tests {
    use super::circle;
    use petgraph::graphmap::DiGraphMap;

    #[test]
    fn a_circle_begins_and_ends_at_its_least_member() {
        let graph = DiGraphMap::<u32, ()>::from_edges([(1, 2), (2, 3), (3, 1), (3, 3), (4, 4)]);
        assert_eq!(circle(&graph, &[3, 1, 2]), Some(vec![1, 2, 3, 1]));
        assert_eq!(circle(&graph, &[4]), Some(vec![4, 4]));
        assert_eq!(circle(&DiGraphMap::from_edges([(1, 2)]), &[1]), None);
    }
}
