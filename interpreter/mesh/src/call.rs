//! One call, from the request to the reply: joins what is decided with what is sent.

use crate::{
    decide::{
        attempts::{CallPlan, Decision},
        balance,
        outcome::Outcome,
        route::{RequestView, route},
    },
    mesh::{Mesh, Service},
    observe::{AttemptReport, Next, Observer},
    wire::{
        endpoint::Endpoint,
        exchange::{Progress, Stage, exchange},
        request::Template,
        subset::{At, Snapshot, Subset},
    },
};
use flowmesh_ir::{
    call::{Failure, Reply, Request},
    policy::Policy,
    service,
    trace::TraceContext,
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tracing::{Instrument, Span, field};

/// What is known of a call before it is sent.
struct Call<'c> {
    mesh: &'c Mesh,
    request: &'c Request,
    policy: &'c Policy,
    service: &'c Service,
    subset: Arc<Subset>,
    template: Template,
    trace: TraceContext,
    names: Names<'c>,
}

/// For people and spans.
#[derive(Clone, Copy)]
struct Names<'c> {
    service: &'c str,
    operation: &'c str,
}

/// One attempt, as far as it came.
#[derive(Default)]
struct Tried {
    endpoint: Option<Arc<Endpoint>>,
    /// Where it stood in the snapshot.
    at: Option<usize>,
    progress: Progress,
}

impl Mesh {
    /// Sends a request and waits for its reply, with as many attempts as its policy allows. Whatever happens is a reply.
    /// Must be called within a Tokio runtime; dropping the future closes the connection it is on.
    pub async fn call(&self, request: &Request, trace: TraceContext, observer: &dyn Observer) -> Reply {
        let Some((service, operation)) = self.declared(request) else {
            return unavailable(
                "the request names a service, operation or policy that the program does not have",
            );
        };
        let names = Names {
            service: &service.name,
            operation: &operation.name,
        };
        let span = tracing::info_span!(
            "call",
            service = names.service,
            operation = names.operation,
            trace_id = %format_args!("{:032x}", trace.trace),
            span_id = %format_args!("{:016x}", trace.span),
            subset = field::Empty,
            status = field::Empty,
            attempts = field::Empty,
            error = field::Empty,
        );
        match self.prepare(request, service, names, trace) {
            Ok(call) => call.run(&operation.on, observer).instrument(span).await,
            Err(why) => unavailable(&why),
        }
    }

    fn declared(&self, request: &Request) -> Option<(&service::Service, &service::Operation)> {
        let service = self.program.service(request.service)?;
        let operation = service.operations.get(request.operation.index())?;
        self.program.policy(request.policy)?;
        Some((service, operation))
    }

    fn prepare<'c>(
        &'c self,
        request: &'c Request,
        declared: &'c service::Service,
        names: Names<'c>,
        trace: TraceContext,
    ) -> Result<Call<'c>, String> {
        let lost = || format!("service `{}` has no route for this request", names.service);
        let service = self.services.get(request.service.index()).ok_or_else(lost)?;
        let policy = self.program.policy(request.policy).ok_or_else(lost)?;
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let view = RequestView {
            method: request.method,
            path,
            host: names.service,
            headers: &request.headers,
            query,
        };
        let chosen = route(&declared.routes, &view, self.conditions.as_ref(), &mut || {
            self.chance.draw()
        });
        let subset = chosen
            .and_then(|id| service.subsets.get(id.index()))
            .ok_or_else(lost)?
            .clone();
        let template = Template::new(request, service.credential.as_ref())?;
        Ok(Call {
            mesh: self,
            request,
            policy,
            service,
            subset,
            template,
            trace,
            names,
        })
    }
}

