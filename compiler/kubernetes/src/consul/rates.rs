//! How many requests an instance takes: of the whole service, and of the operations that have a rate of their own.
//!
//! Consul knows an operation by its path alone. The first route that fits holds, and what fits one does not count for the
//! whole service, which is what the program means; but nothing can be let off, and no method is looked at.

use super::says::before;
use crate::{
    first_match::{Compared, Fit},
    matcher::{Match, Path, Pattern},
    operation::requests,
};
use flowmesh_ir::{
    Program,
    service::{Operation, Service},
    traffic::{Limit, Rate},
};
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RateLimits {
    instance_level: InstanceLevel,
}

/// How many an instance takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct InstanceLevel {
    #[serde(flatten)]
    whole: Option<Requests>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    routes: Vec<Route>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Requests {
    requests_per_second: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_max_burst: Option<u32>,
}

/// How many of some paths.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Route {
    #[serde(skip_serializing_if = "Option::is_none")]
    path_exact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_regex: Option<String>,
    #[serde(flatten)]
    requests: Requests,
}

/// The rate of an operation, or why it cannot be held.
pub(super) struct Own<'p> {
    operation: &'p Operation,
    held: Result<Route, &'static str>,
}

/// An operation, and the paths by which instances know it.
struct Known<'p> {
    operation: &'p Operation,
    of: Match,
    /// What it says itself, where it says a rate.
    limit: Option<&'p Limit>,
}

/// The rates of a service; nothing where it has none that can be held.
pub(super) fn limits(program: &Program, service: &Service) -> Option<RateLimits> {
    let whole = program.policy(service.policy)?.limit.as_ref();
    let whole = whole.and_then(|limit| requests_of(limit).ok().flatten());
    let own = of_operations(program, service).into_iter();
    let routes: Vec<Route> = own.filter_map(|own| own.held.ok()).collect();
    let said = whole.is_some() || !routes.is_empty();
    said.then_some(RateLimits {
        instance_level: InstanceLevel { whole, routes },
    })
}

/// The rates that operations of a service say themselves, those of the more specific paths first.
pub(super) fn of_operations<'p>(program: &'p Program, service: &'p Service) -> Vec<Own<'p>> {
    let whole = program
        .policy(service.policy)
        .and_then(|policy| policy.limit.as_ref());
    let called = service
        .operations
        .iter()
        .filter(|operation| !operation.binding.is_local());
    let mut known: Vec<Known<'_>> = called.map(|it| Known::new(program, it, whole)).collect();
    known.sort_by_key(|known| known.of.rank());
    let mut all: Vec<Own<'_>> = Vec::new();
    for (at, own) in known.iter().enumerate() {
        let Some(limit) = own.limit else { continue };
        let is_held = |other: &Known<'_>| {
            all.iter()
                .any(|own| own.is_of(other.operation) && own.held.is_ok())
        };
        let taken = known.iter().enumerate().any(|(number, other)| {
            let meets = || own.of.path.and(&other.of.path).is_some();
            let first = || match number < at {
                true => !is_held(other),
                false => other.of.rank() == own.of.rank() && other.limit.is_none(),
            };
            number != at && meets() && (other.of.path == own.of.path || first())
        });
        let held = match requests_of(limit) {
            Err(reason) => Err(reason),
            Ok(Some(requests)) if !taken => Route::new(&own.of, requests).ok_or(OPEN),
            Ok(_) => Err(TAKEN),
        };
        let operation = own.operation;
        all.push(Own { operation, held });
    }
    all
}

const OPEN: &str = "a path with a parameter that is a part of a segment cannot be told from others";
const TAKEN: &str = "it looks at no method, and the path is another operation's too";

impl<'p> Known<'p> {
    /// What has the limit of the whole service is counted with it.
    fn new(program: &'p Program, operation: &'p Operation, whole: Option<&Limit>) -> Self {
        let policy = program.policy(operation.policy);
        let limit = policy.and_then(|policy| policy.limit.as_ref());
        let path = requests(operation).path;
        Self {
            operation,
            of: Match {
                path: match policy.and_then(before) {
                    Some(before) => path_behind(&before, path),
                    None => path,
                },
                ..Match::all()
            },
            limit: limit.filter(|limit| Some(*limit) != whole && limit.rate.is_some() && limit.per.is_none()),
        }
    }
}

impl Own<'_> {
    /// Why the rate of an operation cannot be held, if this is that.
    pub(super) fn unheld(&self, operation: &Operation) -> Option<&'static str> {
        self.held
            .as_ref()
            .err()
            .copied()
            .filter(|_| self.is_of(operation))
    }

    fn is_of(&self, operation: &Operation) -> bool {
        self.operation.name == operation.name
    }
}

impl Route {
    /// Nothing where more than these paths would be meant.
    fn new(of: &Match, requests: Requests) -> Option<Self> {
        let (path_exact, path_regex) = match Fit::below(of).path {
            Compared::Exact(path) => (Some(path), None),
            Compared::Regex(regex) if !is_open(&of.path) => (None, Some(regex)),
            Compared::Any | Compared::Prefix(_) | Compared::Regex(_) => return None,
        };
        Some(Self {
            path_exact,
            path_regex,
            requests,
        })
    }
}

fn is_open(path: &Path) -> bool {
    matches!(path, Path::Pattern(Pattern { rest: true, .. }) | Path::Prefix(_))
}

/// The paths as an instance sees them, where something was put before them.
fn path_behind(before: &str, path: Path) -> Path {
    match path {
        Path::Exact(path) => Path::Exact(format!("{before}{path}")),
        Path::Prefix(path) => Path::Prefix(format!("{before}{}", path.trim_end_matches('/'))),
        Path::Pattern(Pattern { segments, rest }) => {
            let first = before.split('/').skip(1).map(|segment| Some(segment.to_owned()));
            let segments = first.chain(segments).collect();
            Path::Pattern(Pattern { segments, rest })
        }
    }
}

/// What a limit lets through; nothing where it says no rate, or counts apart.
fn requests_of(limit: &Limit) -> Result<Option<Requests>, &'static str> {
    let Some(rate) = limit.rate.filter(|_| limit.per.is_none()) else {
        return Ok(None);
    };
    let requests_per_second = per_second(rate)?;
    match unheld_rate(limit) {
        Some(reason) => Err(reason),
        None => Ok(Some(Requests {
            requests_per_second,
            requests_max_burst: limit.burst,
        })),
    }
}

/// Why a rate cannot be held.
pub(super) fn unheld_rate(limit: &Limit) -> Option<&'static str> {
    let per_second = match per_second(limit.rate?) {
        Ok(per_second) => per_second,
        Err(reason) => return Some(reason),
    };
    if limit.shared.is_some() {
        return Some("each instance counts for itself");
    }
    let burst = limit.burst.map_or(per_second, u64::from);
    (burst < per_second).then_some("a burst is no smaller than what is let through in a second")
}

fn per_second(rate: Rate) -> Result<u64, &'static str> {
    let thousands = u64::from(rate.count) * 1_000;
    let whole = thousands.checked_rem(rate.per_ms) == Some(0);
    let per_second = thousands.checked_div(rate.per_ms).filter(|_| whole);
    per_second
        .filter(|per_second| *per_second > 0)
        .ok_or("it counts in whole requests a second")
}
