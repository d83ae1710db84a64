//! One attempt of a call: an endpoint is picked, a request is sent, and all of it within its time.

use super::Call;
use crate::{
    decide::{
        balance::{self, Rule},
        outcome::Outcome,
    },
    wire::{
        endpoint::Endpoint,
        exchange::{Progress, Stage, exchange},
        grpc,
        snapshot::{At, Snapshot},
    },
};
use flowmesh_ir::trace::TraceContext;
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
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
        note(&span, &tried, &outcome);
        (outcome, tried)
    }

    async fn send(&self, attempt: &Try<'_>, tried: &mut Tried, trace: TraceContext) -> Outcome {
        let service = self.names.service;
        let snapshot = match self.subset.endpoints(&self.mesh.resolver).await {
            Ok(snapshot) => snapshot,
            Err(why) => return Outcome::Unsent(format!("no endpoint of service `{service}`: {why}")),
        };
        let Some(endpoint) = self.pick(&snapshot, attempt.avoid) else {
            return Outcome::Unsent(format!("no endpoint of service `{service}`"));
        };
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

    pub(super) fn pick(&self, snapshot: &Snapshot, avoid: Option<&Arc<Endpoint>>) -> Option<Arc<Endpoint>> {
        let spot = self.hash.and_then(|hash| {
            let table = snapshot.table(self.policy.balance)?;
            Some((table, hash))
        });
        let rule = Rule {
            balance: self.policy.balance,
            weights: self.subset.weights(&self.policy.weights),
            spot,
            avoid: avoid.and_then(|avoid| snapshot.position(avoid)),
            turn: self.subset.turn.fetch_add(1, Ordering::Relaxed),
        };
        let now = self.mesh.clock.now();
        let at = balance::pick(&At { snapshot, now }, &rule, &mut || self.mesh.chance.draw())?;
        snapshot.members.get(at).map(|member| member.endpoint.clone())
    }

    fn timed_out(&self, tried: &Tried, after: Duration) -> Outcome {
        let endpoint = tried.endpoint.as_ref().map_or("", |endpoint| &endpoint.label);
        let service = self.names.service;
        let after = whole(after);
        let why = match tried.progress.stage {
            Stage::Resolving => {
                format!("the addresses of service `{service}` were not found within {after:?}")
            }
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
