//! What was done with keys of those who did it, as far as a repeat of it needs to be known: bounded in number and time.

use crate::{
    RunId,
    store::{Act, ActKey, KeptAct},
};
use flowmesh_ir::{Hash, Name};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// For so long a key is known.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// So many are known of a namespace, and of all together; of more, the oldest are forgotten.
const OF_NAMESPACE_MAX: usize = 200_000;
const ALL_MAX: usize = 500_000;

/// What is known by keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Acts {
    known: BTreeMap<ActKey, Known>,
    /// The oldest first, of all and of each namespace.
    order: BTreeSet<(Timestamp, ActKey)>,
    of: BTreeMap<Name, BTreeSet<(Timestamp, ActKey)>>,
    /// What the index does not know yet.
    untold: BTreeMap<ActKey, Option<KeptAct>>,
}

/// What is known by one. What was answered is in the index alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) print: Hash,
    pub(super) at: Timestamp,
    pub(super) run: Option<RunId>,
    /// Not needed any more once there is an answer.
    pub(super) said: Arc<[u8]>,
    pub(super) answered: bool,
}

/// The key was used for something else.
#[derive(Debug)]
pub(super) struct Other;

impl Acts {
    /// What is known of a request, or of a part of one; by the whole and its other parts it is seen that it is the same.
    pub(super) fn find(&self, key: &ActKey, print: Hash, now: Timestamp) -> Result<Option<&Known>, Other> {
        let fresh = |known: &&Known| now.duration_since(known.at) < KEPT;
        if self
            .first(key)
            .filter(fresh)
            .is_some_and(|first| first.print != print)
        {
            return Err(Other);
        }
        Ok(self.known.get(key).filter(fresh))
    }

    /// The time of the first of what was done with a key, if that is known: all parts of it have the same.
    pub(super) fn since(&self, key: &ActKey, now: Timestamp) -> Timestamp {
        let first = self.first(key).map(|first| first.at);
        first.filter(|at| now.duration_since(*at) < KEPT).unwrap_or(now)
    }

    fn first(&self, key: &ActKey) -> Option<&Known> {
        let whole = key.whole();
        let mut from = self.known.range(&whole..);
        let first = from.next().filter(|(first, _)| first.whole() == whole);
        first.map(|(_, known)| known)
    }

    /// Takes note of an act, now or when the journal is read again. `false` where something later is known.
    pub(super) fn note(&mut self, act: &Act) -> bool {
        let before = self.known.get(&act.key);
        let later = |before: &Known| {
            before.at > act.at || before.at == act.at && before.answered && act.answer.is_none()
        };
        if before.is_some_and(later) {
            return false;
        }
        if let Some(before) = before.map(|before| before.at) {
            self.drop_order(before, &act.key);
        }
        let answered = act.answer.is_some();
        let said = if answered {
            Arc::from([])
        } else {
            Arc::clone(&act.said)
        };
        let (print, at, run) = (act.print, act.at, act.run);
        let known = Known {
            print,
            at,
            run,
            said,
            answered,
        };
        self.known.insert(act.key.clone(), known);
        self.order.insert((at, act.key.clone()));
        let namespace = act.key.namespace.clone();
        self.of
            .entry(namespace)
            .or_default()
            .insert((at, act.key.clone()));
        if answered {
            self.drop_parts(&act.key);
        }
        true
    }

    /// Whatever was done with a request is in its answer.
    fn drop_parts(&mut self, whole: &ActKey) {
        let is_part = |key: &&ActKey| key.whole() == *whole;
        let behind = self.known.range(whole..).map(|(key, _)| key).skip(1);
        let parts: Vec<ActKey> = behind.take_while(is_part).cloned().collect();
        parts.iter().for_each(|part| self.forget(part));
    }

    /// An act lies in the journal: the index is told, unless something later is known by now.
    pub(super) fn tell(&mut self, kept: KeptAct) {
        let key = kept.act.key.clone();
        let known = self.known.get(&key);
        if known.is_some_and(|known| known.at == kept.act.at && known.answered == kept.act.answer.is_some()) {
            self.untold.insert(key, Some(kept));
        }
    }

