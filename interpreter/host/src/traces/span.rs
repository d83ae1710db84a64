//! A span that has ended, and who takes it.

use flowmesh_ir::{Name, trace::TraceContext};
use jiff::Timestamp;
use std::borrow::Cow;

/// Takes spans that have ended.
pub trait SpanSink: Send + Sync {
    /// Takes one. It must not wait: what there is no room for is let go of.
    fn take(&self, span: Span);

    /// Sends what was taken, and takes no more. May wait.
    fn close(&self);

    /// How many it has let go of.
    fn dropped(&self) -> u64 {
        0
    }
}

/// A span that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The trace and the span itself.
    pub context: TraceContext,
    /// The span above it; `None` for a run or a visit that nobody else's trace led to.
    pub parent: Option<u64>,
    /// What it is of.
    pub kind: SpanKind,
    /// The name of the flow, the step, or the operation; for a visit, its method and where it led.
    pub name: String,
    /// When it began.
    pub began: Timestamp,
    /// When it ended; not before.
    pub ended: Timestamp,
    /// How it ended.
    pub status: SpanStatus,
    /// What else is known of it, by the names of OpenTelemetry where it has one.
    pub attributes: Vec<(Cow<'static, str>, String)>,
    /// What was logged meanwhile, and when.
    pub logs: Vec<(Timestamp, String)>,
}

/// What a span is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// A visit of a gateway, from its request to the end of its answer.
    Visit,
    /// A run, from its start to its end.
    Run,
    /// A step.
    Step,
    /// A call, with all its attempts.
    Call,
    /// One attempt at a call or of a visit: the span that the service is told of.
    Attempt,
}

impl Span {
    /// Adds what stands on it besides, unless it says that itself.
    pub(crate) fn tag(&mut self, tags: &[(Name, String)]) {
        for (name, value) in tags {
            if !self.attributes.iter().any(|(known, _)| known == name.as_str()) {
                self.attributes.push((name.to_string().into(), value.clone()));
            }
        }
    }
}

/// How a span ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpanStatus {
    /// Well.
    Ok,
    /// Otherwise, and why.
    Error(String),
    /// It was given up, which is no error.
    Stopped,
}
