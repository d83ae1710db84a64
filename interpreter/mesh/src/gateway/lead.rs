//! Where a visit is led: on to a service, to an operation, to a flow, or elsewhere.

use super::{
    behind::{Answered, Visit},
    body::Body,
    forwarded,
    record::{Attempts, Record, Wanted},
    refusal::Refusal,
    side::Side,
    upgrade::{self, Upgraded},
    visit::{Came, Visiting},
};
use crate::{
    call::relay::{Handed, Relay, Unrelayed},
    decide::canonical::{Canonical, headers::without_hops},
    observe::{Asker, AttemptReport, Observer, Silent},
};
use bytes::Bytes;
use flowmesh_ir::{
    FlowId, OperationId, PolicyId, ServiceId,
    call::Failure,
    expr::Expr,
    gateway::{Route, Segment, Target},
    traffic::Rewrite,
};
use http::{
    HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, LOCATION, RETRY_AFTER},
    uri::PathAndQuery,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// So many headers we say at the most ourselves, to one that is asked on behalf of a visitor.
const HEADERS_TOLD: usize = 8;

/// An operation, and what holds for it beside what it says itself.
type Called = (ServiceId, OperationId, Option<PolicyId>);

/// A visitor who calls an operation.
struct Asking {
    attempts: Option<Arc<Attempts>>,
    /// The services that the visit may go to beside that of the operation.
    onward: Vec<ServiceId>,
}

impl Observer for Asking {
    fn ended(&self, report: &AttemptReport<'_>) {
        if let Some(attempts) = &self.attempts {
            attempts.ended(report);
        }
    }

    fn asker(&self) -> Asker<'_> {
        Asker::Visitor(&self.onward)
    }
}

