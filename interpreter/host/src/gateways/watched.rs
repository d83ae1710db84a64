//! What those see who look after gateways that stand by themselves.

use super::Telemetry;
use crate::{
    clock::Clock,
    driver::Live,
    metrics::{self, Alone},
    trails::{Tap, TapFilter, TraceView, VisitView},
};
use tokio::sync::watch;

/// What those see who look after gateways that stand by themselves. Clones are the same.
#[derive(Clone)]
pub struct Watched {
    pub(super) telemetry: Telemetry,
    pub(super) live: watch::Receiver<Option<Live>>,
}

impl Watched {
    pub(crate) fn clock(&self) -> &dyn Clock {
        self.telemetry.clock.as_ref()
    }

    /// What is measured, as Prometheus reads it.
    pub(crate) fn measured(&self, ready: bool) -> String {
        let mesh = self.live.borrow().as_ref().and_then(|live| live.caller.mesh());
        metrics::alone(&Alone {
            visits: self.telemetry.doors.visits(),
            measures: mesh.map(|mesh| mesh.measures()).unwrap_or_default(),
            undelivered: self.telemetry.sink.as_ref().map_or(0, |sink| sink.dropped()),
            ready,
        })
    }

    /// What is kept of the visits of a request.
    pub(crate) fn visits(&self, request: &str) -> Vec<VisitView> {
        self.telemetry.trails.find(request)
    }

    /// Visits as they come.
    pub(crate) fn tap(&self, filter: TapFilter) -> Tap {
        self.telemetry.trails.tap(filter)
    }

    /// What is kept of a trace; `None` where nothing is.
    pub(crate) fn trace(&self, trace: u128) -> Option<TraceView> {
        let mut spans = self.telemetry.trails.spans(trace);
        spans.sort_by_key(|span| span.began);
        (!spans.is_empty()).then(|| TraceView {
            trace: format!("{trace:032x}"),
            spans,
        })
    }
}
