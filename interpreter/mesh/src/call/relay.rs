//! A request that is handed on as it is: routed, balanced, retried and signed like a call, its body and that of its answer
//! streamed.
//!
//! The time of an attempt and the total hold until the head of the answer is there, and begin anew for as long as the
//! visitor is sending. What follows may take as long as something comes. A body is sent a second time only where it was kept: one of at most 64 KiB, of a request that may be
//! repeated and whose policy retries at all.

mod attempt;
mod beside;
mod failover;
mod handed;
mod message;
mod pass;
mod upgrade;

pub(crate) use handed::{Handed, Relay, Unrelayed};
pub(crate) use pass::Reached;
pub(crate) use upgrade::Joined;

pub(super) use handed::Elsewhere;
use handed::Kept;
pub(super) use message::headers;
use message::{effect, kept, whole};

use super::{
    Names,
    failover::elsewhere,
    limit::{Permits, of_answer},
    pick::Way,
};
use crate::{
    decide::{
        attempts::{CallPlan, Decision},
        outcome::Outcome,
        sticky::cookie,
    },
    gauge::CallTally,
    mesh::{Mesh, Service},
    observe::{AttemptReport, Detour, Next, Observer},
    wire::{endpoint::Endpoint, relayed::Relayed, request::Credential, subset::Subset},
};
use flowmesh_ir::{
    Name, PolicyId, SubsetId,
    call::{Failure, Reply},
    policy::Policy,
    service::EffectKind,
    traffic::Onward,
};
use http::{HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE, uri::PathAndQuery};
use hyper::body::Incoming;
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

/// The longest body that is kept to be sent again, in bytes; as Linkerd has it.
const KEPT_BYTES_MAX: u64 = 64 * 1024;
/// How long either side may send nothing in the middle of a body.
const SILENCE_MAX: Duration = Duration::from_secs(60);

const DEADLINE: HeaderName = HeaderName::from_static("x-flowmesh-deadline-ms");

/// What is the same for all attempts.
pub(super) struct Relaying<'r> {
    pub(super) mesh: &'r Mesh,
    pub(super) request: &'r Relay,
    pub(super) policy: &'r Policy,
    pub(super) id: PolicyId,
    pub(super) service: &'r Service,
    name: &'r Name,
    /// Which subset was chosen.
    pub(super) chosen: SubsetId,
    subset: Arc<Subset>,
    /// Path and host, where the policy wants others.
    rewritten: Rewritten,
    permits: Permits,
    credential: Option<Credential>,
    /// Where it stands in a table of endpoints, where its policy goes by one.
    pub(super) hash: Option<u64>,
    /// Whether it goes by HTTP/2, as gRPC does.
    pub(super) grpc: bool,
    /// What names the endpoint that the visitor stays with.
    token: Option<&'r str>,
}

/// An answer on its way.
type OnItsWay<'r> = Pin<Box<dyn Future<Output = Result<Response<Handed>, Unrelayed>> + Send + 'r>>;

/// Path and host, where the policy of a request wants others.
type Rewritten = (Option<PathAndQuery>, Option<HeaderValue>);

impl Mesh {
    /// Hands a request on and waits for the head of its answer, or answers it by what is kept. Apart, so that who asks does
    /// not carry room for it along.
    pub(crate) fn relay<'r>(
        &'r self,
        request: &'r Relay,
        body: Incoming,
        observer: &'r dyn Observer,
    ) -> OnItsWay<'r> {
        let declared = self.program.service(request.service);
        let rule = declared.and_then(|declared| {
            let id = request.policy.unwrap_or(declared.policy);
            Some((declared, id, self.cache(id)?))
        });
        match rule {
            None => Box::pin(self.relay_plain(request, body, observer)),
            Some(rule) => Box::pin(self.relay_kept(request, body, rule, observer)),
        }
    }

    /// The same, whatever is kept.
    pub(super) async fn relay_plain(
        &self,
        request: &Relay,
        body: Incoming,
        observer: &dyn Observer,
    ) -> Result<Response<Handed>, Unrelayed> {
        let relaying = self.relaying(request, true).await?;
        let effect = effect(request.method);
        let replays = relaying.policy.retry.is_some() && effect.repeatable();
        let mut body = match kept(body, replays, request.body_bytes)? {
            Ok(kept) => kept,
            Err(body) => Box::pin(whole(body)).await?,
        };
        if let Some(copy) = relaying.copy(effect) {
            match &mut body {
                Kept::Whole(bytes) => copy.with_body(bytes.clone()),
                Kept::Stream(_, tee) => *tee = Some(copy.tee()),
                Kept::Gone => {}
            }
        }
        let answer = relaying.run(&mut body, effect, observer).await;
        self.heard(&relaying.permits, of_answer(&answer));
        Ok(answer?.map(|body| match body {
            Some(mut body) => {
                body.hold(relaying.permits);
                Handed::Stream(body)
            }
            None => Handed::Nothing,
        }))
    }

    /// Says where a request goes, once its limits let it through where it must pass them; or why it cannot go there.
    async fn relaying<'r>(&'r self, request: &'r Relay, passes: bool) -> Result<Relaying<'r>, Failure> {
        let lost = || Failure::Unavailable("the program has no such service, policy or route".to_owned());
        let declared = self.program.service(request.service).ok_or_else(lost)?;
        let service = self.services.get(request.service.index()).ok_or_else(lost)?;
        let id = request.policy.unwrap_or(declared.policy);
        let policy = self.program.policy(id).ok_or_else(lost)?;
        service.is_safe_for(policy).map_err(Failure::Unavailable)?;
        let headers = headers(declared, policy, request);
        let view = request.view(&declared.name, &headers);
        let names = Names {
            service: &declared.name,
            operation: "",
        };
        let permits = match passes {
            true => self.pass((request.service, None, id), &view, names).await?,
            false => [None, None],
        };
        let token = policy.sticky.as_ref();
        let token = token.and_then(|sticky| cookie(&request.headers, &sticky.cookie));
        let stays = || self.subset_of(token?, id, &view, declared, service);
        let chosen = match request.subset {
            Some(subset) => subset,
            None => stays()
                .or_else(|| self.route(&view, declared, service))
                .ok_or_else(lost)?,
        };
        let places = service.subsets.get(chosen.index()).ok_or_else(lost)?;
        let kind = request.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        Ok(Relaying {
            mesh: self,
            request,
            policy,
            id,
            service,
            name: &declared.name,
            chosen,
            rewritten: request.rewritten(policy).map_err(Failure::Unavailable)?,
            subset: places.of(&[]).map_err(Failure::Unavailable)?,
            permits,
            credential: service.shown.credential().await.map_err(Failure::Unavailable)?,
            hash: self.hash(policy, &view),
            // Not by the word of a stranger alone: to a service that speaks no HTTP/2 it would look like a failure.
            grpc: service.grpc && kind.is_some_and(|kind| kind.starts_with(b"application/grpc")),
            token,
        })
    }
}

