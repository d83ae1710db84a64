//! Where the visitors of a gateway are led.

use crate::{
    first_match::{Again, by_method},
    front::{Front, Listener, hosts},
    gateway_api::{
        mirrored,
        rules::{Outcome, To},
        says::{Change, Says, cors, trimmed},
        settings::unheld,
        split,
    },
    http_route::{NewPath, Redirect, ServiceRef},
    matcher::{Match, Path, Pattern},
    precedence::Rule,
    problem::Problem,
    setting::Setting,
};
use flowmesh_ir::{
    ServiceId, SubsetId,
    expr::Expr,
    gateway::{Route, Segment, Target},
    policy::Policy,
};

type Rules = Vec<Rule<Outcome>>;

impl Front<'_, '_> {
    /// The rules for a host of which the first that fits holds, those of wider hosts among them; nothing where something was
    /// reported.
    pub(super) fn first_match(&mut self, host: Option<&str>, listeners: &[Listener]) -> Option<Rules> {
        let (mut all, mut whole, gateway) = (Vec::new(), true, self.gateway);
        for (at, route) in gateway.routes.iter().enumerate() {
            // What is wrong with a route is said where it stands, once.
            if hosts::covers(route.host.as_deref(), host) {
                match self.leads(at, route, listeners) {
                    Some(led) => all.extend(led),
                    None => whole = false,
                }
            }
        }
        whole.then_some(all)
    }

    fn leads(&mut self, at: usize, route: &Route, listeners: &[Listener]) -> Option<Rules> {
        let place = format!("/{at}");
        let matches = match self.matches(route) {
            Ok(matches) => matches,
            Err(reason) => {
                self.report(&Problem::Condition { reason }, &place);
                return None;
            }
        };
        if matches.iter().any(|one| matches!(one.path, Path::Pattern(_))) {
            self.setting(Setting::Params, &place);
        }
        let one = |outcome: Outcome| {
            let matches = matches.clone();
            vec![Rule {
                route: at,
                matches,
                outcome,
            }]
        };
        match &route.target {
            Target::Service { service, subset } => {
                self.led_to_service(at, route, &matches, (*service, *subset))
            }
            Target::Redirect { to, status } => {
                let Some(redirect) = self.redirect(to, *status) else {
                    self.report(&Problem::Setting(Setting::Redirect), &place);
                    return None;
                };
                self.setting(Setting::Redirect, &place);
                let (to, says) = (To::Elsewhere(redirect), Says::default());
                Some(one(Outcome { to, says }))
            }
            Target::Flow { .. } => Some(one(self.led_inside(Setting::ToFlow, &place, listeners)?)),
            Target::Operation { .. } => {
                Some(one(self.led_inside(Setting::ToOperation, &place, listeners)?))
            }
        }
    }

    fn led_inside(&mut self, setting: Setting, place: &str, listeners: &[Listener]) -> Option<Outcome> {
        let pods = self.pods(setting, place, listeners)?;
        let services = vec![ServiceRef::from(self.namespace(), &pods, None)];
        let (to, says) = (To::Services(services), Says::default());
        Some(Outcome { to, says })
    }

