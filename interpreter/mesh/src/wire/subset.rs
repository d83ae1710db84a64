//! A subset at run time: its endpoints, as its addresses and the names in them lead to at present.

use super::{
    endpoint::Endpoint,
    health::{self, Check},
    resolver::{Found, Resolver, Unresolved},
    snapshot::Snapshot,
};
use crate::{
    clock::Clock,
    decide::{
        address::{Address, Place},
        balance::levels,
        endpoints::{Endpoints, Target},
        guard::{self, Said},
        tally::{Seen, Tally},
    },
    gauge,
    tls::client::Safety,
};
use flowmesh_ir::{Name, locality::Zone};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::watch, task::AbortHandle};

/// A name is not looked up more often than this, whatever its records say.
const REFRESH_MIN: Duration = Duration::from_secs(1);
/// A name is looked up at least this often.
const REFRESH_MAX: Duration = Duration::from_secs(300);
/// How long to wait after a look-up that failed; doubled each time up to the longest.
const FAILED_MIN: Duration = Duration::from_millis(500);
const FAILED_MAX: Duration = Duration::from_secs(10);

/// A subset at run time.
pub(crate) struct Subset {
    /// `v1`, or empty.
    pub(crate) name: Name,
    /// How many endpoints were picked.
    pub(crate) turn: AtomicU64,
    /// How it did of late.
    tally: Mutex<Tally>,
    clock: Clock,
    addresses: Vec<Address>,
    /// Where what they lead to stands.
    places: Standing,
    /// Who says the hosts in them.
    said: Said,
    /// How its endpoints are asked how they are, if they are.
    check: Option<Arc<Check>>,
    safety: Safety,
    /// All attempts that were made here.
    counted: Arc<gauge::Tally>,
    known: Mutex<Known>,
    /// Published as a whole, so that a call takes one brief lock and no more.
    snapshot: RwLock<Arc<Snapshot>>,
    /// Says that something was learned.
    news: watch::Sender<()>,
    watching: AtomicBool,
    watchers: Mutex<Vec<AbortHandle>>,
}

/// Where what the addresses of a subset lead to stands, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    /// In which zone; nothing where nobody says it.
    zones: Vec<Zone>,
    /// How far away that is; nothing where none is nearer than another.
    levels: Vec<u8>,
}

impl Standing {
    /// As seen from `here`.
    pub(crate) fn new(zones: &[Zone], here: Option<&Zone>) -> Self {
        Self {
            zones: zones.to_vec(),
            levels: levels(here, zones),
        }
    }
}

struct Known {
    endpoints: Endpoints<Endpoint>,
    /// For each address what its last look-up said; `None` before the first.
    reports: Vec<Option<Result<(), Unresolved>>>,
}

impl Subset {
    /// An attempt ended here, in `took` if it was answered.
    pub(crate) fn note(&self, now: Duration, failed: bool, took: Option<Duration>) {
        self.tally().note(now, failed, took);
    }

    /// How it did within the last time.
    pub(crate) fn seen(&self, last: Duration) -> Seen {
        self.tally().seen(self.clock.now(), last)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Knows the endpoints that need no look-up.
    pub(crate) fn new(
        name: Name,
        (addresses, said, places): (Vec<Address>, Said, Standing),
        clock: Clock,
        (check, safety, counted): (Option<Arc<Check>>, Safety, Arc<gauge::Tally>),
    ) -> Self {
        let reports = addresses.iter().map(|_| None).collect();
        let subset = Self {
            name,
            turn: AtomicU64::new(0),
            tally: Mutex::default(),
            clock,
            check,
            safety,
            counted,
            known: Mutex::new(Known {
                endpoints: Endpoints::default(),
                reports,
            }),
            snapshot: RwLock::default(),
            news: watch::Sender::new(()),
            watching: AtomicBool::new(false),
            watchers: Mutex::default(),
            addresses,
            places,
            said,
        };
        for (at, address) in subset.addresses.iter().enumerate() {
            if let Place::Fixed {
                address,
                otherwise,
                host,
            } = &address.place
            {
                let host = Arc::from(host.as_str());
                let target = Target {
                    address: *address,
                    otherwise: *otherwise,
                    host,
                    priority: 0,
                    weight: 1,
                };
                subset.learn(at, Ok(&[target]));
            }
        }
        subset
    }

    /// The endpoints, once there is one; or why there is none. Names are watched from the first call on, and endpoints
    /// asked how they are.
    pub(crate) async fn endpoints(
        self: &Arc<Self>,
        resolver: &Arc<dyn Resolver>,
    ) -> Result<Arc<Snapshot>, String> {
        if !self.watching.load(Ordering::Relaxed) {
            self.watch(resolver);
        }
        let snapshot = self.snapshot();
        match snapshot.is_empty() {
            false => Ok(snapshot),
            // Apart, so that others do not carry room for it along.
            true => Box::pin(self.first()).await,
        }
    }

    /// Waits for the first endpoint.
    async fn first(&self) -> Result<Arc<Snapshot>, String> {
        let mut news = self.news.subscribe();
        loop {
            let snapshot = self.snapshot();
            if !snapshot.is_empty() {
                return Ok(snapshot);
            }
            if let Some(why) = self.nothing() {
                return Err(why);
            }
            if news.changed().await.is_err() {
                return Err("the mesh is shutting down".to_owned());
            }
        }
    }

    /// The endpoints that are known.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Why there is no endpoint, once every look-up has been made.
    fn nothing(&self) -> Option<String> {
        let known = self.known();
        let mut reasons = Vec::new();
        for report in &known.reports {
            if let Err(why) = report.as_ref()? {
                reasons.push(why.to_string());
            }
        }
        Some(reasons.join("; "))
    }

    fn watch(self: &Arc<Self>, resolver: &Arc<dyn Resolver>) {
        if self.watching.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut watchers = self.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, address) in self.addresses.iter().enumerate() {
            if matches!(address.place, Place::Fixed { .. }) {
                continue;
            }
            let task = watch(Arc::downgrade(self), at, address.place.clone(), resolver.clone());
            watchers.push(tokio::spawn(task).abort_handle());
        }
        if let Some(check) = &self.check {
            let task = health::watch(Arc::downgrade(self), check.clone(), self.news.subscribe());
            watchers.push(tokio::spawn(task).abort_handle());
        }
    }

