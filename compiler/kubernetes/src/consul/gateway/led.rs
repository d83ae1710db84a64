//! Where the visitors of a gateway are led.

use super::{
    Front,
    asked::Asked,
    kinds::{self, Backend, Filter, Retry, RouteMatch, Rule, Timeout},
    order::{Seen, keep},
};
use crate::{
    consul::{
        Known,
        claims::{Claims, Tokens},
        says::{Says, says},
        settings::{of_whole_services, said},
    },
    first_match::{Again, Compared, Fit, again, by_method},
    front::hosts,
    matcher::{Match, Path},
    problem::Problem,
    setting::Setting,
};
use flowmesh_ir::{
    SubsetId,
    gateway::{Gateway, Route, Target},
};

/// The requests of a route that go to one place, and what holds for them.
pub(super) struct Way {
    /// Of which route.
    pub(super) number: usize,
    host: Option<String>,
    pub(super) seen: Vec<Seen>,
    says: Says,
    /// What stands instead of the path that the route names, up to its rest.
    instead: Option<String>,
    to: Vec<Backend>,
    /// What is asked of the claims of visitors, one of these.
    pub(super) asked: Option<Vec<Claims>>,
}

/// The filters of a gateway that are objects of their own, in the order in which they are needed.
#[derive(Default)]
pub(super) struct Filters<'a> {
    /// The gateway, where each of its routes asks for claims itself.
    asking: Option<&'a Gateway>,
    asked: Vec<(String, Asked)>,
    timeouts: Vec<(String, Timeout)>,
    retries: Vec<(String, Retry)>,
}

impl Way {
    /// Whether the same holds for the requests of both, wherever they belong.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (&self.says, &self.instead, &self.to, &self.asked)
            == (&other.says, &other.instead, &other.to, &other.asked)
    }

    /// Whether a request may fit both by its host.
    pub(super) fn may_meet(&self, other: &Self) -> bool {
        self.is_for(other.host.as_deref()) || other.is_for(self.host.as_deref())
    }

    /// Whether it is for all requests of a host; nothing is those of any.
    pub(super) fn is_for(&self, host: Option<&str>) -> bool {
        hosts::covers(self.host.as_deref(), host)
    }

    /// Whether its path is changed.
    pub(super) fn rewrites(&self) -> bool {
        self.instead.is_some() || self.says.before.is_some()
    }

    /// What stands instead of the `/` that every path begins with; an error where it cannot be said. Gateway API lets a
    /// filter replace prefixes alone, and to Consul the prefix `/a` is that of `/ab`, too.
    fn replaced(&self, path: &Compared) -> Result<Option<String>, ()> {
        let before = self.instead.as_deref().or(self.says.before.as_deref());
        match (before, path) {
            (None, _) => Ok(None),
            (Some(before), Compared::Any) => Ok(Some(format!("{}/", before.trim_end_matches('/')))),
            (Some(_), _) => Err(()),
        }
    }
}

impl Front<'_, '_> {
    /// The ways in the order in which the first that fits holds; nothing where something was reported.
    pub(super) fn ways(&mut self) -> Option<Vec<Way>> {
        let (mut all, mut whole) = (Vec::new(), true);
        let gateway = self.gateway;
        for (number, route) in gateway.routes.iter().enumerate() {
            match self.of_route(number, route) {
                Some(ways) => all.extend(ways),
                None => whole = false,
            }
        }
        for way in &all {
            if way.seen.iter().any(|seen| way.replaced(&seen.fit.path).is_err()) {
                let setting = Setting::Rewrite;
                let reason = "it rewrites all paths, those of `/**`, or none";
                self.report(&Problem::Here { setting, reason }, &format!("/{}", way.number));
                whole = false;
            }
        }
        if let Some((first, second)) = keep(&mut all) {
            let place = format!("/{second}");
            let (first, second) = (first + 1, second + 1);
            self.report(&Problem::Order { first, second }, &place);
            whole = false;
        }
        whole.then_some(all)
    }

    fn of_route(&mut self, number: usize, route: &Route) -> Option<Vec<Way>> {
        let place = format!("/{number}");
        let (service, subset) = match &route.target {
            Target::Service { service, subset } => (*service, *subset),
            Target::Redirect { .. } => return self.unled(Setting::Redirect, &place),
            Target::Flow { .. } => return self.unled(Setting::ToFlow, &place),
            Target::Operation { .. } => return self.unled(Setting::ToOperation, &place),
        };
        let matches = match self.matches(route) {
            Ok(matches) => matches,
            Err(reason) => {
                self.report(&Problem::Condition { reason }, &place);
                return None;
            }
        };
        let (program, options, known) = (self.program, self.options, self.known);
        let declared = program.service(service)?;
        // What is wrong with the service was reported there.
        let own = known.get(service.index())?.as_ref()?;
        if own.protocol != "http" || own.outside.is_some() {
            let reason = "a gateway of Consul leads to services of the mesh that speak HTTP".to_owned();
            self.report(&Problem::Limit { reason }, &place);
            return None;
        }
        let asked = self.asked(service, &place)?;
        let id = route.policy.or(self.gateway.policy).unwrap_or(declared.policy);
        let (policy, of_service) = (program.policy(id)?, program.policy(declared.policy)?);
        for setting in said(policy, of_service) {
            match of_whole_services(setting) {
                true => self.report(&Problem::Whole(setting), &place),
                false => self.setting(setting, &place),
            }
        }
        let [may, unsent] = [Again::May, Again::Unsent].map(|again| says(program, options, policy, again));
        let mut ways = Vec::new();
        for (found, to) in own.led(subset, &declared.routes, &matches)? {
            let way = |seen: Vec<Seen>, says: &Says| Way {
                number,
                host: route.host.clone(),
                seen,
                says: says.clone(),
                instead: route.rewrite.as_ref().and_then(|rewrite| rewrite.prefix.clone()),
                to: to.clone(),
                asked: asked.clone(),
            };
            match may == unsent {
                true => ways.push(way(found.iter().flat_map(seen).collect(), &may)),
                false => {
                    let repeated = found.iter().flat_map(by_method).flat_map(|one| seen(&one));
                    ways.push(way(repeated.collect(), &may));
                    let once = |one: &&Match| {
                        one.method
                            .as_deref()
                            .is_none_or(|method| again(method) == Again::Unsent)
                    };
                    ways.push(way(found.iter().filter(once).flat_map(seen).collect(), &unsent));
                }
            }
        }
        if route
            .rewrite
            .as_ref()
            .is_some_and(|rewrite| rewrite.host.is_some())
        {
            let setting = Setting::Rewrite;
            let reason = "it sets no other host";
            self.report(&Problem::Here { setting, reason }, &place);
        }
        ways.retain(|way| !way.seen.is_empty());
        Some(ways)
    }

