//! One visit, from the request to the answer. The order is that of the design: identify, route, authorize, limit, and on.

use super::{
    behind::{Answered, Visit},
    body::{Body, Last},
    cors, forwarded,
    identify::identify,
    listen::Door,
    record::{Attempts, Record},
    refusal::Refusal,
    rules::Rules,
    upgrade,
};
use crate::{
    call::{limit::enter, relay::Relay},
    decide::{
        access::{Verdict, judge},
        canonical::{Canonical, headers::without_hops},
        limit::{PATIENCE, Permit},
        tree::parameters,
    },
};
use bytes::Bytes;
use flowmesh_ir::{
    access::Who,
    gateway::{Gateway, Route, Segment, Target},
    traffic::{Cors, Rewrite},
};
use http::{
    HeaderValue, Request, Response, StatusCode,
    header::{CONTENT_TYPE, LOCATION, RETRY_AFTER},
    request::Parts,
    uri::PathAndQuery,
};
use http_body_util::{BodyExt, Limited};
use hyper::{
    body::{Body as _, Incoming},
    upgrade::OnUpgrade,
};
use std::{net::SocketAddr, sync::Arc, time::Instant};

const REQUEST_ID: http::HeaderName = http::HeaderName::from_static("x-request-id");

/// How a visitor came in.
#[derive(Clone, Copy)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    pub(super) secure: bool,
}

/// One visit, with the rules as they were when it began.
struct Visiting<'v> {
    door: &'v Door,
    rules: &'v Rules,
    gateway: &'v Gateway,
    peer: Peer,
}

/// Answers a request.
pub(super) async fn visit(door: Arc<Door>, peer: Peer, request: Request<Incoming>) -> Response<Body> {
    let began = Instant::now();
    let rules = door.rules();
    let (parts, body) = request.into_parts();
    let Some(gateway) = rules.gateway() else {
        return Refusal::Nothing.answer();
    };
    let trace = door.trace(&parts.headers);
    let mut record = Box::new(Record {
        gateway: gateway.name.clone(),
        request: format!("{:032x}", trace.trace),
        protocol: format!("{:?}", parts.version),
        ..Record::default()
    });
    let visiting = Visiting {
        door: &door,
        rules: &rules,
        gateway,
        peer,
    };
    let came = parts.headers.clone();
    let done = visiting.run(parts, body, trace, &mut record).await;
    let mut answer = done.unwrap_or_else(|refusal| {
        record.refused = Some(refusal.why());
        refusal.answer()
    });
    if let Some(cors) = visiting.cors(record.route) {
        cors::allow(cors, &came, answer.headers_mut());
    }
    if let Ok(id) = HeaderValue::from_str(&record.request) {
        answer.headers_mut().insert(REQUEST_ID, id);
    }
    record.status = answer.status().as_u16();
    record.head_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    match &door.log {
        Some(log) => {
            let log = log.clone();
            answer.map(|body| body.told(Last { log, record, began }))
        }
        None => answer,
    }
}

