//! One call, from the request to the reply: joins what is decided with what is sent.

mod attempt;
mod cache;
mod failover;
mod hedge;
pub(crate) mod limit;
mod mirror;
mod pick;
pub(crate) mod relay;
mod route;
mod stream;

pub use stream::Demand;

use crate::{
    decide::{
        attempts::{CallPlan, Decision},
        outcome::Outcome,
        route::RequestView,
    },
    gauge::CallTally,
    mesh::{Mesh, Service},
    observe::{Asker, AttemptReport, Next, Observer},
    unseal::Unsealed,
    wire::{
        endpoint::Endpoint,
        grpc::codec::Method,
        request::{Credential, Template},
        subset::Subset,
    },
};
use attempt::{Tried, Try};
use flowmesh_ir::{
    SubsetId,
    call::{Failure, Reply, Request, Wire},
    policy::Policy,
    service,
    trace::TraceContext,
};
use http::HeaderMap;
use limit::{Permits, of_reply};
use std::{sync::Arc, time::Duration};
use tracing::{Instrument, Span, field};

/// What is known of a call before it is sent.
struct Call<'c> {
    mesh: &'c Mesh,
    request: &'c Request,
    policy: &'c Policy,
    service: &'c Service,
    /// Which subset was chosen.
    chosen: SubsetId,
    subset: Arc<Subset>,
    template: Template,
    /// The method, where it goes by gRPC.
    method: Option<&'c Method>,
    /// Where it stands in a table of endpoints, where its policy goes by one.
    hash: Option<u64>,
    trace: TraceContext,
    span: Span,
    names: Names<'c>,
    /// When it began, before it waited for its turn.
    began: Duration,
    /// Whether somebody wants the headers of its answer.
    wants_head: bool,
    /// Who makes it.
    asker: Asker<'c>,
}

/// For people and spans.
#[derive(Clone, Copy)]
struct Names<'c> {
    service: &'c str,
    operation: &'c str,
}

impl Mesh {
    /// Sends a request and waits for its reply, with as many attempts as its policy allows. Whatever happens is a reply.
    /// Must be called within a Tokio runtime; dropping the future closes the connection it is on.
    pub async fn call(&self, request: &Request, trace: TraceContext, observer: &dyn Observer) -> Reply {
        let Some((service, operation)) = self.declared(request) else {
            return unavailable("the request names a service or an operation that the program does not have");
        };
        let names = Names {
            service: &service.name,
            operation: &operation.name,
        };
        if let Some(rule) = self.cache_of(request) {
            let asked = (service, operation);
            return Box::pin(self.call_kept(request, asked, rule, (trace, observer))).await;
        }
        match self.admit(request, service, (names, None), trace).await {
            Ok((mut call, permits)) => {
                call.asker = observer.asker();
                call.copy_where_wanted(service);
                let run = call.run(&operation.on, observer);
                let (reply, _) = run.instrument(call.span.clone()).await;
                self.heard(&permits, of_reply(&reply));
                reply
            }
            Err(reply) => reply,
        }
    }

    /// Passes the limits of a call, and then says where it goes.
    async fn admit<'c>(
        &'c self,
        request: &'c Request,
        declared: &'c service::Service,
        (names, chosen): (Names<'c>, Option<SubsetId>),
        trace: TraceContext,
    ) -> Result<(Call<'c>, Permits), Reply> {
        let began = self.clock.now();
        let view = view(request, declared);
        let span = span(names, trace);
        let whose = (request.service, Some(request.operation), request.policy);
        let passing = self.pass(whose, &view, names).instrument(span.clone());
        let permits = passing.await.map_err(|failure| {
            span.record("error", field::display(&failure));
            Reply::Failed(failure)
        })?;
        let service = self.services.get(request.service.index());
        let credential = match service {
            Some(service) => service.shown.credential().instrument(span.clone()).await,
            None => Ok(None),
        };
        let credential = credential.map_err(|why| unavailable(&why))?;
        let call = self.prepare(
            request,
            declared,
            (names, chosen),
            (trace, span, began, credential),
        );
        let call = call.map_err(|why| unavailable(&why))?;
        call.span.record("subset", call.subset.name.as_str());
        Ok((call, permits))
    }

    fn declared(&self, request: &Request) -> Option<(&service::Service, &service::Operation)> {
        let service = self.program.service(request.service)?;
        Some((service, service.operations.get(request.operation.index())?))
    }

    /// Says where a request goes and what it carries, or why it cannot be sent.
    fn prepare<'c>(
        &'c self,
        request: &'c Request,
        declared: &'c service::Service,
        (names, chosen): (Names<'c>, Option<SubsetId>),
        (trace, span, began, credential): (TraceContext, Span, Duration, Option<Credential>),
    ) -> Result<Call<'c>, String> {
        let lost = || {
            format!(
                "service `{}` has no route or policy for this request",
                names.service
            )
        };
        let service = self.services.get(request.service.index()).ok_or_else(lost)?;
        let policy = self.program.policy(request.policy).ok_or_else(lost)?;
        service.is_safe_for(policy)?;
        let view = view(request, declared);
        let chosen = chosen.or_else(|| self.route(&view, declared, service));
        let chosen = chosen.ok_or_else(lost)?;
        let places = service.subsets.get(chosen.index()).ok_or_else(lost)?;
        let subset = places.of(&request.address)?;
        let method = by_grpc(request, service, names)?;
        let unsealed = match request.sealed {
            Some(_) => (self.unseal)(request)?,
            None => Unsealed::default(),
        };
        let secret_body = unsealed.body.is_some();
        let usual = self.usual(request.policy);
        let told = (unsealed, self.forms(request.policy));
        let mut template = Template::new(request, usual, told, &credential)?;
        if let (Some(method), Wire::Grpc { path, .. }) = (method, &request.wire) {
            let framed = method.write(template.body()).map_err(|why| match secret_body {
                // What does not fit would be shown.
                true => "the body, which holds a secret, is no message of the method".to_owned(),
                false => why,
            })?;
            template.call(path, framed)?;
        }
        if let Wire::Stream(cursor) = &request.wire {
            template.ask_for_stream(cursor.as_deref())?;
        }
        if let Some(rewrite) = &policy.rewrite {
            template.rewrite(rewrite)?;
        }
        Ok(Call {
            mesh: self,
            request,
            policy,
            service,
            chosen,
            subset,
            template,
            method,
            hash: self.hash(policy, &view),
            trace,
            span,
            names,
            began,
            wants_head: false,
            asker: Asker::Nobody,
        })
    }
}

