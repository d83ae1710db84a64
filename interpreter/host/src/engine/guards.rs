//! Locks and pools: who holds them, and who waits for them in which order.
//!
//! The journal, read in order, says who asked when, who was let in and who left; rows of the index repeat it, for runs
//! that are not in memory.

use crate::RunId;
use flowmesh_machine::CallId;
use std::collections::{BTreeMap, VecDeque};

/// Who asks: a run, and by which of its calls.
pub(super) type Asker = (RunId, CallId);

/// All locks and pools that somebody holds or waits for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Guards(BTreeMap<String, Guard>);

#[derive(Clone, Debug, Default, PartialEq)]
struct Guard {
    holders: Vec<Asker>,
    /// Who waits, first come first, and among how many holders each would be content.
    queue: VecDeque<(Asker, usize)>,
}

impl Guards {
    /// Somebody waits for it from now on.
    pub(super) fn ask(&mut self, name: &str, asker: Asker, permits: Option<u32>) {
        let guard = self.0.entry(name.to_owned()).or_default();
        let permits = permits.map_or(1, |permits| usize::try_from(permits).unwrap_or(usize::MAX));
        guard.queue.push_back((asker, permits.max(1)));
    }

    /// Who may enter now: the first in the queue, if there is room for them. Nobody overtakes.
    pub(super) fn next(&self, name: &str) -> Option<Asker> {
        let guard = self.0.get(name)?;
        let (first, permits) = guard.queue.front()?;
        (guard.holders.len() < *permits).then_some(*first)
    }

    /// Whether somebody was let in and has not let it go.
    pub(super) fn holds(&self, name: &str, asker: Asker) -> bool {
        self.0
            .get(name)
            .is_some_and(|guard| guard.holders.contains(&asker))
    }

    /// Somebody was let in.
    pub(super) fn enter(&mut self, name: &str, asker: Asker) {
        if let Some(guard) = self.0.get_mut(name) {
            guard.queue.retain(|(waiting, _)| *waiting != asker);
            guard.holders.push(asker);
        }
    }

    /// Somebody let it go, or does not wait for it any more.
    pub(super) fn leave(&mut self, name: &str, asker: Asker) {
        if let Some(guard) = self.0.get_mut(name) {
            guard.queue.retain(|(waiting, _)| *waiting != asker);
            guard.holders.retain(|holder| *holder != asker);
            if guard.queue.is_empty() && guard.holders.is_empty() {
                self.0.remove(name);
            }
        }
    }

    /// Nobody holds any of them; who waits still does.
    pub(super) fn forget_holders(&mut self) {
        self.0.values_mut().for_each(|guard| guard.holders.clear());
    }

    /// The names of all of them.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// Each of them: who holds it, who waits for it and among how many.
    pub(super) fn all(
        &self,
    ) -> impl Iterator<Item = (&str, &[Asker], impl Iterator<Item = &(Asker, usize)> + Clone)> {
        let guards = self.0.iter();
        guards.map(|(name, guard)| (name.as_str(), guard.holders.as_slice(), guard.queue.iter()))
    }

    /// Who holds each of them, for those who check that nobody holds what another holds.
    pub(super) fn holders(&self) -> impl Iterator<Item = (&str, &[Asker])> {
        self.0
            .iter()
            .map(|(name, guard)| (name.as_str(), guard.holders.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(run: u128) -> Asker {
        (RunId(run), CallId(0))
    }

    #[test]
    fn a_lock_lets_one_in_at_a_time_in_the_order_of_asking() {
        let mut guards = Guards::default();
        (1..=3).for_each(|run| guards.ask("a", asker(run), None));
        assert_eq!(guards.next("a"), Some(asker(1)));
        guards.enter("a", asker(1));
        assert_eq!(guards.next("a"), None);
        guards.leave("a", asker(2));
        guards.leave("a", asker(1));
        assert_eq!(guards.next("a"), Some(asker(3)));
        guards.leave("a", asker(3));
        assert!(guards.names().is_empty());
    }

    #[test]
    fn a_pool_lets_as_many_in_as_it_has_permits() {
        let mut guards = Guards::default();
        (1..=3).for_each(|run| guards.ask("a", asker(run), Some(2)));
        guards.enter("a", asker(1));
        assert_eq!(guards.next("a"), Some(asker(2)));
        guards.enter("a", asker(2));
        assert_eq!(guards.next("a"), None);
        guards.leave("a", asker(1));
        assert_eq!(guards.next("a"), Some(asker(3)));
    }
}
