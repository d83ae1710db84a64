//! A whole trace, from what is kept of visits and attempts and from the journals of runs.

use super::{Trails, view::hex};
use crate::{
    traces::{Span, SpanKind, SpanStatus},
    trails::VisitView,
};
use flowmesh_ir::trace::TraceContext;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A trace, as far as it is known here.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct TraceView {
    /// Its identifier.
    pub trace: String,
    /// Its spans, in the order in which they began.
    pub spans: Vec<SpanView>,
}

/// A span.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SpanView {
    /// Its identifier.
    pub id: String,
    /// The span above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// `visit`, `run`, `step`, `call` or `attempt`.
    pub kind: &'static str,
    /// What it is called.
    pub name: String,
    /// When it began.
    pub began: Timestamp,
    /// When it ended, if it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// `ok`, `error`, `stopped`, or `open`.
    pub status: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What else is known of it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

impl SpanView {
    /// A span; one that is still under way has no end.
    pub(crate) fn new(span: Span, open: bool) -> Self {
        let (status, error) = match span.status {
            _ if open => ("open", None),
            SpanStatus::Ok => ("ok", None),
            SpanStatus::Error(why) => ("error", Some(why)),
            SpanStatus::Stopped => ("stopped", None),
        };
        let attributes = span.attributes.into_iter();
        Self {
            id: hex(span.context.span),
            parent: span.parent.map(hex),
            kind: match span.kind {
                SpanKind::Visit => "visit",
                SpanKind::Run => "run",
                SpanKind::Step => "step",
                SpanKind::Call => "call",
                SpanKind::Attempt => "attempt",
            },
            name: span.name,
            began: span.began,
            ended: (!open).then_some(span.ended),
            status,
            error,
            attributes: attributes
                .map(|(name, value)| (name.into_owned(), value))
                .collect(),
        }
    }
}

impl Trails {
    /// What is kept of a trace: its visits, and attempts of runs.
    pub(crate) fn spans(&self, trace: u128) -> Vec<SpanView> {
        let visits = self.find(&format!("{trace:032x}"));
        let visits = visits.iter().flat_map(|visit| of_visit(visit, trace));
        let attempts = self.attempts_of(trace).into_iter();
        visits
            .chain(attempts.map(|span| SpanView::new(span, false)))
            .collect()
    }
}

fn of_visit(visit: &VisitView, trace: u128) -> Vec<SpanView> {
    let span = |us: u64| SignedDuration::from_micros(i64::try_from(us).unwrap_or(i64::MAX));
    let began = visit.time.checked_sub(span(visit.took_us)).unwrap_or(visit.time);
    let failed = visit.status >= 500 || visit.broken;
    let own = TraceContext {
        trace,
        span: u64::from_str_radix(&visit.span, 16).unwrap_or_default(),
        sampled: true,
    };
    let target = visit.target.as_deref().unwrap_or(visit.gateway.as_str());
    let mut attributes = BTreeMap::from([
        ("status".to_owned(), visit.status.to_string()),
        ("path".to_owned(), visit.path.clone()),
        ("gateway".to_owned(), visit.gateway.to_string()),
    ]);
    attributes.extend(
        visit
            .identity
            .clone()
            .map(|identity| ("identity".to_owned(), identity)),
    );
    let mut spans = vec![SpanView {
        id: visit.span.clone(),
        parent: visit.above.clone(),
        kind: "visit",
        name: format!("{} {target}", visit.method),
        began,
        ended: Some(visit.time),
        status: if failed { "error" } else { "ok" },
        error: visit.refused.clone(),
        attributes,
    }];
    for attempt in &visit.attempts {
        let at = began.checked_add(span(attempt.began_us)).unwrap_or(began);
        let well = attempt.status.is_some_and(|status| status < 500);
        let attributes = [
            ("failover", attempt.failover.clone()),
            ("endpoint", attempt.endpoint.clone()),
            ("zone", attempt.zone.clone()),
        ];
        spans.push(SpanView {
            id: hex(own.child(u64::from(attempt.attempt)).span),
            parent: Some(visit.span.clone()),
            kind: "attempt",
            name: target.to_owned(),
            began: at,
            ended: at.checked_add(span(attempt.took_us)).ok(),
            status: if well { "ok" } else { "error" },
            error: (!well).then(|| attempt.outcome.clone()),
            attributes: attributes
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect(),
        });
    }
    spans
}