impl Call<'_> {
    /// How it ended, and the headers of the last answer where somebody wants them.
    async fn run(&self, on: &[service::OnStatus], observer: &dyn Observer) -> (Reply, Option<HeaderMap>) {
        let clock = self.mesh.clock;
        let mut now = clock.now();
        self.service.budgets.deposit(self.request.policy, now);
        let mut plan = CallPlan::new(self.policy, self.request.effect, on, self.began);
        let tally = self
            .mesh
            .calls
            .of(self.request.service, Some(self.request.operation));
        let _in_flight = tally.map(CallTally::begin);
        let mut decision = self.decide(&mut plan, None, now);
        let mut last = Tried::default();
        loop {
            decision = match decision {
                Decision::Attempt { number, timeout } => {
                    observer.started(number);
                    let began = now;
                    let attempt = Try {
                        number,
                        timeout,
                        avoid: last.endpoint.as_ref(),
                        beside: None,
                    };
                    let (outcome, tried) = match self.hedge() {
                        None => self.attempt(attempt).await,
                        Some(hedge) => Box::pin(self.hedged(hedge, attempt)).await,
                    };
                    last = tried;
                    now = clock.now();
                    let took = now.saturating_sub(began);
                    let next = self.decide(&mut plan, Some(outcome), now);
                    self.report(&plan, &next, took, &last, observer);
                    next
                }
                Decision::Wait { delay } => {
                    tokio::time::sleep(delay).await;
                    now = clock.now();
                    self.decide(&mut plan, None, now)
                }
                Decision::Done { reply, .. } => {
                    self.record(&reply, plan.attempts());
                    if let Some(tally) = tally {
                        let took = now.saturating_sub(self.began);
                        tally.replied(&reply, plan.attempts(), took);
                    }
                    return (reply, last.progress.head);
                }
            }
        }
    }

    fn decide(&self, plan: &mut CallPlan<'_>, outcome: Option<Outcome>, now: Duration) -> Decision {
        let mut pay = || self.service.budgets.withdraw(self.request.policy, now);
        plan.next(now, outcome, &mut || self.mesh.chance.draw(), &mut pay)
    }

    fn report(
        &self,
        plan: &CallPlan<'_>,
        next: &Decision,
        took: Duration,
        tried: &Tried,
        observer: &dyn Observer,
    ) {
        let next = match next {
            Decision::Wait { delay } => Next::Retry(*delay),
            Decision::Done { why, .. } => Next::End(*why),
            Decision::Attempt { .. } => Next::Retry(Duration::ZERO),
        };
        let (attempt, detour) = (plan.attempts(), tried.detour.as_deref());
        let subset = detour.map_or(&self.subset.name, |detour| &detour.subset);
        let endpoint = tried.endpoint.as_deref();
        if let Some(outcome) = plan.last() {
            observer.ended(&AttemptReport {
                attempt,
                subset,
                endpoint: endpoint.map(|endpoint| endpoint.label.as_ref()),
                zone: endpoint.and_then(Endpoint::zone),
                detour,
                outcome,
                took,
                next,
            });
        }
    }

    fn record(&self, reply: &Reply, attempts: u32) {
        if self.span.is_disabled() {
            return;
        }
        self.span.record("attempts", attempts);
        match reply {
            Reply::Answer { status, .. } => self.span.record("status", status),
            Reply::Failed(failure) => self.span.record("error", field::display(failure)),
        };
    }
}

/// What expressions over the request can ask.
fn view<'v>(request: &'v Request, declared: &'v service::Service) -> RequestView<'v> {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    RequestView {
        method: request.method,
        path,
        host: &declared.name,
        headers: &request.headers,
        query,
    }
}

fn span(names: Names<'_>, trace: TraceContext) -> Span {
    tracing::info_span!(
        "call",
        service = names.service,
        operation = names.operation,
        trace_id = %format_args!("{:032x}", trace.trace),
        span_id = %format_args!("{:016x}", trace.span),
        subset = field::Empty,
        attempts = field::Empty,
        status = field::Empty,
        error = field::Empty,
    )
}

/// The method of a request that goes by gRPC.
fn by_grpc<'c>(
    request: &Request,
    service: &'c Service,
    names: Names<'_>,
) -> Result<Option<&'c Method>, String> {
    if !matches!(request.wire, Wire::Grpc { .. }) {
        return Ok(None);
    }
    let method = service.method(request.operation);
    let why = || {
        format!(
            "nothing describes the messages of `{}.{}`: the service has no `from \"...proto\"`",
            names.service, names.operation
        )
    };
    method.map(Some).ok_or_else(why)
}

fn unavailable(why: &str) -> Reply {
    Reply::Failed(Failure::Unavailable(why.to_owned()))
}