/// Where to go is pinned on the heap wherever few go, so that all others do not carry room for it along.
impl Visiting<'_> {
    pub(super) async fn lead(
        &self,
        route: &Route,
        visit: &mut Visit,
        came: Came,
        record: &mut Record,
    ) -> Result<Response<Body>, Refusal> {
        match &route.target {
            Target::Redirect { to, status } => {
                let to = self.rules.behind.text(to, visit);
                let to =
                    to.ok_or_else(|| Refusal::Valueless("the address to go to has no value".to_owned()))?;
                redirect(&to, *status)
            }
            Target::Service { service, subset } => {
                let policy = route.policy.or(self.gateway.policy);
                let onward = self.onward(route, visit).unwrap_or_default();
                let relay = Relay {
                    onward,
                    revalidates: false,
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
                    is_rewritten: route
                        .rewrite
                        .as_ref()
                        .is_some_and(|rewrite| rewrite.prefix.is_some()),
                    headers: self.headers(visit),
                    body_bytes: self.door.options.body_bytes,
                    trace: visit.trace,
                };
                self.relay(&relay, visit, came, record).await
            }
            Target::Flow {
                flow,
                arguments,
                wait,
            } => {
                let flow = (*flow, arguments.as_slice(), *wait);
                Box::pin(self.start(flow, visit, came.body, record)).await
            }
            Target::Operation {
                service,
                operation,
                arguments,
            } => {
                let operation = (*service, *operation, route.policy.or(self.gateway.policy));
                let onward = self.onward(route, visit);
                let call = (operation, arguments.as_slice(), onward);
                Box::pin(self.call(call, visit, came.body, record)).await
            }
        }
    }

    async fn start(
        &self,
        (flow, arguments, wait): (FlowId, &[Expr], bool),
        visit: &Visit,
        body: Incoming,
        record: &mut Record,
    ) -> Result<Response<Body>, Refusal> {
        let (body, _room) = self.whole(body).await?;
        let behind = &self.rules.behind;
        let answered = behind.start(flow, arguments, wait, visit, body).await;
        record.run.clone_from(&answered.run);
        Ok(told(answered))
    }

    async fn call(
        &self,
        (operation, arguments, onward): (Called, &[Expr], Option<Vec<ServiceId>>),
        visit: &Visit,
        body: Incoming,
        record: &mut Record,
    ) -> Result<Response<Body>, Refusal> {
        let (body, _room) = self.whole(body).await?;
        let attempts = self.attempts();
        let observer: Arc<dyn Observer> = match (onward, &attempts) {
            (Some(onward), attempts) => Arc::new(Asking {
                attempts: attempts.clone(),
                onward,
            }),
            (None, Some(attempts)) => attempts.clone(),
            (None, None) => Arc::new(Silent),
        };
        let behind = &self.rules.behind;
        let answered = behind.call(operation, arguments, visit, body, observer).await;
        record.attempts = attempts.map(|attempts| attempts.take()).unwrap_or_default();
        Ok(told(answered))
    }

    /// Where else the policy of a route may send a visit, as far as the rules let this one go there.
    fn onward(&self, route: &Route, visit: &Visit) -> Option<Vec<ServiceId>> {
        let behind = self.rules.behind.as_ref();
        let holds = |condition: &_, visit: &_| behind.holds(condition, visit);
        let plan = &self.rules.plan;
        plan.onward(plan.policy(Some(route))?, visit, &holds)
    }

    /// Who writes down the attempts, where somebody wants to know of them.
    fn attempts(&self) -> Option<Arc<Attempts>> {
        (self.wanted > Wanted::Nothing).then(|| Arc::new(Attempts::new(self.began)))
    }

    /// The headers for the other end, taken out of the visit, and what we say of the visitor.
    fn headers(&self, visit: &mut Visit) -> http::HeaderMap {
        let mut headers = std::mem::take(&mut visit.request.headers);
        headers.reserve(HEADERS_TOLD);
        let side = self.rules.plan.side();
        if side.tells() {
            let address = match visit.address == self.peer.address.ip().to_canonical() {
                true => self.peer.written.clone(),
                false => forwarded::written(visit.address),
            };
            forwarded::tell(&mut headers, &visit.request.host, address, self.peer.secure);
        }
        if let (Side::Inbound(_), Some(shown)) = (side, &visit.certificate) {
            forwarded::tell_identity(&mut headers, shown);
        }
        headers
    }

    async fn relay(
        &self,
        relay: &Relay,
        visit: &Visit,
        came: Came,
        record: &mut Record,
    ) -> Result<Response<Body>, Refusal> {
        let Came {
            body,
            upgrade,
            permit,
        } = came;
        let most = self.door.options.body_bytes;
        if body.size_hint().lower() > most {
            return Err(Refusal::TooLarge(most));
        }
        let attempts = (self.wanted > Wanted::Nothing).then(|| Attempts::new(self.began));
        let observer: &dyn Observer = match &attempts {
            Some(attempts) => attempts,
            None => &Silent,
        };
        let take = || {
            attempts
                .as_ref()
                .map(|attempts| attempts.take())
                .unwrap_or_default()
        };
        if let (Some(protocol), Some(upgrade)) = (&visit.request.upgrade, upgrade) {
            let silence = self.door.options.silence;
            let upgraded = Upgraded {
                protocol,
                visitor: upgrade,
                silence,
                held: (self.peer.room.clone(), permit),
            };
            let answer = Box::pin(upgrade::relay(&self.rules.mesh, relay, upgraded, observer)).await;
            record.attempts = take();
            return answer.map_err(Refusal::Failed);
        }
        let answer = self.rules.mesh.relay(relay, body, observer).await;
        record.attempts = take();
        let mut answer = answer.map_err(|why| match why {
            Unrelayed::Failed(failure) => Refusal::Failed(failure),
            Unrelayed::TooLong => Refusal::TooLarge(most),
            Unrelayed::Broken | Unrelayed::Slow => Refusal::Unsent,
        })?;
        without_hops(answer.headers_mut());
        Ok(answer.map(|body| match body {
            Handed::Nothing => Body::whole(Bytes::new()),
            Handed::Whole(bytes) => Body::whole(bytes),
            Handed::Stream(body) => Body::relayed(body),
        }))
    }

    /// The whole body, for those who need it so.
    async fn whole(&self, body: Incoming) -> Result<(Bytes, OwnedSemaphorePermit), Refusal> {
        let most = self.door.options.whole_bytes;
        let hint = body.size_hint();
        if hint.lower() > most {
            return Err(Refusal::TooLarge(most));
        }
        let room = self.door.room(hint.exact().unwrap_or(most));
        let full = || Failure::Overloaded("the bodies of other visitors take all the room".to_owned());
        let room = room.ok_or_else(|| Refusal::Failed(full()))?;
        let limited = Limited::new(body, usize::try_from(most).unwrap_or(usize::MAX));
        match tokio::time::timeout(self.door.options.silence, limited.collect()).await {
            Ok(Ok(whole)) => Ok((whole.to_bytes(), room)),
            Ok(Err(why)) if why.is::<LengthLimitError>() => Err(Refusal::TooLarge(most)),
            Ok(Err(_)) => Err(Refusal::Unsent),
            Err(_) => Err(Refusal::Unsent),
        }
    }
}

/// Path and query as they go on: the path that was asked for, or what the route puts in the place of what it matched.
fn target(route: &Route, request: &Canonical) -> Result<PathAndQuery, Refusal> {
    let prefix = route
        .rewrite
        .as_ref()
        .and_then(|rewrite: &Rewrite| rewrite.prefix.as_deref());
    let Some(prefix) = prefix else {
        return Ok(request.target.clone());
    };
    let named = route.path.iter().filter(|segment| **segment != Segment::Rest);
    let rest = request.path().split('/').skip(1).skip(named.count());
    let mut target = prefix.trim_end_matches('/').to_owned();
    for segment in rest {
        target.push('/');
        target.push_str(segment);
    }
    if target.is_empty() {
        target.push('/');
    }
    if !request.query().is_empty() {
        target.push('?');
        target.push_str(request.query());
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
