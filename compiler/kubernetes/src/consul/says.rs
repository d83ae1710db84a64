//! What a policy says of requests, as what stands at a route's destination.

use super::router::{Change, Destination};
use crate::{Options, constant, duration::istio as go, first_match::Again};
use flowmesh_ir::{
    Program,
    policy::{Policy, Retry, RetryOn},
};

/// What holds for some requests.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Says {
    /// But for the service.
    pub(super) destination: Destination,
    /// What comes before their path.
    pub(super) before: Option<String>,
}

/// What a policy says of requests that may be repeated or not.
pub(super) fn says(program: &Program, options: &Options<'_>, policy: &Policy, again: Again) -> Says {
    let timeout = policy.timeout;
    let retries = policy.retry.as_ref().and_then(|retry| retries(retry, again));
    let whole = match &retries {
        Some(_) => timeout.total_ms,
        None => timeout.total_ms.min(timeout.attempt_ms),
    };
    // Those that are only known later were reported.
    let known = policy.headers.iter().filter_map(|(name, value)| {
        let value = constant::text(program, options, value).ok()?;
        // The proxy puts what it knows of a request between two of these.
        Some((name.to_string(), value.replace('%', "%%")))
    });
    let set = Change { set: known.collect() };
    Says {
        destination: Destination {
            // Where nothing is said, the proxy ends a request after 15 s.
            request_timeout: Some(go(whole.max(1))),
            request_headers: Some(set).filter(|change| !change.set.is_empty()),
            ..retries.unwrap_or_default()
        },
        before: before(policy),
    }
}

/// What comes before the path.
pub(super) fn before(policy: &Policy) -> Option<String> {
    let prefix = policy.rewrite.as_ref()?.prefix.as_ref()?;
    Some(prefix.trim_end_matches('/').to_owned()).filter(|prefix| !prefix.is_empty())
}

/// Another attempt, and what is worth one; nothing where nothing is. Without a number there would be one more.
fn retries(retry: &Retry, again: Again) -> Option<Destination> {
    let mut made = Destination::default();
    for on in &retry.on {
        match (on, again) {
            (RetryOn::Connect, _) => made.retry_on.extend(["connect-failure", "refused-stream"]),
            (RetryOn::Class(5), Again::May) => made.retry_on.push("5xx"),
            (RetryOn::Status(status), Again::May) => made.retry_on_status_codes.push(*status),
            _ => {}
        }
    }
    made.num_retries = retry.attempts.saturating_sub(1);
    let any = !made.retry_on.is_empty() || !made.retry_on_status_codes.is_empty();
    (any && made.num_retries > 0).then_some(made)
}
