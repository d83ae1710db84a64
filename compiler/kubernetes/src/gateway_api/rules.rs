//! Rules of which the first that fits holds, as rules of an `HTTPRoute`, of which the most specific holds.

use super::says::Says;
use crate::{
    http_route::{Filter, Redirect, Rule, ServiceRef, UrlRewrite},
    matcher::Match,
    precedence::{self, Fault, by_specificity},
    problem::Problem,
    setting::Setting,
};

/// The limits of an `HTTPRoute`: rules, matches of one rule, matches of all.
const LIMITS: (usize, usize, usize) = (16, 64, 128);

/// What becomes of some requests.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) to: To,
    pub(crate) says: Says,
}

/// Where they are led.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum To {
    /// To Services.
    Services(Vec<ServiceRef>),
    /// Visitors are sent elsewhere.
    Elsewhere(Redirect),
}

/// What a target cannot say, and of which route, where it is one.
pub(super) type Unsaid = (Option<usize>, Problem);

/// The rules as they are written in one route.
///
/// # Errors
/// What the target cannot say.
pub(super) fn written(first: Vec<precedence::Rule<Outcome>>) -> Result<Vec<Rule>, Unsaid> {
    let mut routes = routes(first)?;
    match routes.len() {
        0 | 1 => Ok(routes.pop().unwrap_or_default()),
        more => {
            let (rules, matches, _) = LIMITS;
            let reason =
                format!("it needs {more} routes: one holds {rules} rules, and {matches} matches of each");
            Err((None, Problem::Limit { reason }))
        }
    }
}

/// The rules as they are written in as many routes as they need, which a gateway reads as one.
///
/// # Errors
/// What the target cannot say.
pub(super) fn routes(first: Vec<precedence::Rule<Outcome>>) -> Result<Vec<Vec<Rule>>, Unsaid> {
    let (max_rules, max_matches, max_all) = LIMITS;
    let specific = by_specificity(first).map_err(|fault| (None, problem(fault)))?;
    let (mut routes, mut places) = (vec![Vec::new()], Vec::new());
    let mut held = 0;
    for rule in &specific {
        // Where the path changes, each match is a rule.
        let most = if rule.outcome.says.path.is_some() {
            1
        } else {
            max_matches
        };
        for matches in rule.matches.chunks(most) {
            let part = precedence::Rule {
                matches: matches.to_vec(),
                ..rule.clone()
            };
            let one = of(&part).ok_or_else(|| unchanged(rule.route))?;
            if !fits(&one) {
                let reason = SMALL.to_owned();
                return Err((Some(rule.route), Problem::Limit { reason }));
            }
            let full = routes
                .last()
                .is_none_or(|route: &Vec<Rule>| route.len() >= max_rules);
            if full || held + matches.len() > max_all {
                routes.push(Vec::new());
                held = 0;
            }
            held += matches.len();
            if let Some(route) = routes.last_mut() {
                route.push(one);
            }
            places.push((routes.len(), part));
        }
    }
    match is_older_first(&places) {
        true => {
            let reason = "of two routes for the same requests the target takes the older one, and these rules do not fit into one";
            Err((
                None,
                Problem::Limit {
                    reason: reason.to_owned(),
                },
            ))
        }
        false => Ok(routes),
    }
}

/// Whether two routes have matches that are as specific as each other, for requests that fit both: which of them holds would
/// depend on which was there first.
fn is_older_first(parts: &[(usize, precedence::Rule<Outcome>)]) -> bool {
    let meets = |one: &precedence::Rule<Outcome>, other: &precedence::Rule<Outcome>| {
        let alike = |a: &Match| {
            let mut others = other.matches.iter();
            others.any(|b| a.rank() == b.rank() && a.and(b).is_some())
        };
        one.outcome != other.outcome && one.matches.iter().any(alike)
    };
    parts.iter().enumerate().any(|(at, (route, part))| {
        let before = parts.iter().take(at).filter(|(other, _)| other != route);
        before.into_iter().any(|(_, other)| meets(other, part))
    })
}

fn unchanged(route: usize) -> Unsaid {
    let (setting, reason) = (
        Setting::Rewrite,
        "what fits a path with parameters keeps its path",
    );
    (Some(route), Problem::Here { setting, reason })
}

fn problem(fault: Fault) -> Problem {
    match fault {
        Fault::TooMany => Problem::Limit {
            reason: "the routes overlap so much that a target that prefers the most specific one cannot hold their order"
                .to_owned(),
        },
        Fault::Unsaid { first, second } => Problem::Order {
            first: first.saturating_add(1),
            second: second.saturating_add(1),
        },
    }
}

/// A rule as it is written; nothing where the path changes of what has gaps. It has one match where the path changes.
fn of(rule: &precedence::Rule<Outcome>) -> Option<Rule> {
    let Outcome { to, says } = &rule.outcome;
    let mut filters = says.filters.clone();
    let backend_refs = match to {
        To::Services(services) => services.clone(),
        To::Elsewhere(redirect) => {
            let request_redirect = redirect.clone();
            filters.push(Filter::RequestRedirect { request_redirect });
            Vec::new()
        }
    };
    let hostname = says.host.clone();
    let path = match &says.path {
        Some(change) => Some(change.of(&rule.matches.first()?.path)?),
        None => None,
    };
    if hostname.is_some() || path.is_some() {
        let url_rewrite = UrlRewrite { hostname, path };
        filters.push(Filter::UrlRewrite { url_rewrite });
    }
    Some(Rule {
        matches: rule.matches.iter().map(Into::into).collect(),
        filters,
        backend_refs,
        timeouts: says.timeouts.clone(),
        retry: says.retry.clone(),
        session_persistence: says.session.clone(),
    })
}

/// What a rule holds.
const SMALL: &str = "a rule of the target holds 16 Services, 16 headers and parameters in a match, 16 headers that it sets, and 64 \
                     origins and headers of pages";

fn fits(rule: &Rule) -> bool {
    let small = |one: &crate::http_route::RouteMatch| one.headers.len() <= 16 && one.query_params.len() <= 16;
    rule.backend_refs.len() <= 16 && rule.matches.iter().all(small) && rule.filters.iter().all(filter_fits)
}

fn filter_fits(filter: &Filter) -> bool {
    match filter {
        Filter::RequestHeaderModifier {
            request_header_modifier,
        } => request_header_modifier.set.len() <= 16,
        Filter::Cors { cors } => {
            cors.allow_origins.len() <= 64 && cors.allow_headers.len() <= 64 && cors.allow_methods.len() <= 9
        }
        Filter::UrlRewrite { .. } | Filter::RequestMirror { .. } | Filter::RequestRedirect { .. } => true,
    }
}
