//! What of an engine makes a difference for what can follow, and whether two engines stand where the same journal ends.

use super::{Engine, Held, Life, guards::Wish};
use crate::{RunId, store::Guarded};
use flowmesh_machine::{CallId, Sight};
use jiff::Timestamp;
use std::{collections::BTreeMap, hash::Hash, hash::Hasher};

/// What runs and their calls count as: how manyth each run is, and how manyth each call is among the open ones of its
/// run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers(BTreeMap<RunId, (usize, Vec<CallId>)>);

impl Numbers {
    pub(crate) fn run(&self, run: RunId) -> Option<usize> {
        self.0.get(&run).map(|(number, _)| *number)
    }

    pub(crate) fn call(&self, run: RunId, call: CallId) -> Option<(usize, usize)> {
        let (number, calls) = self.0.get(&run)?;
        Some((*number, calls.iter().position(|open| *open == call)?))
    }
}

impl Engine {
    /// Feeds what makes a difference to a hasher; gives what runs and calls count as. Meant for an engine that is idle.
    pub(crate) fn fingerprint(&self, sight: Sight, hasher: &mut impl Hasher) -> Numbers {
        let mut runs: Vec<(&RunId, &Held)> = self.runs.iter().collect();
        runs.sort_unstable_by_key(|(run, _)| **run);
        let mut numbers = Numbers::default();
        for (at, (run, held)) in runs.into_iter().enumerate() {
            held.flow.hash(hasher);
            let calls = match &held.life {
                Life::Live(live) => {
                    live.cancelled.hash(hasher);
                    live.run.fingerprint(sight, hasher)
                }
                Life::Ended(ending) => {
                    format!("{ending:?}").hash(hasher);
                    Vec::new()
                }
            };
            numbers.0.insert(*run, (at, calls));
        }
        self.between(sight.now, &numbers, hasher);
        numbers
    }

    /// What lies between runs.
    fn between(&self, now: Timestamp, numbers: &Numbers, hasher: &mut impl Hasher) {
        let call = |(run, call): &(RunId, CallId)| numbers.call(*run, *call);
        for (place, holders, waiting) in self.ledger.guards.all() {
            let holders: Vec<_> = holders.iter().map(call).collect();
            let rate = |wish: &Wish| wish.rate.map(|rate| (rate.count, rate.per_ms));
            let waiting: Vec<_> = waiting
                .iter()
                .map(|(asker, wish)| (call(asker), wish.permits, rate(wish), &wish.group))
                .collect();
            (place, holders, waiting).hash(hasher);
        }
        for (place, since) in self.ledger.guards.settling() {
            let age = i128::from(now.as_microsecond()).saturating_sub(since);
            (place, age).hash(hasher);
        }
        for (name, free) in self.ledger.guards.free().filter(|(_, free)| *free > now) {
            (name, free.duration_since(now).as_nanos()).hash(hasher);
        }
        for (service, weights) in self.ledger.traffic.all() {
            (service, weights).hash(hasher);
        }
        let mut parents: Vec<_> = self.parents.iter().collect();
        parents.sort_unstable_by_key(|(child, _)| **child);
        for (child, parents) in parents {
            let parents: Vec<_> = parents.iter().map(call).collect();
            (numbers.run(*child), parents).hash(hasher);
        }
        for (orphan, (how, _)) in &self.ledger.orphans {
            (numbers.run(*orphan), how).hash(hasher);
        }
        let keys: BTreeMap<_, _> = self.keys.iter().collect();
        for (key, run) in keys {
            (key, numbers.run(*run)).hash(hasher);
        }
    }

    /// The run whose end a call waits for.
    pub(crate) fn child_of(&self, run: RunId, call: CallId) -> Option<RunId> {
        let mut parents = self.parents.iter();
        let child = parents.find(|(_, waiting)| waiting.contains(&(run, call)));
        child.map(|(child, _)| *child)
    }

    /// The lock or pool that somebody waits for, and the runs that hold it.
    pub(crate) fn guard_of(&self, asker: (RunId, CallId)) -> Option<(&Guarded, Vec<RunId>)> {
        let mut all = self.ledger.guards.all();
        let of = all.find(|(_, _, waiting)| waiting.iter().any(|(waiting, _)| *waiting == asker));
        of.map(|(name, holders, _)| (name, holders.iter().map(|(run, _)| *run).collect()))
    }

    /// Why this engine does not stand as another; of what only a process knows, nothing is compared.
    pub(crate) fn differs(&self, other: &Self) -> Option<String> {
        for (run, held) in &self.runs {
            let again = other.runs.get(run);
            let same = again.is_some_and(|again| match (&held.life, &again.life) {
                (Life::Live(here), Life::Live(there)) => here.run == there.run && here.asks == there.asks,
                (Life::Ended(here), Life::Ended(there)) => format!("{here:?}") == format!("{there:?}"),
                _ => false,
            });
            if !same {
                let again = again.map(|again| &again.life);
                return Some(format!("a run stands as {:?} and as {again:?}", held.life));
            }
        }
        if self.runs.len() != other.runs.len() {
            return Some(format!("{} runs and {}", self.runs.len(), other.runs.len()));
        }
        // Children that nobody waits for are cancelled at once, and once more by whoever reads the journal again.
        let between = |engine: &Self| (engine.ledger.guards.clone(), engine.ledger.traffic.clone());
        let (here, there) = (between(self), between(other));
        (here != there).then(|| format!("between the runs {here:?} and {there:?}"))
    }
}
