//! What a policy says of the requests of a route.

use super::virtual_service::{
    Abort, Change, Cors, Delay, Destination, Fault, Headers, HttpRoute, Mirror, Percent, Port, RegexRewrite,
    Retries, Rewrite, Text,
};
use crate::{
    Options,
    address::ServicePort,
    constant,
    duration::istio,
    first_match::{Again, IDEMPOTENT},
};
use flowmesh_ir::{
    Program,
    policy::{Policy, Retry, RetryOn},
    traffic,
};
use std::collections::BTreeMap;

/// What a policy says of requests that may be repeated or not; copies go where `mirrored` says.
pub(super) fn settings(
    program: &Program,
    options: &Options<'_>,
    policy: &Policy,
    again: Again,
    mirrored: impl Fn(traffic::Onward) -> Option<ServicePort>,
) -> HttpRoute {
    let timeout = policy.timeout;
    let retries = policy
        .retry
        .as_ref()
        .and_then(|retry| retries(retry, timeout.attempt_ms, again));
    let whole = match &retries {
        Some(_) => timeout.total_ms,
        None => timeout.total_ms.min(timeout.attempt_ms),
    };
    let copied = policy
        .mirror
        .filter(|mirror| mirror.writes || again == Again::May);
    let mirror = copied.and_then(|mirror| {
        Some(Mirror {
            destination: destination(&mirrored(mirror.to)?),
            percentage: Percent::of(mirror.percent),
        })
    });
    HttpRoute {
        timeout: Some(istio(whole)),
        retries: Some(retries.unwrap_or_else(Retries::none)),
        fault: policy.fault.as_ref().map(fault),
        mirrors: mirror.into_iter().collect(),
        headers: headers(program, options, policy),
        rewrite: policy.rewrite.as_ref().map(rewritten),
        cors_policy: policy.cors.as_ref().map(cors),
        ..HttpRoute::default()
    }
}

/// A Service as a place to send to.
pub(super) fn destination(place: &ServicePort) -> Destination {
    Destination {
        host: place.host(),
        port: Port { number: place.port },
    }
}

/// The words for what is worth another attempt; nothing where nothing is.
fn retries(retry: &Retry, attempt_ms: u64, again: Again) -> Option<Retries> {
    let word = |on: &RetryOn| match (on, again) {
        (RetryOn::Connect, _) => Some("connect-failure,refused-stream".to_owned()),
        (_, Again::Unsent) | (RetryOn::Error(_), _) => None,
        (RetryOn::Timeout, _) => Some("reset".to_owned()),
        (RetryOn::Class(5), _) => Some("5xx".to_owned()),
        (RetryOn::Class(_), _) => None,
        (RetryOn::Status(status), _) => Some(status.to_string()),
    };
    let on: Vec<String> = retry.on.iter().filter_map(word).collect();
    let more = retry.attempts.saturating_sub(1);
    (more > 0 && !on.is_empty()).then(|| Retries {
        attempts: more,
        per_try_timeout: Some(istio(attempt_ms)),
        retry_on: Some(on.join(",")),
        backoff: Some(istio(retry.backoff.base_ms.max(1))),
    })
}

fn fault(fault: &traffic::Fault) -> Fault {
    Fault {
        delay: fault.delay_ms.map(|ms| Delay::new(ms, fault.percent)),
        abort: fault.status.map(|status| Abort {
            http_status: status,
            percentage: Percent::of(fault.percent),
        }),
    }
}

/// The headers that are known before; the others were reported.
fn headers(program: &Program, options: &Options<'_>, policy: &Policy) -> Option<Headers> {
    let known = policy.headers.iter().filter_map(|(name, value)| {
        let value = constant::text(program, options, value).ok()?;
        Some((name.to_string(), value))
    });
    let set: BTreeMap<String, String> = known.collect();
    (!set.is_empty()).then_some(Headers {
        request: Change { set },
    })
}

/// What stands before the path.
fn rewritten(rewrite: &traffic::Rewrite) -> Rewrite {
    let before = |prefix: &String| replaced("^/", &format!("{}/", prefix.trim_end_matches('/')));
    Rewrite {
        authority: rewrite.host.clone(),
        uri_regex_rewrite: rewrite.prefix.as_ref().map(before),
    }
}

/// Something instead of what a regular expression finds.
pub(super) fn replaced(of: &str, by: &str) -> RegexRewrite {
    RegexRewrite {
        of: of.to_owned(),
        // A backslash would name a part of the match.
        rewrite: by.replace('\\', r"\\"),
    }
}

/// Which pages of browsers may ask.
pub(super) fn cors(cors: &traffic::Cors) -> Cors {
    let origin = |origin: &String| match origin.as_str() {
        "*" => Text::Regex(".*".to_owned()),
        origin => Text::Exact(origin.to_owned()),
    };
    Cors {
        allow_origins: cors.origins.iter().map(origin).collect(),
        allow_methods: match cors.methods.as_slice() {
            // Nothing would be none there.
            [] => METHODS.map(str::to_owned).to_vec(),
            methods => methods.to_vec(),
        },
        allow_headers: cors.headers.clone(),
        allow_credentials: cors.credentials,
        max_age: cors.age_ms.map(istio),
    }
}

/// All that gateways take.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// All methods by which requests may be repeated.
pub(super) fn idempotent() -> Text {
    Text::Regex(IDEMPOTENT.join("|"))
}
