//! A double of the API server of Kubernetes, over HTTP: objects with versions, watches with bookmarks, server-side apply by
//! field managers, the status subresource, finalizers and owners. What it holds to is what the documentation of Kubernetes says;
//! what no operator here needs is not there.

mod apply;
mod http;
mod kinds;
mod store;

pub(crate) use http::{Door, serve};
use kinds::Kind;

use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use store::{Change, Store};
use tokio::sync::watch;

/// The longest that a test waits for anything.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// What every test and every request can reach.
#[derive(Clone)]
pub(crate) struct Double {
    store: Arc<Mutex<Store>>,
    /// The version, for those who wait for the next.
    changed: Arc<watch::Sender<u64>>,
    /// How often all watches were cut.
    cuts: Arc<watch::Sender<u64>>,
}

impl Double {
    pub(crate) fn new() -> Self {
        Self {
            store: Arc::new(Mutex::new(Store::new())),
            changed: Arc::new(watch::channel(0).0),
            cuts: Arc::new(watch::channel(0).0),
        }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap()
    }

    /// Does something with all objects, and tells whoever watches.
    fn with<T>(&self, act: impl FnOnce(&mut Store) -> T) -> T {
        let mut store = self.store();
        let done = act(&mut store);
        let version = store.version;
        drop(store);
        self.changed.send_replace(version);
        done
    }

    /// An object, if it is there.
    pub(crate) fn get(&self, kind: &str, name: &str) -> Option<Value> {
        self.store().find(Kind::named(kind), "shop", name)
    }

    /// All of a kind.
    pub(crate) fn all(&self, kind: &str) -> Vec<Value> {
        self.store().list(Kind::named(kind), None)
    }

    /// Makes an object as somebody with `kubectl create` would.
    pub(crate) fn create(&self, kind: &str, name: &str, rest: &Value) -> Value {
        let kind = Kind::named(kind);
        let mut object = json!({
            "apiVersion": kind.api_version(), "kind": kind.kind,
            "metadata": { "name": name, "namespace": "shop" },
        });
        apply::merge(&mut object, rest);
        self.with(|store| store.create(kind, "shop", object, "kubectl"))
            .unwrap()
    }

    /// Changes one as somebody with `kubectl patch` would.
    pub(crate) fn patch(&self, kind: &str, name: &str, patch: &Value) -> Value {
        let change = Change::Merge(patch.clone());
        self.with(|store| store.change(Kind::named(kind), ("shop", name), change, "kubectl"))
            .unwrap()
    }

    /// Sets its status as a controller of the cluster would.
    pub(crate) fn status(&self, kind: &str, name: &str, status: &Value) {
        let change = Change::Status(status.clone());
        self.with(|store| store.change(Kind::named(kind), ("shop", name), change, "cluster"))
            .unwrap();
    }

    /// Deletes one as somebody with `kubectl delete --wait=false` would.
    pub(crate) fn delete(&self, kind: &str, name: &str) {
        self.with(|store| store.delete(Kind::named(kind), ("shop", name), None))
            .unwrap();
    }

    /// Forgets what happened: whoever watches from before is told that it is gone.
    pub(crate) fn forget(&self) {
        self.with(Store::forget);
    }

    /// From now on a kind does not have a field, as in an older cluster.
    pub(crate) fn lacks(&self, kind: &str, place: &str) {
        let lacking = (Kind::named(kind), place.to_owned());
        self.with(|store| store.lacking.push(lacking));
    }

    /// Cuts all watches.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// What was asked for so far that changes something: verb and path. Whoever replaces what it read and finds that it came late
    /// changes nothing, and it cannot know: what it wrote itself a moment before may not have come back to it.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.store().writes.clone()
    }

    /// How many requests of these words there were.
    pub(crate) fn asked(&self, words: &str) -> usize {
        self.store()
            .requests
            .iter()
            .filter(|it| it.contains(words))
            .count()
    }

    /// The version of everything.
    pub(crate) fn version(&self) -> u64 {
        self.store().version
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, what: &str, so: impl Fn(&Self) -> bool) {
        let mut changed = self.changed.subscribe();
        let waiting = async {
            while !so(self) {
                // Some of what is waited for is no change of an object.
                let _ = tokio::time::timeout(Duration::from_millis(100), changed.changed()).await;
            }
        };
        if tokio::time::timeout(LONG, waiting).await.is_err() {
            panic!(
                "never: {what}\n{:#}\n{:#?}",
                json!(self.all("Program")),
                self.writes()
            );
        }
    }

    /// Waits until an object has a condition.
    pub(crate) async fn until_condition(&self, kind: &str, name: &str, condition: &str, status: &str) {
        let what = format!("{kind} {name} is {condition}={status}");
        self.until(&what, |double| {
            double
                .condition(kind, name, condition)
                .is_some_and(|it| it["status"] == status)
        })
        .await;
    }

    /// Waits until a condition has a reason; the condition.
    pub(crate) async fn until_reason(&self, kind: &str, name: &str, condition: &str, reason: &str) -> Value {
        let what = format!("{kind} {name} has {condition} for {reason}");
        let so = |double: &Self| {
            double
                .condition(kind, name, condition)
                .filter(|it| it["reason"] == reason)
        };
        self.until(&what, |double| so(double).is_some()).await;
        so(self).unwrap_or_default()
    }

    pub(crate) fn condition(&self, kind: &str, name: &str, condition: &str) -> Option<Value> {
        let object = self.get(kind, name)?;
        let all = object["status"]["conditions"].as_array()?.clone();
        all.into_iter().find(|it| it["type"] == condition)
    }
}
