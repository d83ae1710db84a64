//! What the headers of a request say of the trace that it is part of, and how the next one is told.
//!
//! Three forms are read: W3C Trace Context (`w3c`), and B3 in one header or in several (`b3`); the first that names a trace
//! holds. What is no trace is none, and a trace of its own begins. What goes with a trace (`tracestate`, `baggage`) is kept
//! within the limits that W3C has for it.

mod b3;
mod w3c;

use flowmesh_ir::{
    trace::{Lineage, TraceContext},
    traffic::Propagation,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

/// What a request says of the trace that it is part of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The trace, and the span that asks.
    pub ids: Option<(u128, u64)>,
    /// Whether it is recorded; `None` where that is left to us.
    pub sampled: Option<bool>,
    /// What other systems said of it: `tracestate`.
    pub state: Option<Arc<str>>,
    /// What goes with everything that it leads to: `baggage`.
    pub baggage: Option<Arc<str>>,
    /// Whether anything was said at all.
    pub any: bool,
}

/// Reads what a request says of its trace.
#[must_use]
pub fn read(headers: &HeaderMap) -> Told {
    // Most requests say nothing: one look over the names is cheaper than a search for each.
    let any = headers.keys().any(|name| is_about(name.as_str()));
    if !any {
        return Told::default();
    }
    let baggage = w3c::baggage(headers.get_all(BAGGAGE)).map(Arc::from);
    if let Some(context) = w3c::parent(&headers.get_all(TRACEPARENT)) {
        return Told {
            ids: Some((context.trace, context.span)),
            sampled: Some(context.sampled),
            state: w3c::state(headers.get_all(TRACESTATE)).map(Arc::from),
            baggage,
            any,
        };
    }
    Told {
        baggage,
        any,
        ..b3::read(headers)
    }
}

impl Told {
    /// What a run goes on from that is started by whoever says so. Where it is left to us whether the trace is recorded, it is.
    #[must_use]
    pub fn lineage(self) -> Option<Lineage> {
        let (trace, span) = self.ids?;
        let context = TraceContext {
            trace,
            span,
            sampled: self.sampled.unwrap_or(true),
        };
        Some(Lineage {
            state: self.state,
            baggage: self.baggage,
            ..Lineage::below(context)
        })
    }
}

fn is_about(name: &str) -> bool {
    matches!(name, "traceparent" | "tracestate" | "baggage" | "b3") || name.starts_with("x-b3-")
}

/// By which headers the next one is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forms {
    w3c: bool,
    b3: bool,
    b3_multi: bool,
}

impl Forms {
    /// These; W3C's where none are named.
    #[must_use]
    pub fn new(named: &[Propagation]) -> Self {
        Self {
            w3c: named.is_empty() || named.contains(&Propagation::W3c),
            b3: named.contains(&Propagation::B3),
            b3_multi: named.contains(&Propagation::B3Multi),
        }
    }
}

/// Puts what goes with a trace in the place of what whoever asked said, so that the next one is told in our words.
pub fn accompany(headers: &mut HeaderMap, lineage: &Lineage) {
    for name in [TRACEPARENT, TRACESTATE, BAGGAGE] {
        headers.remove(name);
    }
    b3::clear(headers);
    for (name, text) in lineage.headers() {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// Tells whoever is asked next. What goes with the trace is in the headers already.
pub fn write(headers: &mut HeaderMap, context: TraceContext, forms: Forms) {
    // Digits and dashes can always stand in a header.
    let mut put = |name: HeaderName, text: &[u8]| {
        if let Ok(value) = HeaderValue::from_bytes(text) {
            headers.insert(name, value);
        }
    };
    if forms.w3c {
        put(TRACEPARENT, &context.header());
    }
    if forms.b3 || forms.b3_multi {
        b3::write(context, forms, &mut put);
    }
}

#[cfg(test)]
mod tests;
