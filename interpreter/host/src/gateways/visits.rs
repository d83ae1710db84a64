//! Everything that hears of visits: the access log and whoever takes spans. While nobody does, a visit costs a look.

use crate::{
    Host,
    clock::Clock,
    traces::{SpanSink, visit},
};
use flowmesh_mesh::gateway::{Log, Record, Wanted};
use std::sync::Arc;

/// Everything that hears of visits.
pub(super) struct Visits {
    log: Option<Arc<dyn Log>>,
    sink: Option<Arc<dyn SpanSink>>,
    clock: Arc<dyn Clock>,
}

impl Visits {
    pub(super) fn new(host: &Host, log: Option<Arc<dyn Log>>) -> Self {
        Self {
            log,
            sink: host.sink(),
            clock: host.clock().clone(),
        }
    }
}

impl Log for Visits {
    fn wanted(&self) -> Wanted {
        match self.log.is_some() || self.sink.is_some() {
            true => Wanted::Line,
            false => Wanted::Nothing,
        }
    }

    fn visited(&self, record: Record) {
        if let Some(sink) = self.sink.as_ref().filter(|_| visit::is_told(&record)) {
            let spans = visit::spans(&record, self.clock.now());
            spans.into_iter().for_each(|span| sink.take(span));
        }
        if let Some(log) = &self.log {
            log.visited(record);
        }
    }
}
