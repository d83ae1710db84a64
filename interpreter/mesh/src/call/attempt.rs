//! One attempt of a call: an endpoint is picked, a request is sent, and all of it within its time.

use super::{
    Call,
    failover::elsewhere,
    hedge::{Beside, hedged},
    pick::Way,
};
use crate::{
    decide::{breaker::is_failure, outcome::Outcome},
    observe::Detour,
    wire::{
        endpoint::Endpoint,
        exchange::{Progress, exchange},
        gates::Pass,
        grpc,
    },
};
use flowmesh_ir::{service::EffectKind, trace::TraceContext, traffic::Hedge};
use std::{sync::Arc, time::Duration};
use tracing::{Instrument, Span, field};

/// What is to be tried.
#[derive(Clone, Copy)]
pub(super) struct Try<'c> {
    /// Which attempt, from 1.
    pub(super) number: u32,
    /// How long it may take.
    pub(super) timeout: Duration,
    /// What failed this very call a moment ago.
    pub(super) avoid: Option<&'c Arc<Endpoint>>,
    /// Those that are made beside it.
    pub(super) beside: Option<&'c Beside>,
}

impl Try<'_> {
    /// The same within another time.
    pub(super) fn within(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }
}

/// One attempt, as far as it came.
#[derive(Default)]
pub(super) struct Tried {
    /// Where it went.
    pub(super) endpoint: Option<Arc<Endpoint>>,
    /// The way through its gate. Whoever goes away meanwhile gives it back.
    pub(super) pass: Option<Pass>,
    pub(super) progress: Progress,
    /// Where it went instead, if it did not go where its policy sends it first.
    pub(super) detour: Option<Box<Detour>>,
}

impl Call<'_> {
    /// The way of its attempts.
    pub(super) fn way(&self) -> Way<'_> {
        Way {
            mesh: self.mesh,
            policy: self.policy,
            subset: &self.subset,
            service: self.names.service,
            hash: self.hash,
            grpc: self.method.is_some(),
            stay: None,
        }
    }

    /// When another attempt is made beside one: never of what changes something.
    pub(super) fn hedge(&self) -> Option<Hedge> {
        let reads = self.request.effect == EffectKind::Read;
        self.policy.hedge.filter(|_| reads)
    }

    /// Several attempts beside each other, of which one holds.
    pub(super) async fn hedged(&self, hedge: Hedge, first: Try<'_>) -> (Outcome, Tried) {
        let (began, beside) = (self.mesh.clock.now(), Beside::default());
        let attempt = |more: u32| {
            let beside = &beside;
            async move {
                let last = beside.last();
                let spent = self.mesh.clock.now().saturating_sub(began);
                self.attempt(Try {
                    // Attempts of retries count from 1; these have numbers of their own.
                    number: first.number.saturating_add(more.saturating_mul(1_000)),
                    timeout: first.timeout.saturating_sub(spent),
                    avoid: last.as_ref().or(first.avoid),
                    beside: Some(beside),
                })
                .await
            }
        };
        let is_good = |(outcome, _): &(Outcome, Tried)| !outcome.failed();
        let pay = || {
            self.service
                .budgets
                .withdraw(self.request.policy, self.mesh.clock.now())
        };
        let (outcome, tried) = hedged(&hedge, attempt, is_good, pay).await;
        let now = self.mesh.clock.now();
        for other in beside.others(tried.endpoint.as_ref()) {
            other.was_left(now, now.saturating_sub(began));
        }
        (outcome, tried)
    }

    /// One attempt.
    pub(super) async fn attempt(&self, attempt: Try<'_>) -> (Outcome, Tried) {
        match elsewhere(self.policy.failover, self.request.service, self.chosen) {
            None => self.attempt_here(attempt, None).await,
            // Apart, so that others do not carry room for it along.
            Some(to) => Box::pin(self.attempt_somewhere(to, attempt)).await,
        }
    }

    /// One attempt within its time, as a span of its own; where it went elsewhere, that and why is on it.
    pub(super) async fn attempt_here(&self, attempt: Try<'_>, detour: Option<&Detour>) -> (Outcome, Tried) {
        let trace = self.trace.child(u64::from(attempt.number));
        let span = tracing::info_span!(
            parent: &self.span,
            "attempt",
            attempt = attempt.number,
            trace_id = %format_args!("{:032x}", trace.trace),
            span_id = %format_args!("{:016x}", trace.span),
            failover = field::Empty,
            endpoint = field::Empty,
            status = field::Empty,
            error = field::Empty,
        );
        if let Some(detour) = detour {
            span.record("failover", field::display(detour));
        }
        let mut tried = Tried::default();
        tried.progress.wants_head = self.wants_head;
        let sending = self.send(&attempt, &mut tried, trace).instrument(span.clone());
        let outcome = match tokio::time::timeout(attempt.timeout, sending).await {
            Ok(outcome) => outcome,
            Err(_) => self
                .way()
                .timed_out(tried.progress.stage, tried.endpoint.as_ref(), attempt.timeout),
        };
        if let Some(endpoint) = &tried.endpoint {
            let now = self.mesh.clock.now();
            self.way()
                .ended(endpoint, &outcome, (tried.progress.first_byte, now));
        }
        self.way()
            .passed(tried.pass.take(), tried.progress.stage, is_failure(&outcome));
        if let Outcome::Answer { status, .. } = outcome {
            self.service.shown.answered(status);
        }
        note(&span, &tried, &outcome);
        (outcome, tried)
    }

    async fn send(&self, attempt: &Try<'_>, tried: &mut Tried, trace: TraceContext) -> Outcome {
        if let Err(outcome) = self.way().trouble(&mut tried.progress).await {
            return outcome;
        }
        let service = self.names.service;
        let snapshot = match self.subset.endpoints(&self.mesh.resolver).await {
            Ok(snapshot) => snapshot,
            Err(why) => return Outcome::Unsent(format!("no endpoint of service `{service}`: {why}")),
        };
        let (endpoint, pass) = match self.way().pick(&snapshot, attempt.avoid) {
            Ok(picked) => picked,
            Err(why) => return Outcome::Unsent(why),
        };
        tried.pass = pass;
        if let Some(beside) = attempt.beside {
            beside.went(&endpoint);
        }
        let endpoint = tried.endpoint.insert(endpoint);
        let _under_way = endpoint.under_way();
        let idle = Duration::from_millis(self.policy.timeout.idle_ms);
        match (
            self.template.attempt(endpoint, trace, attempt.timeout),
            self.method,
        ) {
            (Ok(sent), Some(method)) => {
                grpc::exchange(endpoint, method, sent, &self.mesh.limits, &mut tried.progress).await
            }
            (Ok(sent), None) => exchange(endpoint, sent, idle, &self.mesh.limits, &mut tried.progress).await,
            (Err(why), _) => Outcome::Unsent(why),
        }
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
