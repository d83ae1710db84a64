//! Routes times operations, as rules of as many objects as there are timeouts and retries.

use super::{
    Known, Meshed,
    precedence::{Entry, covers, settled},
    route::{Filter, Rule},
    says::{Again, Says},
};
use crate::{
    http_route::{RouteMatch, ServiceRef},
    matcher::Match,
    operation::requests,
    problem::Problem,
};
use flowmesh_ir::{
    Name, SubsetId,
    service::{EffectKind, Operation, Route},
};
use std::collections::BTreeMap;

/// An entry with the numbers of its route and its part.
type Made = (Entry, (usize, usize));

/// The limits of an `HTTPRoute`: rules, matches of one rule, matches of all.
const LIMITS: (usize, usize, usize) = (16, 64, 128);
/// As many entries are compared with each other.
const ENTRIES_MAX: usize = 512;
/// The longest path of a match.
const PATH_MAX: usize = 1024;

/// Some of the requests of a service, and what holds for them.
struct Part {
    of: Match,
    says: Says,
    /// Whose they are, if they are an operation's.
    operation: Option<Name>,
}

/// The rules of one object.
pub(super) struct Rules {
    /// What its name has behind that of the service.
    pub(super) suffix: String,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) rules: Vec<Rule>,
}

impl Meshed<'_, '_> {
    /// The objects of a service; nothing where something was reported.
    pub(super) fn objects(&mut self, own: &Known) -> Option<Vec<Rules>> {
        let parts = self.parts()?;
        let made = self.entries(own, &parts);
        if made.len() > ENTRIES_MAX {
            let reason = format!(
                "the routes need {} matches, and {ENTRIES_MAX} are compared",
                made.len()
            );
            self.work
                .report(&Problem::Limit { reason }, &["@route".to_owned(), String::new()]);
            return None;
        }
        let made = match settled(made) {
            Ok(made) => made,
            Err((first, second)) => {
                let problem = self.turned(first, second, &parts);
                self.work.report(&problem, &["@route".to_owned(), String::new()]);
                return None;
            }
        };
        let objects = distinct(&parts).into_iter();
        let objects = objects.map(|annotations| self.object(own, annotations, &made, &parts));
        let mut objects: Vec<Rules> = objects.collect::<Option<_>>()?;
        objects.retain(|object| !object.rules.is_empty());
        self.within_limits(&objects).then_some(objects)
    }

    /// The object with some timeouts and retries: its rules in the order of the program.
    fn object(
        &self,
        own: &Known,
        annotations: &BTreeMap<String, String>,
        made: &[Made],
        parts: &[Part],
    ) -> Option<Rules> {
        let is_of = |part: &Part| part.says.annotations == *annotations;
        let says = |part: usize| parts.get(part).map(|part| &part.says);
        let mut rules: Vec<(usize, usize, Vec<RouteMatch>)> = Vec::new();
        for (entry, (route, part)) in made {
            if !parts.get(*part).is_some_and(is_of) {
                continue;
            }
            match rules.last_mut() {
                Some((known, of, matches)) if known == route && says(*of) == says(*part) => {
                    matches.push(entry.matching());
                }
                _ => rules.push((*route, *part, vec![entry.matching()])),
            }
        }
        let rules = rules.into_iter();
        let rules = rules.map(|(route, part, matches)| self.rule(own, route, parts.get(part)?, matches));
        Some(Rules {
            suffix: suffix(parts.iter().filter(|part| is_of(part))),
            annotations: annotations.clone(),
            rules: rules.collect::<Option<_>>()?,
        })
    }

    /// The requests of a service apart by what holds for them, the more specific first.
    fn parts(&mut self) -> Option<Vec<Part>> {
        let (program, options, service) = (self.work.program, self.work.options, self.work.service);
        let says = |policy, again| Some(Says::of(program, options, program.policy(policy)?, again));
        let mut parts = Vec::new();
        for operation in service.operations.iter().filter(|one| !one.binding.is_local()) {
            parts.push(Part {
                of: requests(operation),
                says: says(operation.policy, again(operation))?,
                operation: Some(operation.name.clone()),
            });
        }
        for (at, part) in parts.iter().enumerate() {
            let alike = |other: &&Part| other.of == part.of && other.says != part.says;
            if let (Some(one), Some(other)) = (&part.operation, parts.iter().take(at).find(alike)) {
                let places = [format!("/{one}"), String::new()];
                let (one, other) = (one.clone(), other.operation.clone()?);
                self.work.report(&Problem::Alike { one, other }, &places);
                return None;
            }
        }
        parts.sort_by_key(|part| part.of.rank());
        let [may, unsent] = [Again::May, Again::Unsent].map(|again| says(service.policy, again));
        let (may, unsent) = (may?, unsent?);
        if may != unsent {
            parts.extend(IDEMPOTENT.map(|method| Part {
                of: Match {
                    method: Some(method.to_owned()),
                    ..Match::all()
                },
                says: may.clone(),
                operation: None,
            }));
        }
        parts.push(Part {
            of: Match::all(),
            says: unsent,
            operation: None,
        });
        Some(needed(parts))
    }

