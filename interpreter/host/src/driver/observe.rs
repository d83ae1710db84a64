//! Tells followers, and traces, of attempts. Nothing is made unless somebody follows something, or there are traces.

use crate::{
    RunId,
    clock::Clock,
    engine::{Call, Deployment},
    follow::{Attempt, Followers, Item},
    traces::{Attempted, Told, Tracing, span},
    trails::Trails,
};
use flowmesh_ir::{FlowId, PolicyId, StepId, trace::TraceContext};
use flowmesh_mesh::{Asker, AttemptReport, Next, Observer, Outcome, Tags};
use std::sync::Arc;

/// Who makes spans of attempts, who keeps them, and what time it is.
pub(super) type Traced = (Option<Tracing>, Arc<Trails>, Arc<dyn Clock>);

/// Watches one call.
pub(super) struct Watcher {
    followers: Arc<Followers>,
    deployment: Arc<Deployment>,
    run: RunId,
    call: u32,
    flow: FlowId,
    step: StepId,
    policy: PolicyId,
    tracing: Option<Tracing>,
    trails: Arc<Trails>,
    clock: Arc<dyn Clock>,
    trace: TraceContext,
}

impl Watcher {
    pub(super) fn new(call: &Call, followers: Arc<Followers>, (tracing, trails, clock): Traced) -> Self {
        Self {
            followers,
            deployment: call.deployment.clone(),
            run: call.run,
            call: call.call.0,
            flow: call.flow,
            step: call.step,
            policy: call.request.policy,
            tracing,
            trails,
            clock,
            trace: call.trace,
        }
    }

    /// What stands on the spans of its attempts.
    fn tags(&self) -> Tags {
        let tags = self.deployment.tags();
        let own = tags.get(self.policy.index()).or_else(|| tags.last());
        own.cloned().unwrap_or_default()
    }

    fn step(&self) -> String {
        self.deployment.step_title(self.flow, self.step).to_owned()
    }
}

impl Observer for Watcher {
    fn asker(&self) -> Asker<'_> {
        Asker::Flow(self.flow)
    }

    fn ended(&self, report: &AttemptReport<'_>) {
        if self.tracing.is_some() || self.trails.keeps() {
            let attempted = Attempted {
                run: Some(self.run),
                call: self.trace,
                step: self.step(),
                attempt: report.attempt,
                failover: report.detour.map(ToString::to_string),
                endpoint: report.endpoint.map(str::to_owned),
                status: match report.outcome {
                    Outcome::Answer { status, .. } => Some(*status),
                    _ => None,
                },
                outcome: report.outcome.to_string(),
                took: report.took,
                tags: self.tags(),
            };
            if self.trails.keeps() {
                self.trails
                    .attempted(span(attempted.clone(), self.clock.as_ref()));
            }
            if let Some(tracing) = &self.tracing {
                tracing.tell(Told::Attempted(attempted));
            }
        }
        if !self.followers.any() {
            return;
        }
        let attempt = Attempt {
            run: self.run,
            step: self.step(),
            call: self.call,
            attempt: report.attempt,
            failover: report.detour.map(ToString::to_string),
            endpoint: report.endpoint.map(str::to_owned),
            outcome: report.outcome.to_string(),
            took_us: u64::try_from(report.took.as_micros()).unwrap_or(u64::MAX),
            retry_ms: match report.next {
                Next::Retry(wait) => Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
                Next::End(_) => None,
            },
        };
        self.followers.tell(self.run, &Item::Attempt(Arc::new(attempt)));
    }
}
