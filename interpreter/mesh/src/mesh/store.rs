//! The answers that are kept, within a number of bytes: what was not asked for since its last turn is let go of first.

use crate::decide::cache::{Asked, Head};
use bytes::Bytes;
use http::HeaderMap;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::watch;

/// What an answer costs beside its bytes, and a place beside its answers.
const OVERHEAD: usize = 256;
/// So many answers are kept of one place; strangers choose by which headers they differ.
const KINDS_MAX: usize = 16;

/// The answers that are kept.
pub(crate) struct Store {
    state: Mutex<State>,
    /// The most bytes.
    most: usize,
}

/// An answer that is kept.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) head: Head,
    pub(crate) body: Bytes,
    /// For which requests of its place, beside what their headers say: those under one policy, to one subset.
    pub(crate) whose: Arc<str>,
}

/// What is there for a request.
#[derive(Debug)]
pub(crate) enum Found {
    /// An answer of this age that is good.
    Fresh(Arc<Kept>, Duration),
    /// None; perhaps one that the service can say is good.
    Stale(Option<Arc<Kept>>),
    /// None, and there will be none: what comes is not kept.
    Passes,
}

/// Who asks a service for an answer that others wait for.
pub(crate) enum Flight<'s> {
    /// This one; they are told when it is dropped.
    Lead(Lead<'s>),
    /// Another one.
    Wait(watch::Receiver<()>),
}

/// Asks for others, who are told when it is dropped.
pub(crate) struct Lead<'s>(&'s Store, Arc<str>);

#[derive(Default)]
struct State {
    places: HashMap<Arc<str>, Place>,
    /// Each place once, that which has waited longest for its turn first.
    turns: VecDeque<Arc<str>>,
    bytes: usize,
    flights: HashMap<Arc<str>, watch::Sender<()>>,
}

#[derive(Default)]
struct Place {
    kept: Vec<Arc<Kept>>,
    /// Until then, what comes is known not to be kept.
    passes: Duration,
    bytes: usize,
    /// Whether it was asked for since its last turn.
    is_used: bool,
}

impl Kept {
    fn bytes(&self) -> usize {
        let headers = self.head.headers.iter();
        let headers = headers.map(|(name, value)| name.as_str().len().saturating_add(value.len()));
        headers
            .fold(self.body.len(), usize::saturating_add)
            .saturating_add(OVERHEAD)
    }
}

