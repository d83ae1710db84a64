//! Which trace a run lies in, where that is not its own.

use super::TraceContext;
use std::sync::Arc;

/// The longest `tracestate` that is kept and passed on, in bytes (W3C Trace Context, 3.3.1.5).
pub const STATE_MAX: usize = 512;
/// The longest `baggage` that is kept and passed on, in bytes (W3C Baggage, 3.3.2).
pub const BAGGAGE_MAX: usize = 8192;

/// What a run goes on from: the trace of whoever started it, or its own where that is not recorded. It is part of the start
/// in the journal, so that whatever is derived from the run follows from it in every process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The trace.
    pub trace: u128,
    /// The span that the run is a child of; `None` where it begins its trace.
    pub parent: Option<u64>,
    /// Whether it is recorded.
    pub sampled: bool,
    /// What else the systems before us said of the trace, for those behind us: the value of `tracestate`.
    pub state: Option<Arc<str>>,
    /// What goes with everything that the trace leads to: the value of `baggage`.
    pub baggage: Option<Arc<str>>,
}

impl Lineage {
    /// A child of a span, without anything that goes with it.
    #[must_use]
    pub fn below(context: TraceContext) -> Self {
        Self {
            trace: context.trace,
            parent: Some(context.span),
            sampled: context.sampled,
            state: None,
            baggage: None,
        }
    }

    /// The span of a run: its identifier is that of the run, whatever trace it lies in.
    #[must_use]
    pub fn root(&self, run: u128) -> TraceContext {
        TraceContext {
            trace: self.trace,
            sampled: self.sampled,
            ..TraceContext::root(run)
        }
    }

    /// The headers that go with every call below it, beside that of the call itself.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let state = self.state.as_deref().map(|state| ("tracestate", state));
        let baggage = self.baggage.as_deref().map(|baggage| ("baggage", baggage));
        state.into_iter().chain(baggage)
    }
}

/// The span of a run that has a lineage or none.
#[must_use]
pub fn of_run(run: u128, lineage: Option<&Lineage>) -> TraceContext {
    lineage.map_or_else(|| TraceContext::root(run), |lineage| lineage.root(run))
}

/// What a run that begins a trace is to keep of that, where so many of ten thousand traces are recorded: nothing if it is.
#[must_use]
pub fn begun(run: u128, per_ten_thousand: Option<u32>) -> Option<Lineage> {
    let context = TraceContext::root(run);
    let recorded = per_ten_thousand.is_none_or(|share| context.is_among(share));
    (!recorded).then(|| Lineage {
        parent: None,
        sampled: false,
        ..Lineage::below(context)
    })
}

#[cfg(test)]
mod tests {
    use super::{Lineage, begun, of_run};
    use crate::trace::TraceContext;

    #[test]
    fn a_run_has_one_span_whatever_trace_it_lies_in() {
        let above = TraceContext {
            trace: 7,
            span: 8,
            sampled: false,
        };
        let root = Lineage::below(above).root(1 << 70 | 3);
        assert_eq!(root.span, TraceContext::root(1 << 70 | 3).span);
        assert_eq!((root.trace, root.sampled), (7, false));
    }

    #[test]
    fn a_run_of_its_own_keeps_only_that_it_is_not_recorded() {
        assert_eq!(begun(9, None), None);
        assert_eq!(begun(9, Some(10_000)), None);
        let none = begun(9, Some(0)).unwrap();
        assert_eq!(none.parent, None);
        let root = of_run(9, Some(&none));
        assert_eq!(
            root,
            TraceContext {
                sampled: false,
                ..TraceContext::root(9)
            }
        );
    }
}
