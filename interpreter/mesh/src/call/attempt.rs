//! One attempt of a call: an endpoint is picked, a request is sent, and all of it within its time.

use super::Call;
use crate::{
    decide::{breaker::is_failure, fault::trouble, outcome::Outcome},
    wire::{
        endpoint::Endpoint,
        exchange::{Progress, Stage, exchange},
        gates::Pass,
        grpc,
    },
};
use flowmesh_ir::trace::TraceContext;
use std::{sync::Arc, time::Duration};
use tracing::{Instrument, Span, field};

/// What is to be tried.
pub(super) struct Try<'c> {
    /// Which attempt, from 1.
    pub(super) number: u32,
    /// How long it may take.
    pub(super) timeout: Duration,
    /// What failed this very call a moment ago.
    pub(super) avoid: Option<&'c Arc<Endpoint>>,
}

/// One attempt, as far as it came.
#[derive(Default)]
pub(super) struct Tried {
    /// Where it went.
    pub(super) endpoint: Option<Arc<Endpoint>>,
    /// The way through its gate. Whoever goes away meanwhile gives it back.
    pub(super) pass: Option<Pass>,
    pub(super) progress: Progress,
}

impl Call<'_> {
    /// One attempt within its time, as a span of its own.
    pub(super) async fn attempt(&self, attempt: Try<'_>) -> (Outcome, Tried) {
        let trace = self.trace.child(u64::from(attempt.number));
        let span = tracing::info_span!(
            parent: &self.span,
            "attempt",
            attempt = attempt.number,
            trace_id = %format_args!("{:032x}", trace.trace),
            span_id = %format_args!("{:016x}", trace.span),
            endpoint = field::Empty,
            status = field::Empty,
            error = field::Empty,
        );
        let mut tried = Tried::default();
        let sending = self.send(&attempt, &mut tried, trace).instrument(span.clone());
        let outcome = match tokio::time::timeout(attempt.timeout, sending).await {
            Ok(outcome) => outcome,
            Err(_) => self.timed_out(&tried, attempt.timeout),
        };
        if let Some(endpoint) = &tried.endpoint {
            endpoint.record(self.mesh.clock.now(), &outcome, tried.progress.first_byte);
        }
        self.passed(&mut tried, is_failure(&outcome));
        note(&span, &tried, &outcome);
        (outcome, tried)
    }

    async fn send(&self, attempt: &Try<'_>, tried: &mut Tried, trace: TraceContext) -> Outcome {
        if let Err(outcome) = self.trouble(&mut tried.progress).await {
            return outcome;
        }
        let service = self.names.service;
        let snapshot = match self.subset.endpoints(&self.mesh.resolver).await {
            Ok(snapshot) => snapshot,
            Err(why) => return Outcome::Unsent(format!("no endpoint of service `{service}`: {why}")),
        };
        let (endpoint, pass) = match self.pick(&snapshot, attempt.avoid) {
            Ok(picked) => picked,
            Err(why) => return Outcome::Unsent(why),
        };
        tried.pass = pass;
        let endpoint = tried.endpoint.insert(endpoint);
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

    /// Says at the gate of the endpoint how the attempt went. One that did not come as far as the endpoint says nothing.
    pub(super) fn passed(&self, tried: &mut Tried, failed: bool) {
        let Some(pass) = tried.pass.take() else {
            return;
        };
        if !matches!(tried.progress.stage, Stage::Resolving | Stage::Held) {
            pass.end(self.mesh.clock.now(), failed, &mut || self.mesh.chance.draw());
        }
    }

    /// Makes the trouble that the policy wants to be made; an outcome is the end of the attempt.
    pub(super) async fn trouble(&self, progress: &mut Progress) -> Result<(), Outcome> {
        let Some(fault) = &self.policy.fault else {
            return Ok(());
        };
        let trouble = trouble(fault, &mut || self.mesh.chance.draw());
        if let Some(delay) = trouble.delay {
            progress.stage = Stage::Held;
            tokio::time::sleep(delay).await;
            progress.stage = Stage::Resolving;
        }
        match (trouble.status, self.method) {
            (None, _) => Ok(()),
            (Some(status), None) => Err(Outcome::Answer {
                status,
                body: Arc::default(),
                retry_after: None,
            }),
            // What answers to gRPC by a status of HTTP is a proxy on the way.
            (Some(status), Some(_)) => Err(grpc::status::of_http(status, "the fault of the policy")),
        }
    }

    fn timed_out(&self, tried: &Tried, after: Duration) -> Outcome {
        let endpoint = tried.endpoint.as_ref().map_or("", |endpoint| &endpoint.label);
        let service = self.names.service;
        let after = whole(after);
        let why = match tried.progress.stage {
            Stage::Resolving => {
                format!("the addresses of service `{service}` were not found within {after:?}")
            }
            Stage::Held => format!("the fault of the policy held it back for longer than {after:?}"),
            Stage::Connecting => format!("no connection to {endpoint} within {after:?}"),
            Stage::Waiting => format!("no answer from {endpoint} within {after:?}"),
            Stage::Reading => format!("the answer of {endpoint} was not complete within {after:?}"),
        };
        let sent = matches!(tried.progress.stage, Stage::Waiting | Stage::Reading);
        Outcome::TimedOut { sent, why }
    }
}

/// In whole milliseconds, as people write them.
fn whole(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX))
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
