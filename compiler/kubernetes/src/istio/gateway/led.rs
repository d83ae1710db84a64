//! Where the visitors of a gateway are led.

use crate::{
    front::{Front, Listener, pattern},
    istio::{
        http::{Again, again, cors, destination, idempotent, replaced, settings},
        mirrored,
        rules::weighted,
        settings::said,
        virtual_service::{HttpMatch, HttpRoute, Redirect, Retries, Rewrite, Text, Weighted},
    },
    matcher::Match,
    problem::Problem,
    setting::Setting,
};
use flowmesh_ir::{
    ServiceId, SubsetId,
    expr::Expr,
    gateway::{Route, Segment, Target},
    policy::Policy,
};

/// The requests of a route that go to one place.
struct Way {
    matches: Vec<Match>,
    to: Vec<Weighted>,
}

impl Front<'_, '_> {
    /// The routes in the order in which the first that fits holds; nothing where something was reported.
    pub(super) fn http(&mut self, listeners: &[Listener]) -> Option<Vec<HttpRoute>> {
        let (mut all, mut whole) = (Vec::new(), true);
        let gateway = self.gateway;
        for (at, route) in gateway.routes.iter().enumerate() {
            match self.led(at, route, listeners) {
                Some(led) => all.extend(led),
                None => whole = false,
            }
        }
        whole.then_some(all)
    }

    fn led(&mut self, at: usize, route: &Route, listeners: &[Listener]) -> Option<Vec<HttpRoute>> {
        let place = format!("/{at}");
        let matches = match self.matches(route) {
            Ok(matches) => matches,
            Err(reason) => {
                self.report(&Problem::Condition { reason }, &place);
                return None;
            }
        };
        match &route.target {
            Target::Service { service, subset } => self.service(route, &matches, (*service, *subset), &place),
            Target::Redirect { to, status } => self.redirected(route, &matches, (to, *status), &place),
            Target::Flow { .. } => self.inside(route, &matches, Setting::ToFlow, &place, listeners),
            Target::Operation { .. } => self.inside(route, &matches, Setting::ToOperation, &place, listeners),
        }
    }

    /// To the pods that carry the program out, which decide what may be repeated and how long all of it may take.
    fn inside(
        &mut self,
        route: &Route,
        matches: &[Match],
        setting: Setting,
        place: &str,
        listeners: &[Listener],
    ) -> Option<Vec<HttpRoute>> {
        let pods = self.pods(setting, place, listeners)?;
        let found = matches.iter().flat_map(HttpMatch::any_of).collect();
        Some(vec![HttpRoute {
            route: vec![Weighted {
                destination: destination(&pods),
                weight: None,
            }],
            retries: Some(Retries::none()),
            ..HttpRoute::matching(of_host(found, route.host.as_deref()))
        }])
    }

    fn service(
        &mut self,
        route: &Route,
        matches: &[Match],
        (service, subset): (ServiceId, Option<SubsetId>),
        place: &str,
    ) -> Option<Vec<HttpRoute>> {
        let (program, options, known) = (self.program, self.options, self.known);
        let declared = program.service(service)?;
        // What is wrong with the service was reported there.
        let own = known.get(service.index())?.as_ref()?;
        let id = route.policy.or(self.gateway.policy).unwrap_or(declared.policy);
        let (policy, of_service) = (program.policy(id)?, program.policy(declared.policy)?);
        self.differs(policy, of_service, place);
        let mut ways = Vec::new();
        match subset {
            Some(subset) => ways.push(Way {
                matches: matches.to_vec(),
                to: weighted(&own.places, &[(subset, 100)])?,
            }),
            None => {
                for (inner, alternatives) in declared.routes.iter().zip(&own.conditions) {
                    let both = |one: &Match| {
                        alternatives
                            .iter()
                            .filter_map(|other| one.and(other))
                            .collect::<Vec<_>>()
                    };
                    ways.push(Way {
                        matches: matches.iter().flat_map(both).collect(),
                        to: weighted(&own.places, &inner.split)?,
                    });
                }
            }
        }
        let says = |again: Again| {
            let to = |to| mirrored(to, own, known);
            let mut says = settings(program, options, policy, again, to);
            if let Some(rewrite) = &route.rewrite {
                says.rewrite = Some(instead(route, rewrite, says.rewrite.take()));
            }
            if says.cors_policy.is_none() {
                says.cors_policy = self.gateway.cors.as_ref().map(cors);
            }
            says
        };
        let [may, unsent] = [Again::May, Again::Unsent].map(says);
        let ways = ways.into_iter().filter(|way| !way.matches.is_empty());
        Some(
            ways.flat_map(|way| apart(&way, route.host.as_deref(), &may, &unsent))
                .collect(),
        )
    }