    fn led_to_service(
        &mut self,
        at: usize,
        route: &Route,
        matches: &[Match],
        (service, subset): (ServiceId, Option<SubsetId>),
    ) -> Option<Rules> {
        let (program, options, known, place) = (self.program, self.options, self.known, format!("/{at}"));
        let namespace = self.namespace();
        let declared = program.service(service)?;
        // What is wrong with the service was reported there.
        let own = known.get(service.index())?.as_ref()?;
        let id = route.policy.or(self.gateway.policy).unwrap_or(declared.policy);
        let (policy, of_service) = (program.policy(id)?, program.policy(declared.policy)?);
        self.otherwise(policy, of_service, &place);
        let mut ways: Vec<(Vec<Match>, To)> = Vec::new();
        match subset {
            Some(subset) => ways.push((
                matches.to_vec(),
                To::Services(split(&own.places, &[(subset, 100)], namespace)?),
            )),
            None => {
                for (inner, alternatives) in declared.routes.iter().zip(&own.conditions) {
                    let both = |one: &Match| -> Vec<Match> {
                        alternatives.iter().filter_map(|other| one.and(other)).collect()
                    };
                    let to = To::Services(split(&own.places, &inner.split, namespace)?);
                    ways.push((matches.iter().flat_map(both).collect(), to));
                }
            }
        }
        let mut says = Vec::new();
        for may in [Again::May, Again::Unsent] {
            let to = |to| mirrored(to, own, known, namespace);
            let Ok(mut one) = Says::of((program, options), policy, may, to) else {
                let reason = "a timeout is longer than 99999 hours".to_owned();
                self.report(&Problem::Limit { reason }, &place);
                return None;
            };
            self.changed(route, policy, &mut one);
            says.push(one);
        }
        let [may, unsent] = says.as_slice() else {
            return None;
        };
        let each = ways
            .into_iter()
            .flat_map(|(matches, to)| apart(at, &matches, &to, may, unsent));
        Some(each.collect())
    }

    /// What the route and its gateway change beside what the policy says.
    fn changed(&self, route: &Route, policy: &Policy, says: &mut Says) {
        if let Some(rewrite) = &route.rewrite {
            says.host = rewrite.host.clone().or(says.host.take());
            if let Some(prefix) = &rewrite.prefix {
                says.path = Some(Change::Instead(named(route), trimmed(prefix)));
            }
        }
        if policy.cors.is_none() {
            says.filters.extend(self.gateway.cors.as_ref().map(cors));
        }
    }

    /// What a route says otherwise than its service, and Gateway API says of whole Services or not at all.
    fn otherwise(&mut self, policy: &Policy, of_service: &Policy, place: &str) {
        for setting in unheld(policy, of_service) {
            let whole = setting == Setting::Tls || (setting == Setting::Budget && self.options.experimental);
            match whole {
                true => self.report(&Problem::Whole(setting), place),
                false => self.setting(setting, place),
            }
        }
    }

    fn redirect(&self, to: &Expr, status: u16) -> Option<Redirect> {
        let elsewhere = self.elsewhere(to)?;
        let (hostname, port) = match elsewhere.authority.rsplit_once(':') {
            Some((host, port)) => (host.to_owned(), Some(port.parse().ok()?)),
            None => (elsewhere.authority, None),
        };
        let path = elsewhere.path;
        // What stands behind the path would be taken for a part of it.
        if path.as_ref().is_some_and(|path| path.contains(['?', '#'])) {
            return None;
        }
        Some(Redirect {
            scheme: elsewhere.scheme,
            hostname,
            port,
            path: path.map(|replace_full_path| NewPath::ReplaceFullPath { replace_full_path }),
            status_code: status,
        })
    }
}

/// The path that a route names, up to its `**`; with a gap there is nothing that could be replaced.
fn named(route: &Route) -> String {
    let named = route.path.iter().filter(|segment| **segment != Segment::Rest);
    let named: Vec<Segment> = named.cloned().collect();
    match Pattern::of_route(&named).map(|pattern| pattern.path()) {
        Some(Path::Exact(path)) if !named.is_empty() => path.trim_end_matches('/').to_owned(),
        _ => String::new(),
    }
}

/// Requests that may be repeated before those that may not, where not the same holds for both.
fn apart(route: usize, matches: &[Match], to: &To, may: &Says, unsent: &Says) -> Rules {
    let rule = |matches: Vec<Match>, says: &Says| Rule {
        route,
        matches,
        outcome: Outcome {
            to: to.clone(),
            says: says.clone(),
        },
    };
    if may == unsent {
        return vec![rule(matches.to_vec(), may)];
    }
    vec![
        rule(matches.iter().flat_map(by_method).collect(), may),
        rule(matches.to_vec(), unsent),
    ]
}
