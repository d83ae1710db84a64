//! Results that are reused: what calls gave, by what was called with which key.
//!
//! They follow from the events of runs alone, whatever order these are read in: of one key the latest result holds, and
//! where there are too many in a namespace, those go first that were recorded first.

mod verbs;

pub use verbs::{ResultCommand, ResultFilter, ResultPage, ResultPlace, ResultView};

use super::Engine;
use crate::{
    RunId,
    store::{KeptResult, ResultKey},
};
use flowmesh_ir::{Hash, Name};
use flowmesh_machine::{Cached, Recall, Recorded};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// So many are kept in a namespace.
const RESULTS_MAX: usize = 10_000;
/// So many bytes of them.
const BYTES_MAX: usize = 64 << 20;

/// All results that are kept.
#[derive(Clone, Debug)]
pub(super) struct Results {
    all: BTreeMap<Arc<ResultKey>, KeptResult>,
    /// When each is too old for everybody.
    ends: BTreeSet<(Timestamp, Arc<ResultKey>)>,
    spaces: HashMap<Name, Space>,
    by_run: BTreeSet<(RunId, Arc<ResultKey>)>,
    /// What the index was not told; `None` where there is none.
    untold: Option<BTreeSet<Arc<ResultKey>>>,
    most: (usize, usize),
    /// For a world in which results never grow old.
    for_ever: bool,
    /// For a world in which the key of a call makes no difference.
    any_key: bool,
}

/// The results of one namespace, the one that was recorded first in front.
#[derive(Clone, Debug, Default)]
struct Space {
    order: BTreeSet<(Timestamp, RunId, Arc<ResultKey>)>,
    bytes: usize,
}

impl Default for Results {
    fn default() -> Self {
        Self {
            all: BTreeMap::new(),
            ends: BTreeSet::new(),
            spaces: HashMap::new(),
            by_run: BTreeSet::new(),
            untold: None,
            most: (RESULTS_MAX, BYTES_MAX),
            for_ever: false,
            any_key: false,
        }
    }
}

impl Results {
    /// What changes is kept from now on, until it is told.
    pub(super) fn keep_untold(&mut self) {
        self.untold = Some(BTreeSet::new());
    }

    /// Results as an index knows them.
    pub(super) fn from_index(known: Vec<(ResultKey, KeptResult)>) -> Self {
        let mut results = Self::default();
        for (key, result) in known {
            results.insert(Arc::new(key), result);
        }
        results.keep_untold();
        results
    }

    /// A call of a run has given this.
    pub(super) fn record(
        &mut self,
        (namespace, run, at): (Name, RunId, Timestamp),
        recall: &Recall,
        result: Arc<[u8]>,
    ) {
        let until = KeptResult::ends(at.checked_add(recall.ttl).ok());
        let cached = recall.cached.clone();
        let kept = KeptResult {
            run,
            at,
            until,
            result,
        };
        self.expire(at);
        self.insert(Arc::new(ResultKey { namespace, cached }), kept);
    }

    /// What was recorded for the same call, if it is young enough.
    pub(super) fn find(&self, namespace: &Name, recall: &Recall, now: Timestamp) -> Option<Recorded> {
        let key = ResultKey {
            namespace: namespace.clone(),
            cached: recall.cached.clone(),
        };
        let mut found = self.all.get(&key);
        if self.any_key {
            let same = |other: &&Arc<ResultKey>| {
                (&other.namespace, &other.cached.of) == (&key.namespace, &key.cached.of)
            };
            found = found.or_else(|| self.all.get(self.all.keys().find(same)?));
        }
        let found = found.filter(|kept| !kept.is_void());
        let found = found.filter(|kept| self.for_ever || kept.is_young(recall.ttl, now))?;
        Some(Recorded {
            run: found.run.to_string(),
            at: found.at,
            result: Arc::clone(&found.result),
        })
    }

    /// A run is kept no longer, nor what it recorded.
    pub(super) fn forget_run(&mut self, run: RunId) {
        let keys: Vec<Arc<ResultKey>> = self.of_run(run).cloned().collect();
        keys.iter().for_each(|key| self.remove(key));
    }