impl Visiting<'_> {
    async fn run(
        &self,
        mut parts: Parts,
        body: Incoming,
        trace: flowmesh_ir::trace::TraceContext,
        record: &mut Record,
    ) -> Result<Response<Body>, Refusal> {
        let address = forwarded::address(self.peer.address.ip(), &parts.headers, self.gateway.trusted_hops);
        record.address = address.to_string();
        let request = Canonical::new(&parts).map_err(Refusal::Malformed)?;
        record.method = request.method.as_str().to_owned();
        record.host.clone_from(&request.host);
        record.path.clone_from(&request.path);
        if let Some(cors) = &self.gateway.cors
            && cors::is_preflight(request.method, &parts.headers)
        {
            return Ok(cors::preflight(cors, &parts.headers, &self.methods(&request)));
        }
        let claims = identify(self.rules, &parts.headers).await?;
        let identity = claims.get("sub").and_then(|sub| sub.as_str()).map(str::to_owned);
        record.identity.clone_from(&identity);
        let mut visit = Visit {
            gateway: self.rules.id,
            request,
            params: Vec::new(),
            claims,
            identity,
            address,
            trace,
        };
        let (number, route) = self.choose(&mut visit)?;
        record.route = Some(number);
        record.target = self.rules.name(&route.target);
        self.authorize(route, &visit, record)?;
        let permit = self.limit(&visit).await?;
        let upgrade = parts.extensions.remove::<OnUpgrade>();
        let answer = self.lead(route, visit, (body, upgrade), record).await?;
        Ok(match permit {
            Some(permit) => answer.map(|body| body.holding(permit)),
            None => answer,
        })
    }

    /// Waits for a turn where the gateway has a limit.
    async fn limit(&self, visit: &Visit) -> Result<Option<Permit>, Refusal> {
        let Some((limit, limiter)) = self.rules.limiter() else {
            return Ok(None);
        };
        // What has no value is counted together.
        let per = limit.per.as_ref();
        let key = per
            .and_then(|per| self.rules.behind.text(per, visit))
            .unwrap_or_default();
        let clock = self.rules.mesh.clock;
        let until = clock.now().saturating_add(PATIENCE);
        let entered = enter(limiter, &key, clock, until).await;
        entered
            .map(Some)
            .map_err(|refusal| Refusal::Limited(refusal.after))
    }

    /// The first route whose path, method and condition fit.
    fn choose(&self, visit: &mut Visit) -> Result<(usize, &Route), Refusal> {
        let mut others = Vec::new();
        for number in self.rules.tree.find(&visit.request.segments) {
            let number = usize::try_from(number).unwrap_or(usize::MAX);
            let Some(route) = self.gateway.routes.get(number) else {
                continue;
            };
            if let Some(method) = route.method.filter(|method| *method != visit.request.method) {
                others.push(method.as_str());
                continue;
            }
            visit.params = parameters(&route.path, &visit.request.segments);
            let holds = |condition| self.rules.behind.holds(condition, visit) == Some(true);
            if route.condition.as_ref().is_none_or(holds) {
                return Ok((number, route));
            }
        }
        others.dedup();
        Err(match others.is_empty() {
            true => Refusal::Nothing,
            false => Refusal::Method(others),
        })
    }

    /// The methods by which there is something at a path.
    fn methods(&self, request: &Canonical) -> Vec<&'static str> {
        let routes = self.rules.tree.find(&request.segments).into_iter();
        let routes = routes.filter_map(|at| self.gateway.routes.get(usize::try_from(at).ok()?));
        let mut methods: Vec<&str> = Vec::new();
        for route in routes {
            let of: &[&str] = match &route.method {
                Some(method) => &[method.as_str()],
                None => &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            };
            methods.extend(
                of.iter()
                    .filter(|method| !methods.contains(method))
                    .copied()
                    .collect::<Vec<_>>(),
            );
        }
        methods
    }

    fn authorize(&self, route: &Route, visit: &Visit, record: &mut Record) -> Result<(), Refusal> {
        let Some(what) = route.target.what() else {
            return Ok(());
        };
        let is = |who: &Who| match who {
            Who::Anyone => true,
            Who::Gateway(id) => *id == self.rules.id,
            Who::Flow(_) | Who::Service(_) | Who::Identity(_) => false,
        };
        let mut holds = |condition: &_| self.rules.behind.holds(condition, visit);
        let rules = (self.rules.access.as_slice(), self.rules.program.mesh.access);
        match judge(rules, what, &is, &mut holds) {
            Verdict::Allowed(rule) => {
                record.rule = rule;
                Ok(())
            }
            Verdict::Denied(rule) => {
                record.rule = rule;
                Err(Refusal::Denied(match rule {
                    Some(rule) => format!("rule {rule} denies it"),
                    None => "no rule allows it".to_owned(),
                }))
            }
        }
    }

    async fn lead(
        &self,
        route: &Route,
        visit: Visit,
        (body, upgrade): (Incoming, Option<OnUpgrade>),
        record: &mut Record,
    ) -> Result<Response<Body>, Refusal> {
        let behind = &self.rules.behind;
        match &route.target {
            Target::Redirect { to, status } => {
                let to = behind.text(to, &visit);
                let to =
                    to.ok_or_else(|| Refusal::Valueless("the address to go to has no value".to_owned()))?;
                redirect(&to, *status)
            }
            Target::Service { service, subset } => {
                let policy = route.policy.or(self.gateway.policy);
                let relay = Relay {
                    service: *service,
                    subset: *subset,
                    policy,
                    method: visit.request.method,
                    target: target(route, &visit.request)?,
                    host: route
                        .rewrite
                        .as_ref()
                        .and_then(|rewrite| rewrite.host.as_deref())
                        .and_then(|host| HeaderValue::from_str(host).ok()),
                    headers: self.headers(&visit),
                    body_bytes: self.door.options.body_bytes,
                    trace: visit.trace,
                };
                self.relay(relay, &visit, (body, upgrade), record).await
            }
            Target::Flow {
                flow,
                arguments,
                wait,
            } => {
                let body = self.whole(body).await?;
                Ok(told(behind.start(*flow, arguments, *wait, &visit, body).await))
            }
            Target::Operation {
                service,
                operation,
                arguments,
            } => {
                let body = self.whole(body).await?;
                let operation = (*service, *operation, route.policy.or(self.gateway.policy));
                Ok(told(behind.call(operation, arguments, &visit, body).await))
            }
        }
    }

    /// The headers for the other end, and what we say of the visitor.
    fn headers(&self, visit: &Visit) -> http::HeaderMap {
        let mut headers = visit.request.headers.clone();
        forwarded::tell(&mut headers, &visit.request, visit.address, self.peer.secure);
        headers
    }

    async fn relay(
        &self,
        relay: Relay,
        visit: &Visit,
        (body, upgrade): (Incoming, Option<OnUpgrade>),
        record: &mut Record,
    ) -> Result<Response<Body>, Refusal> {
        let most = self.door.options.body_bytes;
        if body.size_hint().lower() > most {
            return Err(Refusal::TooLarge(most));
        }
        let attempts = Attempts::default();
        if let (Some(protocol), Some(upgrade)) = (&visit.request.upgrade, upgrade) {
            let silence = self.door.options.silence;
            let answer =
                upgrade::relay(&self.rules.mesh, relay, (protocol, upgrade), silence, &attempts).await;
            record.attempts = attempts.take();
            return answer.map_err(Refusal::Failed);
        }
        let answer = self.rules.mesh.relay(&relay, body, &attempts).await;
        if self.door.log.is_some() {
            record.attempts = attempts.take();
        }
        let mut answer = answer.map_err(Refusal::Failed)?;
        without_hops(answer.headers_mut());
        Ok(answer.map(|body| body.map_or_else(|| Body::whole(Bytes::new()), Body::relayed)))
    }

    /// The whole body, for those who need it so.
    async fn whole(&self, body: Incoming) -> Result<Bytes, Refusal> {
        let most = self.door.options.whole_bytes;
        if body.size_hint().lower() > most {
            return Err(Refusal::TooLarge(most));
        }
        let limited = Limited::new(body, usize::try_from(most).unwrap_or(usize::MAX));
        match tokio::time::timeout(self.door.options.silence, limited.collect()).await {
            Ok(Ok(whole)) => Ok(whole.to_bytes()),
            Ok(Err(_)) => Err(Refusal::TooLarge(most)),
            Err(_) => Err(Refusal::Valueless("the body did not come in time".to_owned())),
        }
    }

    /// Which pages may read the answer: what the route says, else the gateway.
    fn cors(&self, route: Option<usize>) -> Option<&Cors> {
        let policy = route.and_then(|route| self.gateway.routes.get(route)?.policy);
        let policy = policy.and_then(|policy| self.rules.program.policy(policy));
        let of_route = policy.and_then(|policy| policy.cors.as_ref());
        of_route.or(self.gateway.cors.as_ref())
    }
}