    fn unled(&mut self, setting: Setting, place: &str) -> Option<Vec<Way>> {
        self.setting(setting, place);
        None
    }
}

impl Known {
    /// Where requests go of those that fit, by the routes of the service.
    fn led(
        &self,
        subset: Option<SubsetId>,
        routes: &[flowmesh_ir::service::Route],
        matches: &[Match],
    ) -> Option<Vec<(Vec<Match>, Vec<Backend>)>> {
        if let Some(subset) = subset {
            return Some(vec![(matches.to_vec(), self.backends(&[(subset, 100)])?)]);
        }
        let each = routes.iter().zip(&self.conditions).map(|(route, alternatives)| {
            let found = matches
                .iter()
                .flat_map(|one| alternatives.iter().filter_map(|other| one.and(other)));
            Some((found.collect(), self.backends(&route.split)?))
        });
        each.collect()
    }

    fn backends(&self, split: &[(SubsetId, u32)]) -> Option<Vec<Backend>> {
        let one = |(subset, weight): &(SubsetId, u32)| {
            let place = self.places.get(subset.index())?;
            Some(Backend {
                name: place.name.clone(),
                port: place.port,
                weight: (split.len() > 1).then_some(*weight),
            })
        };
        split.iter().map(one).collect()
    }
}

/// A match as Consul sees it; a prefix of whole segments is two.
fn seen(one: &Match) -> Vec<Seen> {
    let each = Fit::any_of(one).into_iter().map(|fit| {
        let of = match &fit.path {
            Compared::Exact(path) => Match {
                path: Path::Exact(path.clone()),
                ..one.clone()
            },
            _ => one.clone(),
        };
        Seen { fit, of }
    });
    each.collect()
}

/// The rules of some ways.
pub(super) fn rules<'w>(
    gateway: &str,
    ways: impl Iterator<Item = &'w Way>,
    filters: &mut Filters<'_>,
) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for way in ways {
        for seen in &way.seen {
            let instead = way.replaced(&seen.fit.path).ok().flatten();
            let filters = filters.of(gateway, way, instead.as_deref());
            let matching = RouteMatch::new(&seen.fit);
            match rules.last_mut() {
                // A rule that rewrites has one match.
                Some(rule) if instead.is_none() && rule.filters == filters && rule.backend_refs == way.to => {
                    if !rule.matches.contains(&matching) {
                        rule.matches.push(matching);
                    }
                }
                _ => rules.push(Rule {
                    matches: vec![matching],
                    filters,
                    backend_refs: way.to.clone(),
                }),
            }
        }
    }
    rules
}

impl<'a> Filters<'a> {
    /// Without any; with the gateway, where each of its routes asks for claims itself.
    pub(super) fn new(asking: Option<&'a Gateway>) -> Self {
        Self {
            asking,
            ..Self::default()
        }
    }

    /// What is done to requests.
    fn of(&mut self, gateway: &str, way: &Way, instead: Option<&str>) -> Vec<Filter> {
        let destination = &way.says.destination;
        let mut all: Vec<Filter> = destination.request_headers.iter().map(Filter::headers).collect();
        all.extend(instead.map(Filter::instead));
        if let Some(declared) = self.asking {
            let jwt = Tokens::of(declared, way.asked.as_deref());
            let name = named(&mut self.asked, &format!("{gateway}-asked"), Asked { jwt });
            all.push(Filter::object(kinds::ASKED, &name));
        }
        if let Some(request_timeout) = destination.request_timeout.clone() {
            let name = named(
                &mut self.timeouts,
                &format!("{gateway}-timeout"),
                Timeout { request_timeout },
            );
            all.push(Filter::object(kinds::TIMEOUT, &name));
        }
        if let Some(retry) = Retry::of(destination) {
            let name = named(&mut self.retries, &format!("{gateway}-retry"), retry);
            all.push(Filter::object(kinds::RETRY, &name));
        }
        all
    }

    /// Their names, and what they say.
    pub(super) fn objects(self) -> (Named<Timeout>, Named<Retry>, Named<Asked>) {
        (self.timeouts, self.retries, self.asked)
    }
}

/// What some names say.
type Named<T> = Vec<(String, T)>;

/// The name of what says this, which is known then.
fn named<T: PartialEq>(known: &mut Vec<(String, T)>, base: &str, spec: T) -> String {
    if let Some((name, _)) = known.iter().find(|(_, one)| *one == spec) {
        return name.clone();
    }
    let name = format!("{base}-{}", known.len() + 1);
    known.push((name.clone(), spec));
    name
}