impl Relaying<'_> {
    async fn run(
        &self,
        body: &mut Kept,
        effect: EffectKind,
        observer: &dyn Observer,
    ) -> Result<Response<Option<Box<Relayed>>>, Unrelayed> {
        let clock = self.mesh.clock;
        let began = clock.now();
        let mut now = began;
        self.service.budgets.deposit(self.id, began);
        let tally = self.mesh.calls.of(self.request.service, None);
        let _in_flight = tally.map(CallTally::begin);
        let plan = CallPlan::new(self.policy, effect, &[], began);
        let mut plan = match *body {
            Kept::Whole(_) => plan,
            Kept::Stream(..) | Kept::Gone => plan.single(),
        };
        let mut decision = self.decide(&mut plan, None, began);
        let (mut last, mut detour) = (None, None);
        let mut answer = None;
        loop {
            decision = match decision {
                Decision::Attempt { number, timeout } => {
                    observer.started(number);
                    let began = now;
                    let went = match (self.hedge(effect), &*body) {
                        (Some(hedge), Kept::Whole(bytes)) => {
                            Box::pin(self.hedged(hedge, (number, timeout), last.as_ref(), bytes)).await?
                        }
                        _ => {
                            let at = (last.as_ref(), None);
                            match self.elsewhere() {
                                None => self.attempt(number, timeout, at, body).await?,
                                Some(to) => {
                                    let attempt = (number, timeout);
                                    Box::pin(self.attempt_somewhere(to, attempt, at, body)).await?
                                }
                            }
                        }
                    };
                    now = went.ended;
                    let took = now.saturating_sub(began);
                    (answer, last, detour) = (went.answer, went.endpoint, went.detour);
                    let next = self.decide(&mut plan, Some(went.outcome), now);
                    self.report(&plan, &next, took, (last.as_deref(), detour.as_deref()), observer);
                    next
                }
                Decision::Wait { delay } => {
                    answer = None;
                    tokio::time::sleep(delay).await;
                    now = clock.now();
                    self.decide(&mut plan, None, now)
                }
                Decision::Done { reply, .. } => {
                    if let Some(tally) = tally {
                        let took = now.saturating_sub(began);
                        tally.replied(&reply, plan.attempts(), took);
                    }
                    return match (answer, reply) {
                        (Some(mut answer), _) => {
                            match detour {
                                None => self.stay(&mut answer, last.as_ref()),
                                Some(_) => drop(answer.extensions_mut().insert(Elsewhere)),
                            }
                            Ok(answer.map(Some))
                        }
                        (None, Reply::Failed(failure)) => Err(failure.into()),
                        // A fault of the policy answers without anybody being asked.
                        (None, Reply::Answer { status, .. }) => {
                            let mut answer = Response::new(None);
                            *answer.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
                            Ok(answer)
                        }
                    };
                }
            }
        }
    }

    fn way(&self) -> Way<'_> {
        Way {
            mesh: self.mesh,
            policy: self.policy,
            subset: &self.subset,
            service: self.name,
            hash: self.hash,
            grpc: false,
            stay: self.token.zip(self.mesh.sticky_key(self.id)),
        }
    }

    /// Where its attempts go where nobody is who could take them.
    pub(super) fn elsewhere(&self) -> Option<Onward> {
        elsewhere(self.policy.failover, self.request.service, self.chosen)
    }

    fn decide(&self, plan: &mut CallPlan<'_>, outcome: Option<Outcome>, now: Duration) -> Decision {
        let mut pay = || self.service.budgets.withdraw(self.id, now);
        plan.next(now, outcome, &mut || self.mesh.chance.draw(), &mut pay)
    }

    fn report(
        &self,
        plan: &CallPlan<'_>,
        next: &Decision,
        took: Duration,
        (endpoint, detour): (Option<&Endpoint>, Option<&Detour>),
        observer: &dyn Observer,
    ) {
        let next = match next {
            Decision::Wait { delay } => Next::Retry(*delay),
            Decision::Done { why, .. } => Next::End(*why),
            Decision::Attempt { .. } => Next::Retry(Duration::ZERO),
        };
        if let Some(outcome) = plan.last() {
            observer.ended(&AttemptReport {
                attempt: plan.attempts(),
                subset: detour.map_or(&self.subset.name, |detour| &detour.subset),
                endpoint: endpoint.map(|endpoint| endpoint.label.as_ref()),
                zone: endpoint.and_then(Endpoint::zone),
                detour,
                outcome,
                took,
                next,
            });
        }
    }
}
