//! Which states come behind which: where branches meet again, and whether states lead back.

use super::machine::Machine;
use std::collections::{BTreeMap, BTreeSet};

/// The most states that are looked at for structure.
const MAX_STATES: usize = 100;

/// The states that can be reached, and where they lead.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    leads: BTreeMap<String, BTreeSet<String>>,
    /// The reached states in the order in which they are met.
    pub(crate) order: Vec<String>,
}

impl Graph {
    /// The graph of a machine.
    pub(crate) fn of(machine: &Machine) -> Self {
        let mut graph = Self::default();
        let mut open = vec![machine.start.clone()];
        while let Some(name) = open.pop() {
            if graph.leads.contains_key(&name) {
                continue;
            }
            let Some(state) = machine.state(&name) else {
                continue;
            };
            let leads: Vec<&str> = state.leads_to();
            open.extend(leads.iter().rev().map(|it| (*it).to_owned()));
            graph.order.push(name.clone());
            graph
                .leads
                .insert(name, leads.into_iter().map(str::to_owned).collect());
        }
        graph
    }

    /// Whether some state leads back to itself, or there are so many that nobody looks.
    pub(crate) fn is_round(&self) -> bool {
        self.order.len() > MAX_STATES || self.order.iter().any(|name| self.behind(name).contains(name))
    }

    /// All states behind one, not itself unless they lead back.
    fn behind(&self, name: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&String> = self.leads.get(name).into_iter().flatten().collect();
        while let Some(next) = open.pop() {
            if seen.insert(next.clone()) {
                open.extend(self.leads.get(next).into_iter().flatten());
            }
        }
        seen
    }

    /// The first state that every way from these comes to; nothing where some end before.
    pub(crate) fn meet(&self, from: &[&str]) -> Option<String> {
        let common = |name: &&String| from.iter().all(|start| self.always(start, name));
        // In a graph without circles the first that all come to is the one behind which all others are.
        let all: Vec<&String> = self.order.iter().filter(common).collect();
        all.iter()
            .find(|name| {
                let behind = self.behind(name);
                all.iter().all(|other| other == *name || behind.contains(*other))
            })
            .map(|name| (**name).clone())
    }

    /// Whether every way from a state comes to another.
    fn always(&self, from: &str, to: &str) -> bool {
        if from == to {
            return true;
        }
        // A way to an end that leaves the other out.
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut open = vec![from];
        while let Some(name) = open.pop() {
            if name == to || !seen.insert(name) {
                continue;
            }
            match self.leads.get(name) {
                Some(leads) if !leads.is_empty() => open.extend(leads.iter().map(String::as_str)),
                _ => return false,
            }
        }
        true
    }
}
