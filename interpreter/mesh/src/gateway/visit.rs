//! One visit, from the request to the answer. The order is that of the design: identify, route, authorize, limit, and on.

use super::{
    behind::Visit,
    body::{Body, Last},
    cors, forwarded,
    identify::identify,
    listen::{Door, Room},
    login,
    plan::{Fit, Looked},
    record::{Proof, Record, Trail, Wanted, micros, protocol},
    refusal::Refusal,
    rules::{Limited, Rules},
    traced::Traced,
};
use crate::{
    call::limit::{WAITED_MIN, enter},
    decide::{
        access::Verdict,
        canonical::Canonical,
        limit::{Heard, PATIENCE, Permit},
    },
    mesh::Tags,
};
use flowmesh_ir::{
    gateway::{Gateway, Route},
    service::Method,
    trace::hex,
    traffic::{Cors, Limit},
};
use http::{HeaderName, HeaderValue, Request, Response, header::ORIGIN, request::Parts};
use hyper::{body::Incoming, upgrade::OnUpgrade};
use std::{convert::Infallible, future::Future, net::SocketAddr, sync::Arc, time::Instant};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How a visitor came in.
#[derive(Clone)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    /// The address as those behind us are told it.
    pub(super) written: Option<HeaderValue>,
    pub(super) secure: bool,
    /// Who the visitor is by a certificate.
    pub(super) identity: Option<Arc<str>>,
    /// What the connection has of the limits.
    pub(super) room: Option<Arc<Room>>,
}

/// What came of a request beside its head, and what let it in.
pub(super) struct Came {
    pub(super) body: Incoming,
    pub(super) upgrade: Option<OnUpgrade>,
    pub(super) permit: Option<Arc<Permit>>,
}

/// One visit, with the rules as they were when it began.
pub(super) struct Visiting<'v> {
    pub(super) door: &'v Door,
    pub(super) rules: &'v Rules,
    pub(super) gateway: &'v Gateway,
    pub(super) peer: &'v Peer,
    pub(super) wanted: Wanted,
    pub(super) began: Instant,
}