    /// What a run has recorded.
    pub(super) fn of_run(&self, run: RunId) -> impl Iterator<Item = &Arc<ResultKey>> {
        // The least key there is comes first.
        let from = (run, Arc::new(ResultKey::least()));
        let of = self.by_run.range(from..).take_while(move |(of, _)| *of == run);
        of.map(|(_, key)| key)
    }

    /// All that are young enough for somebody.
    pub(super) fn alive(&self, now: Timestamp) -> impl Iterator<Item = (&ResultKey, &KeptResult)> {
        let all = self.all.iter().map(|(key, kept)| (key.as_ref(), kept));
        all.filter(move |(_, kept)| kept.until > now)
    }

    /// What the index was not told: those that are kept by now, and those that are not.
    pub(super) fn take_untold(&mut self) -> Vec<(ResultKey, Option<KeptResult>)> {
        let untold = self.untold.as_mut().map(std::mem::take).unwrap_or_default();
        let told = |key: Arc<ResultKey>| (key.as_ref().clone(), self.all.get(&key).cloned());
        untold.into_iter().map(told).collect()
    }

    /// They were not told after all.
    pub(super) fn not_told(&mut self, results: Vec<(ResultKey, Option<KeptResult>)>) {
        if let Some(untold) = &mut self.untold {
            untold.extend(results.into_iter().map(|(key, _)| Arc::new(key)));
        }
    }

    fn insert(&mut self, key: Arc<ResultKey>, kept: KeptResult) {
        // Of what was forgotten when it was recorded, that it was forgotten is the later.
        let place = |kept: &KeptResult| (kept.at, kept.run, kept.is_void());
        if self
            .all
            .get(&key)
            .is_some_and(|known| place(known) > place(&kept))
        {
            return;
        }
        self.remove(&key);
        self.touch(&key);
        let space = self.spaces.entry(key.namespace.clone()).or_default();
        space.order.insert((kept.at, kept.run, Arc::clone(&key)));
        space.bytes = space.bytes.saturating_add(kept.result.len());
        self.ends.insert((kept.until, Arc::clone(&key)));
        self.by_run.insert((kept.run, Arc::clone(&key)));
        let namespace = key.namespace.clone();
        self.all.insert(key, kept);
        self.make_room(&namespace);
    }

    fn make_room(&mut self, namespace: &Name) {
        let (most, most_bytes) = self.most;
        while let Some(space) = self.spaces.get(namespace)
            && (space.order.len() > most || space.bytes > most_bytes)
            && let Some((_, _, first)) = space.order.first()
        {
            let first = Arc::clone(first);
            self.remove(&first);
        }
    }

    fn remove(&mut self, key: &Arc<ResultKey>) {
        let Some(kept) = self.all.remove(key) else {
            return;
        };
        self.ends.remove(&(kept.until, Arc::clone(key)));
        self.by_run.remove(&(kept.run, Arc::clone(key)));
        if let Some(space) = self.spaces.get_mut(&key.namespace) {
            space.order.remove(&(kept.at, kept.run, Arc::clone(key)));
            space.bytes = space.bytes.saturating_sub(kept.result.len());
            if space.order.is_empty() {
                self.spaces.remove(&key.namespace);
            }
        }
        self.touch(key);
    }

    /// Lets go of what is too old for everybody.
    fn expire(&mut self, now: Timestamp) {
        while !self.for_ever
            && let Some((until, key)) = self.ends.first()
            && *until <= now
        {
            let key = Arc::clone(key);
            self.remove(&key);
        }
    }

    fn touch(&mut self, key: &Arc<ResultKey>) {
        if let Some(untold) = &mut self.untold {
            untold.insert(Arc::clone(key));
        }
    }
}

impl Engine {
    /// Breaks promises on purpose: results never grow old, or the key of a call makes no difference.
    pub(crate) fn break_results(&mut self, for_ever: bool, any_key: bool) {
        let results = &mut self.ledger.results;
        (results.for_ever, results.any_key) = (for_ever, any_key);
    }

    /// The results that may still be reused, one of them a line.
    pub(crate) fn results_say(&self, now: Timestamp) -> Vec<String> {
        let alive = self.ledger.results.alive(now);
        alive.map(|(key, kept)| format!("{key:?} {kept:?}")).collect()
    }

