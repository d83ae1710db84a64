//! Traces: what a run does as spans, which are one trace however many processes the run has outlived.
//!
//! Every identifier follows from the run, the number of the call and the name of the step; when a span began and how it
//! ended is what the journal says. So a span that one process began another one ends, under the same number and with the
//! time at which it began. A span is told once it has ended: those that had ended when a process began, the process
//! before has told. Attempts are in no journal: of one that was lost with its process nothing is told.

mod batch;
mod collect;
mod http;
mod otlp;
mod several;
mod span;
mod tree;
pub(crate) mod visit;
mod whole;
mod zipkin;

pub use batch::Batches;
pub(crate) use collect::{Attempted, Told, Tracing, collect, span};
pub use otlp::{Otlp, OtlpError, Protocol};
pub use several::Several;
pub use span::{Span, SpanKind, SpanSink, SpanStatus};
pub(crate) use whole::whole;
pub use zipkin::Zipkin;

/// Spans as they are sent, by OTLP and to Zipkin, for those who read them again (`tests/src/fuzz/wire/spans.rs`).
#[doc(hidden)]
#[must_use]
pub fn written(spans: &[Span], service: &str) -> (Vec<u8>, Vec<u8>) {
    (
        otlp::Form::new(service).message(spans),
        zipkin::lines(spans, service),
    )
}
