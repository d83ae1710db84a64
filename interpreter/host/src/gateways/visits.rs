//! Everything that hears of visits: the access log, whoever takes spans, and what is kept of them. While nobody does, a visit costs a look.

use crate::{
    Host,
    clock::Clock,
    traces::{SpanSink, visit},
    trails::Trails,
};
use flowmesh_mesh::gateway::{Log, Record, Wanted};
use std::sync::Arc;

/// Everything that hears of visits.
pub(super) struct Visits {
    log: Option<Arc<dyn Log>>,
    sink: Option<Arc<dyn SpanSink>>,
    trails: Arc<Trails>,
    clock: Arc<dyn Clock>,
}

impl Visits {
    pub(super) fn new(host: &Host, log: Option<Arc<dyn Log>>) -> Self {
        Self {
            log,
            sink: host.sink(),
            trails: host.trails().clone(),
            clock: host.clock().clone(),
        }
    }
}

impl Log for Visits {
    fn wanted(&self) -> Wanted {
        let told = match self.log.is_some() || self.sink.is_some() {
            true => Wanted::Line,
            false => Wanted::Nothing,
        };
        told.max(self.trails.wanted())
    }

    fn visited(&self, record: Arc<Record>) {
        if let Some(sink) = self.sink.as_ref().filter(|_| visit::is_told(&record)) {
            let spans = visit::spans(&record, self.clock.now());
            spans.into_iter().for_each(|span| sink.take(span));
        }
        if let Some(log) = &self.log {
            log.visited(record.clone());
        }
        if self.trails.wanted() == Wanted::Trail {
            self.trails.visited(record, self.clock.now());
        }
    }
}
