//! Objects that are watched, each named once it can be looked up as it now is.
//!
//! After a gap the cluster lists all objects anew, page by page. The store that is asked when an object is looked at changes only
//! when the last page is there, so an object that is named with its page would be looked at as it was before the gap, and what
//! happened to it in the gap would be missed.
//!
//! Each watch that breaks is begun again after a while of its own. When the connection to the cluster breaks, all of them do, and
//! one while for all would grow with each.

use futures_util::{Stream, StreamExt, stream};
use kube::{
    Api, Resource,
    runtime::{
        Controller, WatchStreamExt,
        reflector::{Store, store},
        utils::{Backoff, ResetTimerBackoff},
        watcher::{self, Event, watcher},
    },
};
use serde::de::DeserializeOwned;
use std::{fmt::Debug, future::ready, hash::Hash, mem, time::Duration};

/// How long a watch that broke waits before it is begun again, the first time and at most.
const BREAKS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// After this long without a break, the next one counts as the first.
const CALM: Duration = Duration::from_secs(30);

/// Whoever looks at all objects of a kind.
pub(crate) fn controller<K>(api: Api<K>) -> Controller<K>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
    K::DynamicType: Default + Eq + Hash + Clone + Debug + Unpin,
{
    let events = watcher(api, watcher::Config::default()).backoff(breaks());
    let (named, reader) = named(events);
    Controller::for_stream(named, reader).trigger_backoff(Whiles::of(Duration::ZERO, Duration::ZERO))
}

/// What has to do with those that own it: whenever one of these changes or goes, its owner is looked at.
pub(crate) fn owned<K>(
    api: Api<K>,
    config: watcher::Config,
) -> impl Stream<Item = watcher::Result<K>> + Send + 'static
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    watcher(api, config).backoff(breaks()).touched_objects()
}

fn breaks() -> ResetTimerBackoff<Whiles> {
    ResetTimerBackoff::new(Whiles::of(BREAKS.0, BREAKS.1), CALM)
}

/// Each twice as long as the one before, up to the longest.
struct Whiles {
    first: Duration,
    next: Duration,
    longest: Duration,
}

impl Whiles {
    fn of(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            next: first,
            longest,
        }
    }
}

impl Iterator for Whiles {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let now = self.next;
        self.next = now.saturating_mul(2).min(self.longest);
        Some(now)
    }
}

impl Backoff for Whiles {
    fn reset(&mut self) {
        self.next = self.first;
    }
}

/// What of the events is to be looked at, and where.
fn named<K>(
    events: impl Stream<Item = watcher::Result<Event<K>>> + Send + 'static,
) -> (impl Stream<Item = watcher::Result<K>> + Send + 'static, Store<K>)
where
    K: Resource + Clone + Send + Sync + 'static,
    K::DynamicType: Default + Eq + Hash + Clone,
{
    let (reader, writer) = store();
    let named = events.reflect(writer).scan(Vec::new(), |listed, event| {
        let now = match event {
            Ok(Event::Init) => {
                listed.clear();
                Vec::new()
            }
            Ok(Event::InitApply(object)) => {
                listed.push(Ok(object));
                Vec::new()
            }
            Ok(Event::InitDone) => mem::take(listed),
            Ok(Event::Apply(object)) => vec![Ok(object)],
            Ok(Event::Delete(_)) => Vec::new(),
            Err(error) => vec![Err(error)],
        };
        ready(Some(stream::iter(now)))
    });
    (named.flatten(), reader)
}

#[cfg(test)]
mod tests {
    use super::{Whiles, named};
    use futures_util::{FutureExt, StreamExt};
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::runtime::utils::Backoff;
    use kube::{
        ResourceExt,
        runtime::{
            reflector::ObjectRef,
            watcher::{self, Event},
        },
    };
    use std::{pin::pin, time::Duration};
    use tokio::sync::mpsc;

    fn object(name: &str, version: &str) -> ConfigMap {
        let mut object = ConfigMap::default();
        object.metadata.name = Some(name.to_owned());
        object.metadata.namespace = Some("shop".to_owned());
        object.metadata.resource_version = Some(version.to_owned());
        object
    }

    #[test]
    fn what_is_listed_anew_is_named_when_it_can_be_looked_up() {
        let (send, events) = mpsc::unbounded_channel();
        let events = tokio_stream::wrappers::UnboundedReceiverStream::new(events);
        let (named, reader) = named(events);
        let mut named = pin!(named);
        let mut next = || {
            let object: ConfigMap = named.next().now_or_never()??.unwrap();
            // As whoever is told its name finds it.
            let found = reader.get(&ObjectRef::from_obj(&object))?;
            Some((found.name_any(), found.resource_version()?))
        };
        let tell = |event| send.send(Ok::<_, watcher::Error>(event)).unwrap();
        let pair = |name: &str, version: &str| Some((name.to_owned(), version.to_owned()));
        for version in ["1", "2"] {
            tell(Event::Init);
            tell(Event::InitApply(object("gone", version)));
            // The list broke off, and begins once more.
            tell(Event::Init);
            tell(Event::InitApply(object("a", version)));
            tell(Event::InitApply(object("b", version)));
            assert_eq!(next(), None, "not before the last page");
            tell(Event::InitDone);
            assert_eq!(next(), pair("a", version));
            assert_eq!(next(), pair("b", version));
            assert_eq!(next(), None);
        }
        tell(Event::Apply(object("b", "3")));
        tell(Event::Delete(object("a", "4")));
        assert_eq!(next(), pair("b", "3"));
        assert_eq!(next(), None);
    }

    #[test]
    fn whiles_double_up_to_the_longest() {
        let mut whiles = Whiles::of(Duration::from_secs(2), Duration::from_secs(5));
        let mut seconds = || whiles.next().unwrap().as_secs();
        assert_eq!([seconds(), seconds(), seconds(), seconds()], [2, 4, 5, 5]);
        whiles.reset();
        assert_eq!(whiles.next(), Some(Duration::from_secs(2)));
    }
}