impl Call<'_> {
    async fn run(&self, on: &[service::OnStatus], observer: &dyn Observer) -> Reply {
        let clock = self.mesh.clock;
        self.service.deposit(self.request.policy, clock.now());
        let mut plan = CallPlan::new(self.policy, self.request.effect, on, clock.now());
        let mut decision = self.decide(&mut plan, None);
        let mut avoid = None;
        loop {
            decision = match decision {
                Decision::Attempt { number, timeout } => {
                    observer.started(number);
                    let began = clock.now();
                    let (outcome, tried) = self.attempt(number, timeout, avoid).await;
                    avoid = tried.at;
                    let took = clock.now().saturating_sub(began);
                    let next = self.decide(&mut plan, Some(outcome));
                    self.report(&plan, &next, number, took, &tried, observer);
                    next
                }
                Decision::Wait { delay } => {
                    tokio::time::sleep(delay).await;
                    self.decide(&mut plan, None)
                }
                Decision::Done { reply, .. } => {
                    self.record(&reply, plan.attempts());
                    return reply;
                }
            }
        }
    }

    fn decide(&self, plan: &mut CallPlan<'_>, outcome: Option<Outcome>) -> Decision {
        let now = self.mesh.clock.now();
        let mut pay = || self.service.withdraw(self.request.policy, now);
        plan.next(now, outcome, &mut || self.mesh.chance.draw(), &mut pay)
    }

    /// One attempt within its time, as a span of its own.
    async fn attempt(&self, number: u32, timeout: Duration, avoid: Option<usize>) -> (Outcome, Tried) {
        let trace = self.trace.child(u64::from(number));
        let span = tracing::info_span!(
            "attempt",
            attempt = number,
            trace_id = %format_args!("{:032x}", trace.trace),
            span_id = %format_args!("{:016x}", trace.span),
            endpoint = field::Empty,
            status = field::Empty,
            error = field::Empty,
        );
        let mut tried = Tried::default();
        let sending = self
            .send(&mut tried, trace, timeout, avoid)
            .instrument(span.clone());
        let outcome = match tokio::time::timeout(timeout, sending).await {
            Ok(outcome) => outcome,
            Err(_) => self.timed_out(&tried, timeout),
        };
        if let Some(endpoint) = &tried.endpoint {
            endpoint.record(self.mesh.clock.now(), &outcome, tried.progress.first_byte);
        }
        note(&span, &tried, &outcome);
        (outcome, tried)
    }

    async fn send(
        &self,
        tried: &mut Tried,
        trace: TraceContext,
        left: Duration,
        avoid: Option<usize>,
    ) -> Outcome {
        let snapshot = match self.subset.endpoints(&self.mesh.resolver).await {
            Ok(snapshot) => snapshot,
            Err(why) => {
                return Outcome::Unsent(format!("no endpoint of service `{}`: {why}", self.names.service));
            }
        };
        tried.at = self.pick(&snapshot, avoid);
        let Some(member) = tried.at.and_then(|at| snapshot.get(at)) else {
            return Outcome::Unsent(format!("no endpoint of service `{}`", self.names.service));
        };
        let endpoint = tried.endpoint.insert(member.endpoint.clone());
        let idle = Duration::from_millis(self.policy.timeout.idle_ms);
        match self.template.attempt(endpoint, trace, left) {
            Ok(sent) => exchange(endpoint, sent, idle, &self.mesh.limits, &mut tried.progress).await,
            Err(why) => Outcome::Unsent(why),
        }
    }

    fn pick(&self, snapshot: &Snapshot, avoid: Option<usize>) -> Option<usize> {
        let candidates = At {
            members: snapshot,
            now: self.mesh.clock.now(),
        };
        let turn = self.subset.turn.fetch_add(1, Ordering::Relaxed);
        balance::pick(&candidates, self.policy.balance, avoid, turn, &mut || {
            self.mesh.chance.draw()
        })
    }

    fn timed_out(&self, tried: &Tried, after: Duration) -> Outcome {
        let endpoint = tried.endpoint.as_ref().map_or("", |endpoint| &endpoint.label);
        let service = self.names.service;
        let after =
            Duration::from_millis(u64::try_from(after.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX));
        let (sent, why) = match tried.progress.stage {
            Stage::Resolving => (
                false,
                format!("the addresses of service `{service}` were not found within {after:?}"),
            ),
            Stage::Connecting => (false, format!("no connection to {endpoint} within {after:?}")),
            Stage::Waiting => (true, format!("no answer from {endpoint} within {after:?}")),
            Stage::Reading => (
                true,
                format!("the answer of {endpoint} was not complete within {after:?}"),
            ),
        };
        Outcome::TimedOut { sent, why }
    }

    fn report(
        &self,
        plan: &CallPlan<'_>,
        next: &Decision,
        attempt: u32,
        took: Duration,
        tried: &Tried,
        observer: &dyn Observer,
    ) {
        let next = match next {
            Decision::Wait { delay } => Next::Retry(*delay),
            Decision::Done { why, .. } => Next::End(*why),
            Decision::Attempt { .. } => Next::Retry(Duration::ZERO),
        };
        if let Some(outcome) = plan.last() {
            let endpoint = tried.endpoint.as_ref().map(|endpoint| endpoint.label.as_ref());
            let subset = &self.subset.name;
            observer.ended(&AttemptReport {
                attempt,
                subset,
                endpoint,
                outcome,
                took,
                next,
            });
        }
    }

    fn record(&self, reply: &Reply, attempts: u32) {
        let span = Span::current();
        if span.is_disabled() {
            return;
        }
        span.record("subset", self.subset.name.as_str())
            .record("attempts", attempts);
        match reply {
            Reply::Answer { status, .. } => span.record("status", status),
            Reply::Failed(failure) => span.record("error", field::display(failure)),
        };
    }
}

fn note(span: &Span, tried: &Tried, outcome: &Outcome) {
    if span.is_disabled() {
        return;
    }
    if let Some(endpoint) = &tried.endpoint {
        span.record("endpoint", endpoint.label.as_ref());
    }
    match outcome {
        Outcome::Answer { status, .. } => span.record("status", status),
        failed => span.record("error", field::display(failed)),
    };
}

fn unavailable(why: &str) -> Reply {
    Reply::Failed(Failure::Unavailable(why.to_owned()))
}
