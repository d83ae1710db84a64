//! Which runs there are, by flow and state.

use super::view::State;
use crate::RunId;
use flowmesh_ir::Name;
use std::collections::{BTreeMap, BTreeSet};

/// Sets of identifiers, which sort by the time at which runs began.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    sets: BTreeMap<(Name, State), BTreeSet<RunId>>,
}

impl Index {
    pub(super) fn add(&mut self, flow: &Name, state: State, run: RunId) {
        self.sets.entry((flow.clone(), state)).or_default().insert(run);
    }

    pub(super) fn remove(&mut self, flow: &Name, state: State, run: RunId) {
        if let Some(set) = self.sets.get_mut(&(flow.clone(), state)) {
            set.remove(&run);
        }
    }

    pub(super) fn change(&mut self, flow: &Name, from: State, to: State, run: RunId) {
        if from != to {
            self.remove(flow, from, run);
            self.add(flow, to, run);
        }
    }

    /// Every run in one of these states.
    pub(super) fn in_states(&self, states: &[State]) -> impl Iterator<Item = RunId> {
        let of = self.sets.iter().filter(|((_, state), _)| states.contains(state));
        of.flat_map(|(_, set)| set.iter().copied())
    }

    /// How many runs of a flow are in each state.
    pub(super) fn counts(&self, flow: &str) -> Vec<(State, usize)> {
        let of = self
            .sets
            .iter()
            .filter(|((name, _), set)| name == flow && !set.is_empty());
        of.map(|((_, state), set)| (*state, set.len())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_counted_by_flow_and_found_by_state() {
        let mut index = Index::default();
        for run in 1..=9 {
            let flow = if run % 2 == 0 { "even" } else { "odd" };
            index.add(&flow.into(), State::Running, RunId(run));
        }
        index.change(&"odd".into(), State::Running, State::Done, RunId(9));
        index.remove(&"odd".into(), State::Running, RunId(1));
        assert_eq!(index.counts("odd"), [(State::Running, 3), (State::Done, 1)]);
        let done: Vec<RunId> = index.in_states(&[State::Done]).collect();
        assert_eq!(done, [RunId(9)]);
    }
}