/// Path and query as they go on: the path that was asked for, or what the route puts in the place of what it matched.
fn target(route: &Route, request: &Canonical) -> Result<PathAndQuery, Refusal> {
    let prefix = route
        .rewrite
        .as_ref()
        .and_then(|rewrite: &Rewrite| rewrite.prefix.as_deref());
    let mut target = match prefix {
        None => request.path.clone(),
        Some(prefix) => {
            let matched = route
                .path
                .iter()
                .filter(|segment| **segment != Segment::Rest)
                .count();
            let rest = request.path.split('/').skip(1).skip(matched);
            let mut target = prefix.trim_end_matches('/').to_owned();
            for segment in rest {
                target.push('/');
                target.push_str(segment);
            }
            if target.is_empty() {
                target.push('/');
            }
            target
        }
    };
    if !request.query.is_empty() {
        target.push('?');
        target.push_str(&request.query);
    }
    PathAndQuery::try_from(target.as_str())
        .map_err(|_| Refusal::Valueless(format!("`{target}` cannot be a path")))
}

fn redirect(to: &str, status: u16) -> Result<Response<Body>, Refusal> {
    let wrong = || Refusal::Valueless(format!("nobody can be sent to `{}`", to.escape_debug()));
    let mut answer = Response::new(Body::whole(Bytes::new()));
    *answer.status_mut() = StatusCode::from_u16(status).map_err(|_| wrong())?;
    let to = HeaderValue::from_str(to).map_err(|_| wrong())?;
    answer.headers_mut().insert(LOCATION, to);
    Ok(answer)
}

fn told(answered: Answered) -> Response<Body> {
    let json = match answered.problem {
        true => "application/problem+json",
        false => "application/json",
    };
    let empty = answered.body.is_empty();
    let mut answer = Response::new(Body::whole(answered.body));
    *answer.status_mut() = StatusCode::from_u16(answered.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = answer.headers_mut();
    if !empty {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(json));
    }
    if let Some(wait) = answered.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(wait));
    }
    if let Some(to) = answered.location.and_then(|to| HeaderValue::from_str(&to).ok()) {
        headers.insert(LOCATION, to);
    }
    answer
}
