//! What a policy says of the requests of a rule.

use crate::{
    Options, constant,
    duration::gep_2257,
    http_route::{
        Changes, CookieConfig, Cors, Filter, Header, Mirror, NewPath, Retry, ServiceRef, Session, Timeouts,
    },
    matcher::Path,
};
use flowmesh_ir::{
    Program,
    policy::{self, Policy, RetryOn},
    traffic::{self, Onward},
};

/// Whether requests may be sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// They may.
    May,
    /// Only where nothing of them was sent.
    Unsent,
}

/// What holds for some requests.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Says {
    pub(super) timeouts: Option<Timeouts>,
    pub(super) retry: Option<Retry>,
    pub(super) session: Option<Session>,
    /// What is changed of all of them alike.
    pub(super) filters: Vec<Filter>,
    pub(super) host: Option<String>,
    pub(super) path: Option<Change>,
}

/// How the path of a request changes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    /// This stands before it.
    Before(String),
    /// The second stands in the place of the first.
    Instead(String, String),
}

/// Too long for Gateway API, in milliseconds.
#[derive(Debug)]
pub(super) struct TooLong;

impl Says {
    /// What a policy says of requests that may be repeated or not; copies go where `mirrored` says.
    pub(super) fn of(
        (program, options): (&Program, &Options<'_>),
        policy: &Policy,
        again: Again,
        mirrored: impl Fn(Onward) -> Option<ServiceRef>,
    ) -> Result<Self, TooLong> {
        let rewrite = policy.rewrite.clone().unwrap_or_default();
        let mut says = Self {
            timeouts: Some(timeouts(policy.timeout)?),
            retry: None,
            session: None,
            filters: headers(program, options, policy).into_iter().collect(),
            host: rewrite.host,
            path: rewrite.prefix.map(|prefix| Change::Before(trimmed(&prefix))),
        };
        let copied = policy
            .mirror
            .filter(|mirror| mirror.writes || again == Again::May);
        says.filters.extend(copied.and_then(|mirror| {
            let (backend_ref, percent) = (mirrored(mirror.to)?, mirror.percent);
            let request_mirror = Mirror { backend_ref, percent };
            Some(Filter::RequestMirror { request_mirror })
        }));
        says.filters.extend(policy.cors.as_ref().map(cors));
        if options.experimental {
            let retry = policy.retry.as_ref().filter(|_| again == Again::May);
            says.retry = retry.and_then(repeated).transpose()?;
            says.session = policy.sticky.as_ref().map(session).transpose()?;
        }
        Ok(says)
    }
}

impl Change {
    /// The path that requests by a match are given; `None` where the match has gaps.
    pub(super) fn of(&self, path: &Path) -> Option<NewPath> {
        let changed = |path: &str| match self {
            Self::Before(prefix) if path == "/" => prefix.clone(),
            Self::Before(prefix) => format!("{prefix}{path}"),
            Self::Instead(named, by) => format!("{by}{}", path.strip_prefix(named.as_str()).unwrap_or(path)),
        };
        let whole = |path: String| if path.is_empty() { "/".to_owned() } else { path };
        match path {
            Path::Exact(path) => Some(NewPath::ReplaceFullPath {
                replace_full_path: match self {
                    Self::Before(prefix) => format!("{prefix}{path}"),
                    Self::Instead(..) => whole(changed(path)),
                },
            }),
            Path::Prefix(path) => Some(NewPath::ReplacePrefixMatch {
                replace_prefix_match: whole(changed(path).trim_end_matches('/').to_owned()),
            }),
            Path::Pattern(_) => None,
        }
    }
}

/// A prefix without the slash at its end.
pub(super) fn trimmed(prefix: &str) -> String {
    prefix.trim_end_matches('/').to_owned()
}

fn timeouts(timeout: policy::Timeout) -> Result<Timeouts, TooLong> {
    // One attempt of a request never outlasts the request, and Gateway API refuses a route that says so.
    let attempt = timeout.attempt_ms.min(timeout.total_ms);
    Ok(Timeouts {
        request: gep_2257(timeout.total_ms).ok_or(TooLong)?,
        backend_request: gep_2257(attempt).ok_or(TooLong)?,
    })
}

/// The headers that are known before; the others were reported.
fn headers(program: &Program, options: &Options<'_>, policy: &Policy) -> Option<Filter> {
    let known = policy.headers.iter().filter_map(|(name, value)| {
        let value = constant::text(program, options, value).ok()?;
        let name = name.to_string();
        Some(Header { name, value })
    });
    let set: Vec<Header> = known.collect();
    (!set.is_empty()).then_some(Filter::RequestHeaderModifier {
        request_header_modifier: Changes { set },
    })
}

/// The statuses of the class 500 that are registered (RFC 9110 and the registry of IANA).
const CLASS_500: [u16; 11] = [500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511];

/// Connections that fail are always worth another attempt to Gateway API; nothing where none is to be made.
fn repeated(retry: &policy::Retry) -> Option<Result<Retry, TooLong>> {
    let attempts = retry.attempts.saturating_sub(1);
    if attempts == 0 || retry.on.is_empty() {
        return None;
    }
    let codes = retry.on.iter().flat_map(|on| match on {
        RetryOn::Class(5) => CLASS_500.to_vec(),
        RetryOn::Status(status) => vec![*status],
        RetryOn::Connect | RetryOn::Timeout | RetryOn::Class(_) | RetryOn::Error(_) => Vec::new(),
    });
    let mut codes: Vec<u16> = codes.filter(|code| (400..600).contains(code)).collect();
    codes.sort_unstable();
    codes.dedup();
    let backoff = gep_2257(retry.backoff.base_ms).ok_or(TooLong);
    Some(backoff.map(|backoff| Retry {
        codes,
        attempts,
        backoff,
    }))
}

fn session(sticky: &traffic::Sticky) -> Result<Session, TooLong> {
    let absolute_timeout = sticky.ttl_ms.map(|ms| gep_2257(ms).ok_or(TooLong)).transpose()?;
    let lifetime_type = if sticky.ttl_ms.is_some() {
        "Permanent"
    } else {
        "Session"
    };
    Ok(Session {
        session_name: sticky.cookie.clone(),
        kind: "Cookie".to_owned(),
        absolute_timeout,
        cookie_config: CookieConfig {
            lifetime_type: lifetime_type.to_owned(),
        },
    })
}

/// All that gateways take.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Which pages of browsers may ask.
pub(super) fn cors(cors: &traffic::Cors) -> Filter {
    let all = cors.origins.iter().any(|origin| origin == "*");
    let seconds = |ms: u64| ms.div_ceil(1_000).clamp(1, i32::MAX.unsigned_abs().into());
    Filter::Cors {
        cors: Cors {
            // All of them beside some is refused there.
            allow_origins: match all {
                true => vec!["*".to_owned()],
                false => cors.origins.clone(),
            },
            allow_methods: match cors.methods.as_slice() {
                // Nothing would be only those that no page asks about.
                [] => METHODS.map(str::to_owned).to_vec(),
                methods => methods.to_vec(),
            },
            allow_headers: cors.headers.clone(),
            allow_credentials: cors.credentials,
            max_age: cors.age_ms.map(seconds),
        },
    }
}

/// The methods of requests that may be repeated whatever they are for (RFC 9110, 9.2.2) and that a match can ask for.
pub(super) const IDEMPOTENT: [&str; 6] = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"];

/// Whether requests by a method may be repeated.
pub(super) fn again(method: &str) -> Again {
    match IDEMPOTENT.contains(&method) {
        true => Again::May,
        false => Again::Unsent,
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, NewPath};
    use crate::matcher::{Path, Pattern};

    #[test]
    fn paths_change_as_gateways_change_them() {
        let full = |path: &str| {
            Some(NewPath::ReplaceFullPath {
                replace_full_path: path.to_owned(),
            })
        };
        let prefix = |path: &str| {
            Some(NewPath::ReplacePrefixMatch {
                replace_prefix_match: path.to_owned(),
            })
        };
        let exact = |path: &str| Path::Exact(path.to_owned());
        let below = |path: &str| Path::Prefix(path.to_owned());
        let before = Change::Before("/v2".to_owned());
        assert_eq!(before.of(&exact("/a")), full("/v2/a"));
        assert_eq!(before.of(&exact("/")), full("/v2/"));
        assert_eq!(before.of(&below("/")), prefix("/v2"));
        assert_eq!(before.of(&below("/a/b")), prefix("/v2/a/b"));
        let instead = Change::Instead("/api".to_owned(), "/v2".to_owned());
        assert_eq!(instead.of(&below("/api")), prefix("/v2"));
        assert_eq!(instead.of(&below("/api/x")), prefix("/v2/x"));
        assert_eq!(instead.of(&exact("/api/x")), full("/v2/x"));
        let nothing = Change::Instead("/api".to_owned(), String::new());
        assert_eq!(nothing.of(&below("/api")), prefix("/"));
        assert_eq!(nothing.of(&exact("/api")), full("/"));
        assert_eq!(nothing.of(&exact("/api/x")), full("/x"));
        let all = Change::Instead(String::new(), "/v2".to_owned());
        assert_eq!(all.of(&below("/")), prefix("/v2"));
        let gap = Pattern {
            segments: vec![None],
            rest: false,
        };
        assert_eq!(before.of(&gap.path()), None);
    }
}
