//! Who hears of the visits of gateways beside the access log: whoever takes spans, what keeps the last of them, and what
//! is measured. A host and a process without runs have the same.

use super::visits::Visits;
use crate::{
    Host,
    clock::{Clock, SystemClock},
    metrics::Doors,
    traces::{Attempted, SpanSink, span},
    trails::Trails,
};
use flowmesh_mesh::gateway::Log;
use std::sync::Arc;

/// Who hears of the visits of gateways. Clones are the same.
#[derive(Clone)]
pub struct Telemetry {
    pub(super) sink: Option<Arc<dyn SpanSink>>,
    pub(super) trails: Arc<Trails>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) doors: Arc<Doors>,
}

impl Telemetry {
    /// Spans go to `sink`, and so many visits are kept.
    #[must_use]
    pub fn new(sink: Option<Arc<dyn SpanSink>>, visits: usize) -> Self {
        Self {
            sink,
            trails: Arc::new(Trails::new(visits)),
            clock: Arc::new(SystemClock),
            doors: Arc::default(),
        }
    }

    /// The same as of the runs of a host.
    pub(super) fn of(host: &Host) -> Self {
        Self {
            sink: host.sink(),
            trails: host.trails().clone(),
            clock: host.clock().clone(),
            doors: host.metrics().doors.clone(),
        }
    }

    /// Hears of visits, and tells the access log of them, too.
    pub(super) fn hears(&self, log: Option<Arc<dyn Log>>) -> Arc<dyn Log> {
        Arc::new(Visits::new(self.clone(), log))
    }

    /// Whether anybody is told of attempts.
    pub(super) fn wants_attempts(&self) -> bool {
        self.sink.is_some() || self.trails.keeps()
    }

    /// An attempt that no visit counts among its own has ended.
    pub(super) fn attempted(&self, attempted: Attempted) {
        let told = attempted.call.sampled || attempted.failed();
        let span = span(attempted, self.clock.as_ref());
        if self.trails.keeps() {
            self.trails.attempted(span.clone());
        }
        if let Some(sink) = self.sink.as_ref().filter(|_| told) {
            sink.take(span);
        }
    }

    /// Sends the last spans; returns when they are sent, or nobody takes them.
    pub async fn close(&self) {
        if let Some(sink) = self.sink.clone() {
            // Whoever sends may wait for the network.
            let _ = tokio::task::spawn_blocking(move || sink.close()).await;
        }
    }
}