    /// What the index is to be told.
    pub(super) fn take_untold(&mut self) -> Vec<(ActKey, Option<KeptAct>)> {
        std::mem::take(&mut self.untold).into_iter().collect()
    }

    pub(super) fn is_told(&self) -> bool {
        self.untold.is_empty()
    }

    /// Forgets what is too old, and the oldest of what is too much.
    pub(super) fn expire(&mut self, now: Timestamp) {
        while let Some((at, key)) = self.order.first()
            && (now.duration_since(*at) >= KEPT || self.order.len() > ALL_MAX)
        {
            let key = key.clone();
            self.forget(&key);
        }
    }

    /// The same of one namespace.
    pub(super) fn bound(&mut self, namespace: &Name) {
        while let Some(of) = self.of.get(namespace)
            && of.len() > OF_NAMESPACE_MAX
            && let Some((_, key)) = of.first().cloned()
        {
            self.forget(&key);
        }
    }

    /// As if it had not been done.
    pub(super) fn forget(&mut self, key: &ActKey) {
        if let Some(known) = self.known.remove(key) {
            self.drop_order(known.at, key);
            self.untold.insert(key.clone(), None);
        }
    }

    fn drop_order(&mut self, at: Timestamp, key: &ActKey) {
        let entry = (at, key.clone());
        self.order.remove(&entry);
        if let Some(of) = self.of.get_mut(&key.namespace) {
            of.remove(&entry);
            if of.is_empty() {
                self.of.remove(&key.namespace);
            }
        }
    }

    /// Everything that is known, for comparison.
    pub(super) fn all(&self) -> impl Iterator<Item = (&ActKey, &Known)> {
        self.known.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(key: &str, at: i64, part: Option<u128>) -> Act {
        Act {
            key: ActKey {
                namespace: Name::default(),
                who: "ann".into(),
                key: key.into(),
                part: part.map(RunId),
            },
            print: Hash([1; 32]),
            at: Timestamp::from_second(at).unwrap(),
            run: None,
            said: Arc::from([]),
            answer: None,
        }
    }

    #[test]
    fn a_key_is_known_for_a_day_and_for_one_request() {
        let (mut acts, one) = (Acts::default(), act("a", 0, None));
        assert!(acts.note(&one));
        let at = |hours: i64| Timestamp::from_second(hours * 3600).unwrap();
        assert!(acts.find(&one.key, one.print, at(23)).unwrap().is_some());
        assert!(acts.find(&one.key, Hash([2; 32]), at(23)).is_err());
        assert!(acts.find(&one.key, Hash([2; 32]), at(24)).unwrap().is_none());
        acts.expire(at(24));
        assert_eq!((acts.all().count(), acts.take_untold().len()), (0, 1));
    }

    #[test]
    fn parts_go_when_the_whole_is_answered() {
        let mut acts = Acts::default();
        for part in 1..=3 {
            acts.note(&act("a", 5, Some(part)));
        }
        acts.note(&act("b", 5, Some(1)));
        let whole = act("a", 9, None);
        assert_eq!(acts.since(&whole.key, whole.at), act("a", 5, None).at);
        assert!(acts.find(&whole.key, Hash([2; 32]), whole.at).is_err());
        let answered = Act {
            answer: Some(Arc::from(*b"yes")),
            ..act("a", 5, None)
        };
        acts.note(&answered);
        let left: Vec<_> = acts.all().map(|(key, _)| (&*key.key, key.part)).collect();
        assert_eq!(left, [("a", None), ("b", Some(RunId(1)))]);
        assert!(
            !acts.note(&act("a", 5, None)),
            "the answer holds, wherever it was written"
        );
        assert!(
            acts.find(&whole.key, whole.print, whole.at)
                .unwrap()
                .unwrap()
                .answered
        );
    }

    #[test]
    fn of_too_many_the_oldest_go() {
        let mut acts = Acts::default();
        for at in 0..=i64::try_from(OF_NAMESPACE_MAX).unwrap() {
            acts.note(&act(&at.to_string(), at, None));
        }
        acts.bound(&Name::default());
        assert_eq!(acts.all().count(), OF_NAMESPACE_MAX);
        assert!(!acts.known.contains_key(&act("0", 0, None).key));
        assert!(acts.known.contains_key(&act("1", 0, None).key));
    }
}
