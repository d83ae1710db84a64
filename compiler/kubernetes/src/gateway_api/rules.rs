//! Routes times operations as rules, in an order that means the same to Gateway API.
//!
//! A program takes the first route whose condition holds. Gateway API takes the most specific match, and the first of
//! equals. So rules stand in the program's order, and where a later route would be preferred for a request that fits an
//! earlier one too, the program is refused.

use super::operations::Timed;
use crate::{duration::gep_2257, http_route::Timeouts, matcher::Match, problem::Problem, work::Work};
use flowmesh_ir::{PolicyId, Program, policy::Timeout};

/// The limits of an `HTTPRoute`: rules, matches of one rule, matches of all.
const LIMITS: (usize, usize, usize) = (16, 64, 128);

/// A rule whose Services are not filled in.
pub(super) struct Rule {
    /// The number of its route.
    pub(super) route: usize,
    pub(super) matches: Vec<Match>,
    pub(super) timeouts: Timeouts,
}

/// How long a request may take, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Waits {
    attempt_ms: u64,
    total_ms: u64,
}

impl Waits {
    pub(super) fn of(program: &Program, policy: PolicyId) -> Self {
        let timeout = program
            .policy(policy)
            .map_or_else(Timeout::default, |policy| policy.timeout);
        // One attempt of a request never outlasts the request, and Gateway API refuses a route that says so.
        Self {
            attempt_ms: timeout.attempt_ms.min(timeout.total_ms),
            total_ms: timeout.total_ms,
        }
    }

    fn timeouts(self) -> Option<Timeouts> {
        Some(Timeouts {
            request: gep_2257(self.total_ms)?,
            backend_request: gep_2257(self.attempt_ms)?,
        })
    }
}

impl Work<'_, '_> {
    /// The rules; nothing where something was reported.
    pub(super) fn rules(&mut self, routes: &[Vec<Match>], operations: &[Timed]) -> Option<Vec<Rule>> {
        if let Some((first, second)) = self.turned_round(routes, operations) {
            let problem = Problem::Order {
                first: first + 1,
                second: second + 1,
            };
            self.report(&problem, &["@route".to_owned(), String::new()]);
            return None;
        }
        let default = Waits::of(self.program, self.service.policy);
        let mut rules = Vec::new();
        for (route, alternatives) in routes.iter().enumerate() {
            for (waits, matches) in grouped(alternatives, operations, default) {
                let Some(timeouts) = waits.timeouts() else {
                    let reason = "a timeout is longer than 99999 hours".to_owned();
                    self.report(
                        &Problem::Limit { reason },
                        &["@timeout".to_owned(), String::new()],
                    );
                    return None;
                };
                rules.push(Rule {
                    route,
                    matches,
                    timeouts,
                });
            }
        }
        self.within_limits(&rules).then_some(rules)
    }

    /// The numbers of two routes that the target would take the other way round.
    fn turned_round(&self, routes: &[Vec<Match>], operations: &[Timed]) -> Option<(usize, usize)> {
        let all = Match::all();
        let parts: Vec<&Match> = operations.iter().map(|timed| &timed.of).chain([&all]).collect();
        for (second, later) in routes.iter().enumerate() {
            for (first, earlier) in routes.iter().enumerate().take(second) {
                let split = |at: usize| self.service.routes.get(at).map(|route| &route.split);
                let turned = |part: &Match| {
                    let narrowed =
                        |of: &[Match]| of.iter().filter_map(|one| one.and(part)).collect::<Vec<_>>();
                    let later = narrowed(later);
                    let before = |a: &Match| later.iter().any(|b| b.rank() < a.rank() && a.and(b).is_some());
                    narrowed(earlier).iter().any(before)
                };
                if split(first) != split(second) && parts.iter().any(|part| turned(part)) {
                    return Some((first, second));
                }
            }
        }
        None
    }

    fn within_limits(&mut self, rules: &[Rule]) -> bool {
        let (max_rules, max_matches, max_all) = LIMITS;
        let sizes: Vec<usize> = rules.iter().map(|rule| rule.matches.len()).collect();
        let parts = |rule: &Rule| {
            rule.matches
                .iter()
                .all(|one| one.headers.len() <= 16 && one.query.len() <= 16)
        };
        let splits = self.service.routes.iter().all(|route| route.split.len() <= 16);
        let fits = sizes.len() <= max_rules
            && sizes.iter().all(|size| *size <= max_matches)
            && sizes.iter().sum::<usize>() <= max_all
            && rules.iter().all(parts)
            && splits;
        if !fits {
            let reason = format!(
                "the route needs {} rules with {} matches; a route holds {max_rules} rules, {max_all} matches, \
                 {max_matches} of one rule, 16 Services, and 16 headers and parameters in a match",
                sizes.len(),
                sizes.iter().sum::<usize>()
            );
            self.report(&Problem::Limit { reason }, &["@route".to_owned(), String::new()]);
        }
        fits
    }
}

/// The matches of one route by how long their requests may take, the service's own time last.
fn grouped(alternatives: &[Match], operations: &[Timed], default: Waits) -> Vec<(Waits, Vec<Match>)> {
    let mut groups: Vec<(Waits, Vec<Match>)> = Vec::new();
    let own = operations.iter().map(|timed| (timed.waits, &timed.of));
    let all = Match::all();
    for (waits, part) in own.chain([(default, &all)]) {
        for alternative in alternatives {
            let Some(one) = alternative.and(part) else {
                continue;
            };
            // A condition on the path may leave of two operations the same requests: those are the narrower one's.
            let narrower = |timed: &Timed| {
                timed.of.rank() < part.rank() && alternative.and(&timed.of).as_ref() == Some(&one)
            };
            if operations.iter().any(narrower) {
                continue;
            }
            match groups.iter_mut().find(|(known, _)| *known == waits) {
                Some((_, matches)) if matches.contains(&one) => {}
                Some((_, matches)) => matches.push(one),
                None => groups.push((waits, vec![one])),
            }
        }
    }
    groups
}
