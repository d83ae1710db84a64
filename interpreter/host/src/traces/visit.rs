//! A visit of a gateway as spans: one of the visit, and one of each attempt that was made for it.

use super::span::{Span, SpanKind, SpanStatus};
use flowmesh_ir::trace::TraceContext;
use flowmesh_mesh::gateway::{Attempt, Record};
use jiff::{SignedDuration, Timestamp};
use std::borrow::Cow;

/// Whether a visit failed, as whoever runs the gateway sees it: those are told of whatever else is recorded.
pub(crate) fn failed(record: &Record) -> bool {
    record.status >= 500 || record.broken
}

/// Whether it is told of at all.
pub(crate) fn is_told(record: &Record) -> bool {
    failed(record) || record.trace.is_some_and(|trace| trace.sampled)
}

/// The spans of a visit that has just ended; those of its attempts first, as they ended first.
pub(crate) fn spans(record: &Record, ended: Timestamp) -> Vec<Span> {
    let Some(context) = record.trace else {
        return Vec::new();
    };
    let began = before(ended, record.took_us);
    let mut spans: Vec<Span> = record
        .attempts
        .iter()
        .map(|it| attempt((record, context), it, began))
        .collect();
    spans.push(Span {
        context,
        parent: record.above,
        kind: SpanKind::Visit,
        name: name(record),
        began,
        ended,
        status: match &record.refused {
            _ if record.broken => SpanStatus::Error("the answer broke off".to_owned()),
            Some(why) if failed(record) => SpanStatus::Error(why.clone()),
            None if failed(record) => SpanStatus::Error(format!("status {}", record.status)),
            _ => SpanStatus::Ok,
        },
        attributes: attributes(record),
        logs: Vec::new(),
    });
    let tags = record.tags.as_deref().unwrap_or_default();
    spans.iter_mut().for_each(|span| span.tag(tags));
    spans
}

fn name(record: &Record) -> String {
    let method = match record.method {
        "" => "visit",
        method => method,
    };
    match &record.target {
        Some(target) => format!("{method} {target}"),
        None => format!("{method} {}", record.gateway),
    }
}

fn attributes(record: &Record) -> Vec<(Cow<'static, str>, String)> {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let said = [
        ("flowmesh.gateway", Some(record.gateway.to_string())),
        ("flowmesh.route", record.route.map(|route| route.to_string())),
        ("flowmesh.target", record.target.as_ref().map(ToString::to_string)),
        ("flowmesh.rule", record.rule.map(|rule| rule.to_string())),
        ("flowmesh.run", record.run.clone()),
        ("flowmesh.refused", record.refused.clone()),
        ("http.request.method", some(record.method)),
        ("url.path", some(&record.path)),
        ("server.address", some(&record.host)),
        (
            "client.address",
            record.address.map(|address| address.to_string()),
        ),
        (
            "network.protocol.version",
            some(record.protocol.trim_start_matches("HTTP/")),
        ),
        ("http.response.status_code", Some(record.status.to_string())),
        ("http.response.body.size", Some(record.bytes.to_string())),
    ];
    let said = said.into_iter();
    said.filter_map(|(name, value)| Some((name.into(), value?)))
        .collect()
}

fn attempt((record, visit): (&Record, TraceContext), attempt: &Attempt, since: Timestamp) -> Span {
    let began = after(since, attempt.began_us);
    let well = attempt.status.is_some_and(|status| status < 500);
    let said = [
        ("flowmesh.attempt", Some(attempt.number.to_string())),
        (
            "flowmesh.subset",
            (!attempt.subset.is_empty()).then(|| attempt.subset.to_string()),
        ),
        (
            "flowmesh.failover",
            attempt.failover.as_ref().map(ToString::to_string),
        ),
        (
            "server.address",
            attempt.endpoint.as_ref().map(ToString::to_string),
        ),
        ("flowmesh.zone", attempt.zone.as_ref().map(ToString::to_string)),
        (
            "http.response.status_code",
            attempt.status.map(|status| status.to_string()),
        ),
    ];
    let said = said.into_iter();
    Span {
        context: visit.child(u64::from(attempt.number)),
        parent: Some(visit.span),
        kind: SpanKind::Attempt,
        name: name(record),
        began,
        ended: after(began, attempt.took_us),
        status: match well {
            true => SpanStatus::Ok,
            false => SpanStatus::Error(attempt.outcome.to_string()),
        },
        attributes: said
            .filter_map(|(name, value)| Some((name.into(), value?)))
            .collect(),
        logs: Vec::new(),
    }
}

fn span_of(us: u64) -> SignedDuration {
    SignedDuration::from_micros(i64::try_from(us).unwrap_or(i64::MAX))
}

fn before(at: Timestamp, us: u64) -> Timestamp {
    at.checked_sub(span_of(us)).unwrap_or(at)
}

fn after(at: Timestamp, us: u64) -> Timestamp {
    at.checked_add(span_of(us)).unwrap_or(at)
}
