//! Requests that are answered by what is kept, where their policy says so: before any limit, since nothing is sent.
//!
//! Of those who want the same at once, one asks, and the others wait for what comes; it is read at the pace of the
//! service, whatever the pace of whoever asked. What turns out not to be kept is not waited for again for a while.

mod called;
mod visited;

use super::Mesh;
use crate::{
    decide::cache::{Asked, Head, said},
    mesh::{Flight, Found, Kept, Lead},
};
use bytes::Bytes;
use flowmesh_ir::{PolicyId, ServiceId, SubsetId, traffic::Cache};
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{AGE, CACHE_CONTROL, CONTENT_LOCATION, DATE, ETAG, EXPIRES, VARY},
};
use std::{sync::Arc, time::Duration};

/// The longest body that is kept, in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// For how long it is known of a place that what comes is not kept.
const PASSES_MAX: Duration = Duration::from_secs(10);

/// A request that what is kept may answer.
struct Seeking<'s> {
    mesh: &'s Mesh,
    rule: &'s Cache,
    /// What is asked for.
    place: Arc<str>,
    whose: Arc<str>,
    asked: Asked,
    /// What the request says, by which answers may differ.
    headers: &'s HeaderMap,
    /// How long another one's answer is waited for.
    patience: Duration,
}

/// What became of looking.
enum Sought<'s> {
    /// It is there, and so old.
    There(Arc<Kept>, Duration),
    /// The service is to be asked; if the answer is good still, by who has it.
    Ask(Option<Lead<'s>>, Option<Arc<Kept>>),
    /// The service is to be asked, and its answer is nobody's but the asker's.
    Pass,
    /// It is not there, and the service must not be asked.
    Nothing,
}

/// What is asked for: the place that an answer is kept for, and that a change at it makes worthless.
fn place(service: ServiceId, host: &str, path: &str) -> Arc<str> {
    format!("{}\n{host}\n{path}", service.0).into()
}

fn whose(policy: PolicyId, subset: SubsetId) -> String {
    format!("{} {}", policy.0, subset.0)
}

impl<'s> Seeking<'s> {
    async fn seek(&self) -> Sought<'s> {
        let mut has_waited = false;
        loop {
            let store = &self.mesh.kept;
            let now = self.mesh.clock.now();
            let request = (&self.asked, self.headers);
            let stale = match store.find(&self.place, &self.whose, request, now) {
                Found::Fresh(kept, age) => return Sought::There(kept, age),
                Found::Passes | Found::Stale(_) if self.asked.kept_only => return Sought::Nothing,
                Found::Passes => return Sought::Pass,
                Found::Stale(stale) => stale,
            };
            // What one of them is given is not for the others, or not enough for this one.
            if has_waited || self.asked.ask || self.asked.is_personal || self.asked.keep_nothing {
                return Sought::Ask(None, stale);
            }
            let mut others = match store.join(&self.flight()) {
                Flight::Lead(lead) => return Sought::Ask(Some(lead), stale),
                Flight::Wait(others) => others,
            };
            has_waited = true;
            // Ends when whoever asks is done, however that comes about.
            let _ = tokio::time::timeout(self.patience, others.changed()).await;
        }
    }

    /// What those have in common who wait for each other.
    fn flight(&self) -> Arc<str> {
        let mut key = format!("{}\n{}", self.place, self.whose);
        let names = self.rule.vary.iter().filter_map(|name| name.parse().ok());
        for name in names {
            key.push('\n');
            key.push_str(&said(self.headers, &name).unwrap_or_default());
        }
        key.into()
    }

    /// Keeps an answer.
    fn keep(&self, head: Head, body: Bytes) -> Arc<Kept> {
        let kept = Arc::new(Kept {
            head,
            body,
            whose: self.whose.clone(),
        });
        self.mesh.kept.keep(&self.place, kept.clone());
        kept
    }

    /// Takes note that an answer to what anybody may ask was not kept.
    fn pass(&self) {
        if !self.asked.is_personal && !self.asked.keep_nothing {
            let longest = PASSES_MAX.min(Duration::from_millis(self.rule.age_ms));
            let until = self.mesh.clock.now().saturating_add(longest);
            self.mesh.kept.pass(&self.place, until);
        }
    }
}

impl Mesh {
    /// What the policy of a request says about answers that are kept.
    pub(super) fn cache(&self, policy: PolicyId) -> Option<&Cache> {
        self.program.policy(policy)?.cache.as_ref()
    }
}

/// An answer of a certain age without its body.
fn aged(head: &Head, age: Duration) -> Response<()> {
    let mut answer = Response::new(());
    *answer.status_mut() = StatusCode::from_u16(head.status).unwrap_or_default();
    *answer.headers_mut() = head.headers.clone();
    answer.headers_mut().insert(AGE, HeaderValue::from(age.as_secs()));
    answer
}

/// What is said to who has the answer already (RFC 9110, 15.4.5).
fn unchanged(headers: &HeaderMap) -> Response<()> {
    const SAID: [HeaderName; 7] = [CACHE_CONTROL, CONTENT_LOCATION, DATE, ETAG, EXPIRES, VARY, AGE];
    let mut answer = Response::new(());
    *answer.status_mut() = StatusCode::NOT_MODIFIED;
    for name in SAID {
        for value in headers.get_all(&name) {
            answer.headers_mut().append(&name, value.clone());
        }
    }
    answer
}
