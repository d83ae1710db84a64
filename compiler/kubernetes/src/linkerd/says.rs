//! What a policy says of the requests of a route: annotations of the whole object, and headers.

use crate::{Options, constant, duration::linkerd};
use flowmesh_ir::{
    Program,
    policy::{Policy, Retry, RetryOn},
};
use std::collections::BTreeMap;

/// Whether requests may be sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// They may.
    May,
    /// Only where nothing of them was sent.
    Unsent,
}

/// What holds for some requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Says {
    /// Timeouts and retries, which are of a whole object.
    pub(super) annotations: BTreeMap<String, String>,
    /// Headers that they are given.
    pub(super) headers: BTreeMap<String, String>,
}

impl Says {
    /// What a policy says of requests that may be repeated or not.
    pub(super) fn of(program: &Program, options: &Options<'_>, policy: &Policy, again: Again) -> Self {
        let timeout = policy.timeout;
        let retry = policy.retry.as_ref().and_then(|retry| retries(retry, again));
        let mut annotations = BTreeMap::new();
        let mut say = |name: &str, value: String| drop(annotations.insert(name.to_owned(), value));
        let Some(retry) = retry else {
            let whole = timeout.total_ms.min(timeout.attempt_ms);
            say("timeout.linkerd.io/request", linkerd(whole));
            return Self {
                annotations,
                headers: headers(program, options, policy),
            };
        };
        say("timeout.linkerd.io/request", linkerd(timeout.total_ms));
        // The last attempt, and the body of an answer, are bound by nothing else.
        say("timeout.linkerd.io/response", linkerd(timeout.attempt_ms));
        if retry.timeout {
            say("retry.linkerd.io/timeout", linkerd(timeout.attempt_ms));
        }
        say("retry.linkerd.io/limit", retry.more.to_string());
        if !retry.statuses.is_empty() {
            say("retry.linkerd.io/http", retry.statuses.join(","));
        }
        Self {
            annotations,
            headers: headers(program, options, policy),
        }
    }
}

/// Retries as Linkerd has them.
struct Retries {
    more: u16,
    statuses: Vec<String>,
    /// Whether an attempt that takes too long is worth another one.
    timeout: bool,
}

/// What is worth another attempt; nothing where nothing is.
fn retries(retry: &Retry, again: Again) -> Option<Retries> {
    let on = |what: &RetryOn| retry.on.contains(what);
    let status = |what: &RetryOn| match what {
        RetryOn::Class(5) => Some("5xx".to_owned()),
        RetryOn::Class(class) => Some(format!("{class}00-{class}99")),
        RetryOn::Status(status) => Some(status.to_string()),
        RetryOn::Connect | RetryOn::Timeout | RetryOn::Error(_) => None,
    };
    // What was never sent is repeated whatever is said, once a limit is.
    let sent = again == Again::May;
    let statuses: Vec<String> = match sent {
        true => retry.on.iter().filter_map(status).collect(),
        false => Vec::new(),
    };
    let timeout = sent && on(&RetryOn::Timeout);
    let more = u16::try_from(retry.attempts.saturating_sub(1)).unwrap_or(u16::MAX);
    let any = !statuses.is_empty() || timeout || on(&RetryOn::Connect);
    (more > 0 && any).then_some(Retries {
        more,
        statuses,
        timeout,
    })
}

/// The headers that are known before; the others were reported.
fn headers(program: &Program, options: &Options<'_>, policy: &Policy) -> BTreeMap<String, String> {
    let known = policy.headers.iter().filter_map(|(name, value)| {
        let value = constant::text(program, options, value).ok()?;
        Some((name.to_string(), value))
    });
    known.collect()
}
