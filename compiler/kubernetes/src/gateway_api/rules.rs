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

/// The rules as they are written.
///
/// # Errors
/// What the target cannot say.
pub(super) fn written(first: Vec<precedence::Rule<Outcome>>) -> Result<Vec<Rule>, Unsaid> {
    let specific = by_specificity(first).map_err(|fault| (None, problem(fault)))?;
    let mut rules = Vec::with_capacity(specific.len());
    for rule in specific {
        let Some(each) = each(&rule) else {
            let (setting, reason) = (
                Setting::Rewrite,
                "what fits a path with parameters keeps its path",
            );
            return Err((Some(rule.route), Problem::Reason { setting, reason }));
        };
        rules.extend(each);
    }
    match over_limits(&rules) {
        Some(reason) => Err((None, Problem::Limit { reason })),
        None => Ok(rules),
    }
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

/// A rule; one for each match where the path changes, which is said of one path only. Nothing where it cannot change.
fn each(rule: &precedence::Rule<Outcome>) -> Option<Vec<Rule>> {
    let Outcome { to, says } = &rule.outcome;
    let written = |matches: &[Match], rewrite: Option<UrlRewrite>| {
        let mut filters = says.filters.clone();
        let backend_refs = match to {
            To::Services(services) => services.clone(),
            To::Elsewhere(redirect) => {
                let request_redirect = redirect.clone();
                filters.push(Filter::RequestRedirect { request_redirect });
                Vec::new()
            }
        };
        filters.extend(rewrite.map(|url_rewrite| Filter::UrlRewrite { url_rewrite }));
        Rule {
            matches: matches.iter().map(Into::into).collect(),
            filters,
            backend_refs,
            timeouts: says.timeouts.clone(),
            retry: says.retry.clone(),
            session_persistence: says.session.clone(),
        }
    };
    let hostname = says.host.clone();
    let Some(change) = &says.path else {
        let host = hostname.is_some().then_some(UrlRewrite { hostname, path: None });
        return Some(vec![written(&rule.matches, host)]);
    };
    let one = |one: &Match| {
        let path = Some(change.of(&one.path)?);
        let hostname = hostname.clone();
        let rewrite = UrlRewrite { hostname, path };
        Some(written(std::slice::from_ref(one), Some(rewrite)))
    };
    rule.matches.iter().map(one).collect()
}

/// Why one route does not hold these rules.
fn over_limits(rules: &[Rule]) -> Option<String> {
    let (max_rules, max_matches, max_all) = LIMITS;
    let all: usize = rules.iter().map(|rule| rule.matches.len()).sum();
    let small = |rule: &Rule| {
        rule.matches.len() <= max_matches
            && rule.backend_refs.len() <= 16
            && rule
                .matches
                .iter()
                .all(|one| one.headers.len() <= 16 && one.query_params.len() <= 16)
            && rule.filters.iter().all(filter_fits)
    };
    let fits = rules.len() <= max_rules && all <= max_all && rules.iter().all(small);
    (!fits).then(|| {
        format!(
            "the route needs {} rules with {all} matches; a route holds {max_rules} rules, {max_all} matches, \
             {max_matches} of one rule, 16 Services, 16 headers and parameters in a match, 16 headers that it sets, \
             and 64 origins and headers of pages",
            rules.len(),
        )
    })
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