impl Store {
    /// Keeps so many bytes at the most.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            state: Mutex::default(),
            most,
        }
    }

    /// What is there.
    pub(crate) fn find(
        &self,
        place: &str,
        whose: &str,
        (asked, request): (&Asked, &HeaderMap),
        now: Duration,
    ) -> Found {
        let mut state = self.state();
        let Some(place) = state.places.get_mut(place) else {
            return Found::Stale(None);
        };
        let mut all = place.kept.iter();
        let fits = |kept: &&Arc<Kept>| *kept.whose == *whose && kept.head.is_for(asked, request);
        match all.find(fits) {
            Some(kept) => {
                place.is_used = true;
                match kept.head.fresh(asked, now) {
                    Some(age) => Found::Fresh(kept.clone(), age),
                    None => Found::Stale(Some(kept.clone())),
                }
            }
            None if now < place.passes => Found::Passes,
            None => Found::Stale(None),
        }
    }

    /// Keeps an answer in the place of one of its kind.
    pub(crate) fn keep(&self, place: &Arc<str>, kept: Arc<Kept>) {
        self.change(place, |known| {
            known.passes = Duration::ZERO;
            let same = |other: &Arc<Kept>| other.whose == kept.whose && other.head.is_of_kind(&kept.head);
            known.kept.retain(|other| !same(other));
            if known.kept.len() >= KINDS_MAX {
                known.kept.remove(0);
            }
            known.kept.push(kept);
        });
    }

    /// Takes note that what comes for a place is not kept.
    pub(crate) fn pass(&self, place: &Arc<str>, until: Duration) {
        self.change(place, |known| known.passes = until);
    }

    /// Lets go of all that is kept of a place.
    pub(crate) fn forget(&self, place: &Arc<str>) {
        if self.state().places.contains_key(place) {
            self.change(place, |known| known.kept.clear());
        }
    }

    /// Asks for others, or waits for who does.
    pub(crate) fn join(&self, key: &Arc<str>) -> Flight<'_> {
        let mut state = self.state();
        if let Some(flight) = state.flights.get(key) {
            return Flight::Wait(flight.subscribe());
        }
        state.flights.insert(key.clone(), watch::Sender::new(()));
        Flight::Lead(Lead(self, key.clone()))
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.state().bytes
    }

    fn change(&self, key: &Arc<str>, change: impl FnOnce(&mut Place)) {
        let mut state = self.state();
        if !state.places.contains_key(key) {
            state.turns.push_back(key.clone());
        }
        let place = state.places.entry(key.clone()).or_default();
        change(place);
        let kept = place.kept.iter().map(|kept| kept.bytes());
        let bytes = kept.fold(key.len().saturating_add(OVERHEAD), usize::saturating_add);
        let before = std::mem::replace(&mut place.bytes, bytes);
        state.bytes = state.bytes.saturating_add(bytes).saturating_sub(before);
        state.shrink(self.most);
    }

    /// A panic elsewhere cannot leave more than an answer too many.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Lets go of as much as is too much, and of no more. Who was asked for gets another turn: a clock with one hand.
    fn shrink(&mut self, most: usize) {
        while self.bytes > most {
            let Some(key) = self.turns.pop_front() else {
                return;
            };
            match self.places.get_mut(&key) {
                Some(place) if place.is_used => {
                    place.is_used = false;
                    self.turns.push_back(key);
                }
                Some(place) => {
                    self.bytes = self.bytes.saturating_sub(place.bytes);
                    self.places.remove(&key);
                }
                None => {}
            }
        }
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        self.0.state().flights.remove(&self.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::cache::When;
    use flowmesh_ir::traffic::Cache;
    use jiff::Timestamp;

    fn kept(bytes: usize, tenant: &str) -> Arc<Kept> {
        let rule = Cache {
            age_ms: 10_000,
            vary: vec!["x-tenant".to_owned()],
        };
        let when = When {
            sent: Duration::ZERO,
            came: Duration::ZERO,
            wall: Timestamp::UNIX_EPOCH,
        };
        let request = request(tenant);
        let head = Head::new(&rule, &Asked::default(), &request, (200, HeaderMap::new()), when);
        Arc::new(Kept {
            head: head.unwrap(),
            body: Bytes::from(vec![b'x'; bytes]),
            whose: "".into(),
        })
    }

    fn request(tenant: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-tenant", tenant.parse().unwrap());
        headers
    }

    fn is_there(store: &Store, place: &str, tenant: &str) -> bool {
        let found = store.find(place, "", (&Asked::default(), &request(tenant)), Duration::ZERO);
        matches!(found, Found::Fresh(..))
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for_and_what_is_asked_for_stays() {
        let store = Store::new(10_000);
        for at in 0..100 {
            store.keep(&format!("/{at}").into(), kept(1_000, "a"));
            assert!(store.bytes() <= 10_000);
            // The first is asked for all the time.
            assert!(is_there(&store, "/0", "a"), "{at}");
        }
        let there = (0..100).filter(|at| is_there(&store, &format!("/{at}"), "a"));
        let there: Vec<_> = there.collect();
        // Each with its overhead; the newest, beside the first.
        assert_eq!(there, [0, 95, 96, 97, 98, 99]);
    }

    #[test]
    fn of_one_kind_the_newest_is_kept_and_of_a_place_only_so_many_kinds() {
        let store = Store::new(1_000_000);
        let place: Arc<str> = "/".into();
        store.keep(&place, kept(10, "a"));
        let before = store.bytes();
        store.keep(&place, kept(10, "a"));
        assert_eq!(store.bytes(), before);
        for at in 0..KINDS_MAX {
            store.keep(&place, kept(10, &at.to_string()));
        }
        assert!(!is_there(&store, "/", "a") && is_there(&store, "/", "0"));
        store.forget(&place);
        assert!(!is_there(&store, "/", "0"));
        assert!(store.bytes() < 2 * OVERHEAD);
    }

    #[test]
    fn one_asks_and_the_others_are_told_when_it_is_done() {
        let store = Store::new(1_000);
        let key: Arc<str> = "/".into();
        let lead = store.join(&key);
        assert!(matches!(lead, Flight::Lead(_)));
        let Flight::Wait(mut other) = store.join(&key) else {
            panic!("two ask");
        };
        assert!(other.has_changed().is_ok());
        drop(lead);
        assert!(other.has_changed().is_err());
        other.mark_unchanged();
        assert!(matches!(store.join(&key), Flight::Lead(_)));
    }

    #[test]
    fn what_is_not_kept_is_not_waited_for_a_while() {
        let store = Store::new(1_000);
        store.pass(&"/".into(), Duration::from_secs(5));
        let find = |second| {
            let now = Duration::from_secs(second);
            store.find("/", "", (&Asked::default(), &HeaderMap::new()), now)
        };
        assert!(matches!(find(4), Found::Passes));
        assert!(matches!(find(5), Found::Stale(None)));
    }
}