    /// Each match of each route with each part, in the order in which the program takes them, with their numbers; without
    /// those that nothing is left for.
    fn entries(&self, own: &Known, parts: &[Part]) -> Vec<Made> {
        let objects = distinct(parts);
        let mut made: Vec<Made> = Vec::new();
        let mut outcomes: Vec<(&[(SubsetId, u32)], &Says)> = Vec::new();
        for (at, (route, alternatives)) in self.work.service.routes.iter().zip(&own.conditions).enumerate() {
            for (number, part) in parts.iter().enumerate() {
                let outcome = (route.split.as_slice(), &part.says);
                let known = outcomes.iter().position(|known| *known == outcome);
                let outcome = known.unwrap_or_else(|| {
                    outcomes.push(outcome);
                    outcomes.len().saturating_sub(1)
                });
                let object = objects.iter().position(|one| **one == part.says.annotations);
                for of in alternatives.iter().filter_map(|one| one.and(&part.of)) {
                    let of = match &own.outside {
                        Some(outside) => outside.sent(of),
                        None => of,
                    };
                    if made.iter().any(|(known, _)| covers(&known.of, &of)) {
                        continue;
                    }
                    let object = object.unwrap_or_default();
                    made.push((Entry::new(of, outcome, object), (at, number)));
                }
            }
        }
        made
    }

    /// Why two entries are not told apart.
    fn turned(&self, first: (usize, usize), second: (usize, usize), parts: &[Part]) -> Problem {
        let split = |at: usize| self.work.service.routes.get(at).map(|route: &Route| &route.split);
        let operation = |at: usize| parts.get(at).and_then(|part| part.operation.clone());
        match (operation(first.1), operation(second.1)) {
            (Some(one), Some(other)) if split(first.0) == split(second.0) && one != other => {
                Problem::Alike { one, other }
            }
            _ if first.0 == second.0 => Problem::Condition {
                reason: "two of its matches fit some requests alike, and not the same holds for both",
            },
            _ => Problem::Order {
                first: first.0.saturating_add(1),
                second: second.0.saturating_add(1),
            },
        }
    }

    fn rule(&self, own: &Known, route: usize, part: &Part, matches: Vec<RouteMatch>) -> Option<Rule> {
        let split = &self.work.service.routes.get(route)?.split;
        let backend = |(subset, weight): &(SubsetId, u32)| {
            let place = own.places.get(subset.index())?;
            let weight = (split.len() > 1).then_some(*weight);
            Some(ServiceRef::new(&place.name, Some(place.port), weight))
        };
        let split = split.iter().filter(|_| own.outside.is_none());
        Some(Rule {
            matches,
            filters: Filter::headers(&part.says.headers).into_iter().collect(),
            backend_refs: split.map(backend).collect::<Option<_>>()?,
        })
    }

    fn within_limits(&mut self, objects: &[Rules]) -> bool {
        let (max_rules, max_matches, max_all) = LIMITS;
        let fits = |object: &Rules| {
            let matches = object.rules.iter().flat_map(|rule| &rule.matches);
            let parts = |one: &RouteMatch| {
                one.headers.len() <= 16 && one.query_params.len() <= 16 && one.path.value.len() <= PATH_MAX
            };
            object.rules.len() <= max_rules
                && object.rules.iter().all(|rule| rule.matches.len() <= max_matches)
                && object.rules.iter().all(|rule| rule.backend_refs.len() <= 16)
                && matches.clone().count() <= max_all
                && matches.clone().all(parts)
        };
        let Some(object) = objects.iter().find(|object| !fits(object)) else {
            return true;
        };
        let matches: usize = object.rules.iter().map(|rule| rule.matches.len()).sum();
        let reason = format!(
            "a route needs {} rules with {matches} matches; one holds {max_rules} rules, {max_all} matches, \
             {max_matches} of one rule, 16 Services, 16 headers and parameters in a match, and a path of {PATH_MAX} bytes",
            object.rules.len(),
        );
        self.work
            .report(&Problem::Limit { reason }, &["@route".to_owned(), String::new()]);
        false
    }
}

/// The methods of requests that may be repeated whatever they are for (RFC 9110, 9.2.2).
const IDEMPOTENT: [&str; 6] = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"];

fn again(operation: &Operation) -> Again {
    match operation.effect {
        EffectKind::Once => Again::Unsent,
        EffectKind::Read | EffectKind::Idempotent | EffectKind::Keyed => Again::May,
    }
}

/// The parts without those whose requests would be taken for others of which the same holds.
fn needed(parts: Vec<Part>) -> Vec<Part> {
    let mut kept: Vec<Part> = Vec::with_capacity(parts.len());
    for part in parts.into_iter().rev() {
        // The nearest of those that follow stands at the end.
        let shared = kept
            .iter()
            .rev()
            .filter_map(|later| Some((later, later.of.and(&part.of)?)));
        let mut decides = shared.filter(|(later, both)| later.says != part.says || *both == part.of);
        if decides.next().is_none_or(|(later, _)| later.says != part.says) {
            kept.push(part);
        }
    }
    kept.reverse();
    kept
}

/// The timeouts and retries of parts, each once, those of the service first.
fn distinct(parts: &[Part]) -> Vec<&BTreeMap<String, String>> {
    let mut all: Vec<&BTreeMap<String, String>> = Vec::new();
    for part in parts.iter().rev() {
        if !all.contains(&&part.says.annotations) {
            all.push(&part.says.annotations);
        }
    }
    all
}

/// What an object is called behind the name of its service: nothing where it has the requests of no operation, and else after
/// what says by its method that it may be repeated, or the first of its operations.
fn suffix<'p>(parts: impl Iterator<Item = &'p Part>) -> String {
    let (named, others): (Vec<&Part>, Vec<&Part>) = parts.partition(|part| part.operation.is_some());
    if others.iter().any(|part| part.of.method.is_none()) {
        return String::new();
    }
    let first = named.iter().find_map(|part| part.operation.as_ref());
    match others.is_empty() {
        true => first.map(ToString::to_string).unwrap_or_default(),
        false => "repeatable".to_owned(),
    }
}