    /// Takes note of what the address with this number led to.
    fn learn(&self, at: usize, found: Result<&[Target], Unresolved>) {
        let now = self.clock.now();
        let address = self.addresses.get(at);
        let base = address.map_or("", |address| &address.base);
        let tls = self.safety.of(address.is_some_and(|address| address.secure));
        let mut known = self.known();
        let report = match found {
            Ok(targets) => {
                known.endpoints.update(at, targets, |target| {
                    let zone = self.places.zones.get(at).cloned();
                    Endpoint::new(target, (base, zone), (tls.clone(), self.counted.clone()), now)
                });
                Ok(())
            }
            Err(why) => Err(why),
        };
        if let Some(place) = known.reports.get_mut(at) {
            *place = Some(report);
        }
        let members = known.endpoints.members();
        // Tables are made anew for another snapshot, and most look-ups find what the last one did.
        if !self.snapshot().is_of(&members) {
            let snapshot = Snapshot::new(members, &self.places.levels);
            *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
        }
        drop(known);
        self.news.send_replace(());
    }

    /// What each address gets by these weights; nothing where they are not those of this subset.
    pub(crate) fn weights<'w>(&self, weights: &'w [u32]) -> &'w [u32] {
        match weights.len() == self.addresses.len() {
            true => weights,
            false => &[],
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Subset {
    fn drop(&mut self) {
        let watchers = self.watchers.get_mut().unwrap_or_else(PoisonError::into_inner);
        watchers.iter().for_each(AbortHandle::abort);
    }
}

/// What a name leads to, without what it may not lead to. Who is connected to is who was looked at here: no name is looked
/// up a second time.
fn guarded(place: &Place, mut found: Found, said: Said) -> Result<Found, Unresolved> {
    let (Place::Name { name, .. } | Place::Service { name }) = place else {
        return Ok(found);
    };
    let mut refused = None;
    found.targets.retain_mut(|target| {
        let mut may = |address: SocketAddr| match guard::check(name, address.ip(), said) {
            Ok(()) => Some(address),
            Err(why) => {
                refused = Some(why);
                None
            }
        };
        let ways = [Some(target.address), target.otherwise].into_iter().flatten();
        let mut ways: Vec<SocketAddr> = ways.filter_map(&mut may).collect();
        target.otherwise = ways.pop();
        let address = ways.pop().or_else(|| target.otherwise.take());
        address.map(|address| target.address = address).is_some()
    });
    match refused {
        Some(why) if found.targets.is_empty() => Err(Unresolved(format!(
            "`{name}` leads to nobody who may be called: {why}"
        ))),
        Some(why) => {
            tracing::warn!(%place, %why, "an address is left out");
            Ok(found)
        }
        None => Ok(found),
    }
}

/// Looks a name up again and again, as long as the subset lives.
async fn watch(subset: Weak<Subset>, at: usize, place: Place, resolver: Arc<dyn Resolver>) {
    let mut after_failure = FAILED_MIN;
    loop {
        let found = resolver.resolve(&place).await;
        let Some(subset) = subset.upgrade() else {
            return;
        };
        let found = found.and_then(|found| guarded(&place, found, subset.said));
        let wait = match found {
            Ok(Found { targets, valid_for }) => {
                subset.learn(at, Ok(&targets));
                after_failure = FAILED_MIN;
                valid_for.clamp(REFRESH_MIN, REFRESH_MAX)
            }
            Err(why) => {
                tracing::warn!(subset = %subset.name, %place, %why, "a look-up failed; the last good answer is kept");
                subset.learn(at, Err(why));
                let wait = after_failure;
                after_failure = (wait * 2).min(FAILED_MAX);
                wait
            }
        };
        drop(subset);
        tokio::time::sleep(wait).await;
    }
}