    /// What these runs have recorded, for an index that is to keep it no longer.
    pub(crate) fn results_of(&self, runs: &[RunId]) -> Vec<(ResultKey, Option<KeptResult>)> {
        let keys = runs.iter().flat_map(|run| self.ledger.results.of_run(*run));
        keys.map(|key| (key.as_ref().clone(), None)).collect()
    }
}

impl ResultKey {
    /// No key comes before it.
    fn least() -> Self {
        Self {
            namespace: Name::default(),
            cached: Cached {
                of: String::new(),
                version: Hash([0; 32]),
                key: String::new(),
            },
        }
    }
}

impl KeptResult {
    /// Whether it may be reused by a call that takes results of this age.
    pub(crate) fn is_young(&self, ttl: SignedDuration, now: Timestamp) -> bool {
        now.duration_since(self.at) < ttl && now < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recall(key: &str, seconds: i64) -> Recall {
        Recall {
            cached: Cached {
                of: "reports.build".to_owned(),
                version: Hash([0; 32]),
                key: key.to_owned(),
            },
            ttl: SignedDuration::from_secs(seconds),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn results(most: (usize, usize)) -> Results {
        Results {
            most,
            ..Results::default()
        }
    }

    fn record(results: &mut Results, run: u128, key: &str, second: i64) {
        let result = format!("{run:03}").into_bytes().into();
        results.record(
            (Name::default(), RunId(run), at(second)),
            &recall(key, 60),
            result,
        );
    }

    fn found(results: &Results, key: &str, second: i64) -> Option<String> {
        let found = results.find(&Name::default(), &recall(key, 60), at(second));
        found.map(|found| String::from_utf8(found.result.to_vec()).unwrap())
    }

    #[test]
    fn a_result_is_reused_until_it_is_as_old_as_either_side_allows() {
        let mut results = results((10, 1000));
        record(&mut results, 1, "a", 0);
        assert_eq!(found(&results, "a", 59).as_deref(), Some("001"));
        assert_eq!(found(&results, "a", 60), None);
        assert_eq!(found(&results, "b", 0), None);
        let short = recall("a", 5);
        assert!(results.find(&Name::default(), &short, at(4)).is_some());
        assert!(results.find(&Name::default(), &short, at(5)).is_none());
        let long = recall("a", 500);
        assert!(results.find(&Name::default(), &long, at(61)).is_none());
    }

    #[test]
    fn the_latest_holds_in_whatever_order_they_are_read() {
        let orders = [[1, 2, 3], [3, 1, 2], [2, 3, 1], [3, 2, 1]];
        for order in orders {
            let mut results = results((2, 1000));
            for number in order {
                record(&mut results, number, "a", i64::try_from(number).unwrap());
                record(&mut results, number + 10, "b", i64::try_from(number).unwrap());
            }
            assert_eq!(found(&results, "a", 4).as_deref(), Some("003"));
            assert_eq!(found(&results, "b", 4).as_deref(), Some("013"));
        }
    }

    #[test]
    fn what_was_recorded_first_makes_room() {
        for most in [(2, 1000), (10, 8)] {
            let mut results = results(most);
            for number in 1..=4 {
                record(
                    &mut results,
                    number,
                    &number.to_string(),
                    i64::try_from(number).unwrap(),
                );
            }
            let kept: Vec<bool> = (1..=4)
                .map(|key| found(&results, &key.to_string(), 5).is_some())
                .collect();
            assert_eq!(kept, [false, false, true, true]);
        }
    }

    #[test]
    fn what_is_too_old_and_what_a_run_recorded_that_is_gone_is_told_as_gone() {
        let mut results = Results::from_index(Vec::new());
        record(&mut results, 1, "a", 0);
        record(&mut results, 2, "b", 0);
        assert_eq!(results.take_untold().len(), 2);
        results.forget_run(RunId(1));
        record(&mut results, 3, "c", 60);
        let told: Vec<_> = results.take_untold().into_iter().collect();
        let gone = told.iter().filter(|(_, kept)| kept.is_none()).count();
        assert_eq!((told.len(), gone), (3, 2));
    }
}