/// Answers a request. What needs no waiting is done before the future is made, so that the future has no room for it.
pub(super) fn visit(
    door: Arc<Door>,
    peer: Arc<Peer>,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response<Body>, Infallible>> + Send + use<> {
    let began = Instant::now();
    let rules = door.rules();
    let (mut parts, body) = request.into_parts();
    let mut traced = door.traced(&mut parts.headers);
    let wanted = door.wanted();
    let mut record = Box::<Record>::default();
    let origin = parts.headers.get(ORIGIN).cloned();
    let came = Came {
        body,
        upgrade: parts.extensions.remove::<OnUpgrade>(),
        permit: None,
    };
    let counted = rules.measured().begin();
    let mut visit = rules.gateway().map(|gateway| {
        let told = (wanted > Wanted::Nothing).then_some(record.as_mut());
        read(&mut parts, (&rules, gateway, &peer), &traced, told)
    });
    async move {
        let (Some(gateway), Some(visit)) = (rules.gateway(), &mut visit) else {
            return Ok(Refusal::Nothing.answer());
        };
        let visiting = Visiting {
            door: &door,
            rules: &rules,
            gateway,
            peer: &peer,
            wanted,
            began,
        };
        let done = match visit {
            Ok(visit) => visiting.run(visit, came, &mut traced, &mut record).await,
            Err(refusal) => Err(std::mem::replace(refusal, Refusal::Nothing)),
        };
        traced.decide(rules.plan.share(None));
        let measured = rules.measured();
        let mut answer = done.unwrap_or_else(|refusal| {
            measured.refused(&refusal);
            record.refused = Some(refusal.why());
            refusal.answer()
        });
        if let Some(cors) = visiting.cors(record.route) {
            cors::allow(cors, origin.as_ref(), answer.headers_mut());
        }
        if let Ok(id) = HeaderValue::from_bytes(&hex(traced.context.trace)) {
            answer.headers_mut().insert(REQUEST_ID, id);
        }
        let took = began.elapsed();
        measured.answered(record.route, answer.status().as_u16(), took);
        answer.body_mut().count(counted);
        let Some(log) = door.log.clone().filter(|_| wanted > Wanted::Nothing) else {
            return Ok(answer);
        };
        record.status = answer.status().as_u16();
        record.head_us = micros(took);
        (record.trace, record.above) = (Some(traced.context), traced.above);
        record.tags = visiting.tags(record.route);
        answer.body_mut().tell(Last { log, record, began });
        Ok(answer)
    }
}

/// The one reading of a request, of which nobody knows yet who makes it.
fn read(
    parts: &mut Parts,
    (rules, gateway, peer): (&Rules, &Gateway, &Peer),
    traced: &Traced,
    told: Option<&mut Record>,
) -> Result<Visit, Refusal> {
    let address = forwarded::address(peer.address.ip(), &parts.headers, gateway.trusted_hops);
    let request = Canonical::new(parts);
    if let Some(record) = told {
        record.gateway = gateway.name.clone();
        record.request = traced.context.trace;
        record.protocol = protocol(parts.version);
        record.note(address, request.as_ref().ok());
    }
    Ok(Visit {
        gateway: rules.plan.id(),
        request: request.map_err(Refusal::Malformed)?,
        params: Vec::new(),
        claims: Arc::default(),
        identity: None,
        certificate: peer.identity.as_deref().map(str::to_owned),
        address,
        trace: traced.context,
        lineage: traced.lineage.clone(),
    })
}

impl Visiting<'_> {
    async fn run(
        &self,
        visit: &mut Visit,
        mut came: Came,
        traced: &mut Traced,
        record: &mut Record,
    ) -> Result<Response<Body>, Refusal> {
        let request = &mut visit.request;
        if let Some(cors) = &self.gateway.cors
            && cors::is_preflight(request.method, &request.headers)
        {
            return Ok(cors::preflight(cors, &request.headers, &self.methods(request)));
        }
        if let Some(login) = &self.rules.ways.login
            && let Some(answer) = Box::pin(login::serve(login, request, self.rules.behind.now())).await
        {
            return answer;
        }
        visit.claims = identify(self.rules, request, visit.address).await?;
        let subject = visit.claims.get("sub").and_then(|sub| sub.as_str());
        visit.identity = self.peer.identity.as_deref().or(subject).map(str::to_owned);
        record.identity.clone_from(&visit.identity);
        if self.wanted == Wanted::Trail {
            record.trail = Some(Box::new(Trail {
                proof: match (&self.peer.identity, subject) {
                    (Some(_), _) => Proof::Certificate,
                    (None, Some(_)) => Proof::Credentials,
                    (None, None) => Proof::Nothing,
                },
                ..Trail::default()
            }));
        }
        let (number, route) = self.choose(visit, record)?;
        record.route = Some(number);
        traced.decide(self.rules.plan.share(Some(route)));
        (visit.trace, visit.lineage.sampled) = (traced.context, traced.context.sampled);
        if self.wanted > Wanted::Nothing {
            let called = self.rules.plan.called().get(number);
            record.target = called.and_then(|called| called.target.clone());
        }
        self.authorize(route, visit, record)?;
        let permit = self.limit(route, visit).await?.map(Arc::new);
        came.permit.clone_from(&permit);
        let answer = self.lead(route, visit, came, record).await;
        if let Some(permit) = &permit {
            let heard = answer
                .as_ref()
                .map_or_else(Refusal::heard, |answer| Heard::of(answer.status().as_u16()));
            if let Some((_, limited)) = self.rules.limiter() {
                permit.heard(heard, limited.clock.now());
            }
        }
        let mut answer = answer?;
        if let Some(permit) = permit {
            answer.body_mut().hold(permit);
        }
        Ok(answer)
    }

    /// Waits for a turn where the gateway has a limit.
    async fn limit(&self, route: &Route, visit: &Visit) -> Result<Option<Permit>, Refusal> {
        match self.rules.limiter() {
            None => Ok(None),
            Some(limited) => Box::pin(self.enter(limited, route, visit)).await,
        }
    }

    async fn enter(
        &self,
        (limit, Limited { limiter, clock }): (&Limit, &Limited),
        route: &Route,
        visit: &Visit,
    ) -> Result<Option<Permit>, Refusal> {
        // What has no value is counted together.
        let per = limit.per.as_ref();
        let key = per
            .and_then(|per| self.rules.behind.text(per, visit))
            .unwrap_or_default();
        let began = clock.now();
        let until = began.saturating_add(PATIENCE);
        let plan = &self.rules.plan;
        let priority = plan.priority(plan.policy(Some(route)));
        let entered = enter(limiter, (&key, priority), *clock, until).await;
        let waited = clock.now().saturating_sub(began);
        if entered.is_ok() && waited >= WAITED_MIN {
            self.rules.measured().waited(waited);
        }
        entered.map(Some).map_err(Refusal::of_limit)
    }

    /// The first route whose path, method and condition fit.
    fn choose(&self, visit: &mut Visit, record: &mut Record) -> Result<(usize, &Route), Refusal> {
        let (plan, behind) = (&self.rules.plan, self.rules.behind.as_ref());
        let holds = |condition: &_, visit: &_| behind.holds(condition, visit);
        let looked = plan.choose(visit, &holds, record.trail.is_some());
        let taken = looked.taken();
        let taken = taken.and_then(|number| Some((number, self.gateway.routes.get(number)?)));
        let found = taken.ok_or_else(|| self.untaken(&looked));
        if let Some(trail) = &mut record.trail {
            trail.routes = Some(plan.called().clone());
            (trail.looked, trail.runner_up) = (looked.all, looked.runner_up);
        }
        found
    }

    /// Why no route takes a visit.
    fn untaken(&self, looked: &Looked) -> Refusal {
        let others = looked.all.iter().filter(|(_, fit)| *fit == Fit::Method);
        let others = others.filter_map(|(number, _)| self.gateway.routes.get(*number)?.method);
        let mut others: Vec<&str> = others.map(Method::as_str).collect();
        others.dedup();
        match others.is_empty() {
            true => Refusal::Nothing,
            false => Refusal::Method(others),
        }
    }

    /// The methods by which there is something at a path.
    fn methods(&self, request: &Canonical) -> Vec<&'static str> {
        let mut methods: Vec<&str> = Vec::new();
        for (_, route) in self.rules.plan.fitting(request) {
            let of: &[&str] = match &route.method {
                Some(method) => &[method.as_str()],
                None => &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            };
            for method in of {
                if !methods.contains(method) {
                    methods.push(method);
                }
            }
        }
        methods
    }

    fn authorize(&self, route: &Route, visit: &Visit, record: &mut Record) -> Result<(), Refusal> {
        let behind = self.rules.behind.as_ref();
        let holds = |condition: &_, visit: &_| behind.holds(condition, visit);
        for what in self.rules.plan.what(&route.target, visit) {
            let plan = &self.rules.plan;
            let verdict = match &mut record.trail {
                None => plan.judge(what, visit, &holds),
                Some(trail) => {
                    let said = plan.said(what, visit, &holds);
                    let verdict = plan.judge_said(what, visit, &said);
                    trail.said.extend(said);
                    verdict
                }
            };
            match verdict {
                Verdict::Allowed(rule) => record.rule = rule,
                Verdict::Denied(rule) => {
                    record.rule = rule;
                    return Err(Refusal::denied(rule));
                }
            }
        }
        Ok(())
    }

    /// What stands on the spans of a visit.
    fn tags(&self, route: Option<usize>) -> Option<Tags> {
        let route = route.and_then(|route| self.gateway.routes.get(route));
        let policy = self.rules.plan.policy(route);
        self.rules.mesh.tags(policy)
    }

    /// Which pages may read the answer: what the route says, else the gateway.
    fn cors(&self, route: Option<usize>) -> Option<&Cors> {
        let policy = route.and_then(|route| self.gateway.routes.get(route)?.policy);
        let policy = policy.and_then(|policy| self.rules.plan.program().policy(policy));
        let of_route = policy.and_then(|policy| policy.cors.as_ref());
        of_route.or(self.gateway.cors.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::visit;

    fn size<A, B, C, F>(_: impl Fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    /// It is moved into its box for every visit, and all that it waits for within it before that.
    #[test]
    fn a_visit_carries_no_room_for_what_few_visits_need() {
        let size = size(visit);
        assert!(size <= 2 << 10, "{size} bytes");
    }
}