    /// What a route says otherwise than its service, and Istio says of whole services.
    fn differs(&mut self, policy: &Policy, of_service: &Policy, place: &str) {
        for setting in said(policy, of_service) {
            match crate::istio::settings::of_whole_services(setting) {
                true => self.report(&Problem::Whole(setting), place),
                false => self.setting(setting, place),
            }
        }
    }

    fn redirected(
        &mut self,
        route: &Route,
        matches: &[Match],
        (to, status): (&Expr, u16),
        place: &str,
    ) -> Option<Vec<HttpRoute>> {
        let Some(elsewhere) = self.elsewhere(to) else {
            self.report(&Problem::Setting(Setting::Redirect), place);
            return None;
        };
        let redirect = Redirect {
            scheme: elsewhere.scheme,
            authority: elsewhere.authority,
            uri: elsewhere.path,
            redirect_code: status,
        };
        self.setting(Setting::Redirect, place);
        let found = matches.iter().flat_map(HttpMatch::any_of).collect();
        Some(vec![HttpRoute {
            redirect: Some(redirect),
            ..HttpRoute::matching(of_host(found, route.host.as_deref()))
        }])
    }
}

/// What a route puts in the place of the segments that it names.
fn instead(route: &Route, rewrite: &flowmesh_ir::traffic::Rewrite, before: Option<Rewrite>) -> Rewrite {
    let named = route.path.iter().filter(|segment| **segment != Segment::Rest);
    let named: Vec<Segment> = named.cloned().collect();
    let regex = pattern(&named)
        .map(|pattern| pattern.regex())
        .filter(|_| !named.is_empty());
    let regex = regex.unwrap_or_default();
    let path = rewrite
        .prefix
        .as_ref()
        .map(|prefix| match prefix.trim_end_matches('/') {
            "" => replaced(&format!("^{regex}/?"), "/"),
            prefix if regex.is_empty() => replaced("^/", &format!("{prefix}/")),
            prefix => replaced(&format!("^{regex}"), prefix),
        });
    let before = before.unwrap_or_default();
    Rewrite {
        authority: rewrite.host.clone().or(before.authority),
        uri_regex_rewrite: path.or(before.uri_regex_rewrite),
    }
}

/// Requests that may be repeated before those that may not, where not the same holds for both.
fn apart(way: &Way, host: Option<&str>, may: &HttpRoute, unsent: &HttpRoute) -> Vec<HttpRoute> {
    let route = |matches: Vec<HttpMatch>, says: &HttpRoute| HttpRoute {
        matches: HttpRoute::matching(of_host(matches, host)).matches,
        route: way.to.clone(),
        ..says.clone()
    };
    let all = || way.matches.iter().flat_map(HttpMatch::any_of);
    if may == unsent {
        return vec![route(all().collect(), may)];
    }
    let may_be = |one: &Match| {
        one.method
            .as_deref()
            .is_none_or(|method| again(method) == Again::May)
    };
    let first = way
        .matches
        .iter()
        .filter(|one| may_be(one))
        .flat_map(HttpMatch::any_of);
    let first: Vec<HttpMatch> = first
        .map(|one| HttpMatch {
            method: one.method.or_else(|| Some(idempotent())),
            ..one
        })
        .collect();
    let mut routes = Vec::new();
    if !first.is_empty() {
        routes.push(route(first, may));
    }
    // By a method that may be repeated, the route before has taken them.
    let once = |one: &Match| {
        one.method
            .as_deref()
            .is_none_or(|method| again(method) == Again::Unsent)
    };
    let rest: Vec<HttpMatch> = way
        .matches
        .iter()
        .filter(|one| once(one))
        .flat_map(HttpMatch::any_of)
        .collect();
    if !rest.is_empty() {
        routes.push(route(rest, unsent));
    }
    routes
}

/// The same for one host, or for all below one, with or without a port.
fn of_host(matches: Vec<HttpMatch>, host: Option<&str>) -> Vec<HttpMatch> {
    let Some(host) = host else { return matches };
    let quoted = crate::matcher::quoted;
    let regex = match host.strip_prefix("*.") {
        Some(above) => format!(r"[^:]+\.{}(:[0-9]+)?", quoted(above)),
        None => format!("{}(:[0-9]+)?", quoted(host)),
    };
    let each = matches.into_iter().map(|one| HttpMatch {
        authority: Some(Text::Regex(regex.clone())),
        ..one
    });
    each.collect()
}
