//! A subset at run time: its endpoints, as its addresses and the names in them lead to at present.

use super::{
    endpoint::Endpoint,
    resolver::{Found, Resolver, Unresolved},
};
use crate::{
    clock::Clock,
    decide::{
        address::{Address, Place},
        balance::Candidates,
        endpoints::{Endpoints, Member, Target},
    },
};
use flowmesh_ir::Name;
use std::{
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

/// What there is at one moment. Published as a whole, so that a call takes one brief lock and no more.
pub(crate) type Snapshot = Arc<[Member<Endpoint>]>;

/// A subset at run time.
pub(crate) struct Subset {
    /// `v1`, or empty.
    pub(crate) name: Name,
    /// How many endpoints were picked.
    pub(crate) turn: AtomicU64,
    clock: Clock,
    addresses: Vec<Address>,
    known: Mutex<Known>,
    snapshot: RwLock<Snapshot>,
    /// Says that something was learned.
    news: watch::Sender<()>,
    watching: AtomicBool,
    watchers: Mutex<Vec<AbortHandle>>,
}

struct Known {
    endpoints: Endpoints<Endpoint>,
    /// For each address what its last look-up said; `None` before the first.
    reports: Vec<Option<Result<(), Unresolved>>>,
}

impl Subset {
    /// Knows the endpoints that need no look-up.
    pub(crate) fn new(name: Name, addresses: Vec<Address>, clock: Clock) -> Self {
        let reports = addresses.iter().map(|_| None).collect();
        let subset = Self {
            name,
            turn: AtomicU64::new(0),
            clock,
            known: Mutex::new(Known {
                endpoints: Endpoints::default(),
                reports,
            }),
            snapshot: RwLock::new(Arc::new([])),
            news: watch::Sender::new(()),
            watching: AtomicBool::new(false),
            watchers: Mutex::default(),
            addresses,
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

    /// The endpoints, once there is one; or why there is none. Names are watched from the first call on.
    pub(crate) async fn endpoints(
        self: &Arc<Self>,
        resolver: &Arc<dyn Resolver>,
    ) -> Result<Snapshot, String> {
        if !self.watching.load(Ordering::Relaxed) {
            self.watch(resolver);
        }
        let snapshot = self.snapshot();
        if !snapshot.is_empty() {
            return Ok(snapshot);
        }
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

    fn snapshot(&self) -> Snapshot {
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
    }

    /// Takes note of what the address with this number led to.
    fn learn(&self, at: usize, found: Result<&[Target], Unresolved>) {
        let now = self.clock.now();
        let base = self.addresses.get(at).map_or("", |address| &address.base);
        let mut known = self.known();
        let report = match found {
            Ok(targets) => {
                known
                    .endpoints
                    .update(at, targets, |target| Endpoint::new(target, base, now));
                Ok(())
            }
            Err(why) => Err(why),
        };
        if let Some(place) = known.reports.get_mut(at) {
            *place = Some(report);
        }
        let members = Arc::from(known.endpoints.members());
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = members;
        drop(known);
        self.news.send_replace(());
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

/// Looks a name up again and again, as long as the subset lives.
async fn watch(subset: Weak<Subset>, at: usize, place: Place, resolver: Arc<dyn Resolver>) {
    let mut after_failure = FAILED_MIN;
    loop {
        let found = resolver.resolve(&place).await;
        let Some(subset) = subset.upgrade() else {
            return;
        };
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

/// The endpoints of a snapshot as the balancer sees them.
pub(crate) struct At<'s> {
    /// The snapshot.
    pub(crate) members: &'s [Member<Endpoint>],
    /// The time.
    pub(crate) now: Duration,
    /// Which of them are shut off; none where it is not said.
    pub(crate) shut: &'s [bool],
}

impl Candidates for At<'_> {
    fn count(&self) -> usize {
        self.members.len()
    }

    fn priority(&self, at: usize) -> u16 {
        self.members.get(at).map_or(u16::MAX, |member| member.priority)
    }

    fn weight(&self, at: usize) -> u32 {
        self.members.get(at).map_or(0, |member| member.weight)
    }

    fn shut(&self, at: usize) -> bool {
        self.shut.get(at).copied().unwrap_or_default()
    }

    fn failing(&self, at: usize) -> bool {
        self.members
            .get(at)
            .is_none_or(|member| member.endpoint.failing(self.now))
    }

    fn load(&self, at: usize) -> f64 {
        self.members
            .get(at)
            .map_or(f64::MAX, |member| member.endpoint.load(self.now))
    }
}
