//! Which runs there are, by flow and state, newest first.

use super::view::{Filter, State};
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

    /// The newest runs that the filter lets through, older than its cursor.
    pub(super) fn newest(&self, filter: &Filter, limit: usize) -> Vec<RunId> {
        let wanted = self.sets.iter().filter(|((flow, state), _)| {
            filter.flow.as_ref().is_none_or(|wanted| wanted == flow)
                && filter.state.is_none_or(|wanted| wanted == *state)
        });
        let end = filter.before.unwrap_or(RunId(u128::MAX));
        let mut runs: Vec<RunId> = wanted
            .flat_map(|(_, set)| set.range(..end).rev().take(limit).copied())
            .collect();
        runs.sort_unstable_by(|a, b| b.cmp(a));
        runs.truncate(limit);
        runs
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
    fn the_newest_come_first_and_pages_do_not_overlap() {
        let mut index = Index::default();
        for run in 1..=9 {
            let flow = if run % 2 == 0 { "even" } else { "odd" };
            index.add(&flow.into(), State::Running, RunId(run));
        }
        index.change(&"odd".into(), State::Running, State::Done, RunId(9));
        let all = Filter::default();
        assert_eq!(index.newest(&all, 3), [RunId(9), RunId(8), RunId(7)]);
        let next = Filter {
            before: Some(RunId(7)),
            ..Filter::default()
        };
        assert_eq!(index.newest(&next, 3), [RunId(6), RunId(5), RunId(4)]);
        let odd = Filter {
            flow: Some("odd".into()),
            state: Some(State::Running),
            ..Filter::default()
        };
        assert_eq!(index.newest(&odd, 2), [RunId(7), RunId(5)]);
        assert_eq!(index.counts("odd"), [(State::Running, 4), (State::Done, 1)]);
    }
}
