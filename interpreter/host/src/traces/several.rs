//! Spans to several who take them.

use super::span::{Span, SpanSink};
use std::sync::Arc;

/// Gives every span to each of several.
pub struct Several(Vec<Arc<dyn SpanSink>>);

impl Several {
    /// Nobody, the only one, or all of them.
    #[must_use]
    pub fn of(mut sinks: Vec<Arc<dyn SpanSink>>) -> Option<Arc<dyn SpanSink>> {
        match sinks.len() {
            0 | 1 => sinks.pop(),
            _ => Some(Arc::new(Self(sinks))),
        }
    }
}

impl SpanSink for Several {
    fn take(&self, span: Span) {
        if let Some((last, others)) = self.0.split_last() {
            others.iter().for_each(|sink| sink.take(span.clone()));
            last.take(span);
        }
    }

    fn close(&self) {
        self.0.iter().for_each(|sink| sink.close());
    }

    fn dropped(&self) -> u64 {
        self.0.iter().map(|sink| sink.dropped()).sum()
    }
}
