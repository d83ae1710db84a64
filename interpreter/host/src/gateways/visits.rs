//! Everything that hears of visits: the access log, whoever takes spans, and what is kept of them. While nobody does, a visit costs a look.

use super::Telemetry;
use crate::traces::visit;
use flowmesh_mesh::gateway::{Log, Record, Wanted};
use std::sync::Arc;

/// Everything that hears of visits.
pub(super) struct Visits {
    log: Option<Arc<dyn Log>>,
    telemetry: Telemetry,
}

impl Visits {
    pub(super) fn new(telemetry: Telemetry, log: Option<Arc<dyn Log>>) -> Self {
        Self { log, telemetry }
    }
}

impl Log for Visits {
    fn wanted(&self) -> Wanted {
        let told = match self.log.is_some() || self.telemetry.sink.is_some() {
            true => Wanted::Line,
            false => Wanted::Nothing,
        };
        told.max(self.telemetry.trails.wanted())
    }

    fn visited(&self, record: Arc<Record>) {
        let Telemetry {
            sink, trails, clock, ..
        } = &self.telemetry;
        if let Some(sink) = sink.as_ref().filter(|_| visit::is_told(&record)) {
            let spans = visit::spans(&record, clock.now());
            spans.into_iter().for_each(|span| sink.take(span));
        }
        if let Some(log) = &self.log {
            log.visited(record.clone());
        }
        if trails.wanted() == Wanted::Trail {
            trails.visited(record, clock.now());
        }
    }
}
