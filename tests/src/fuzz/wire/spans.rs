//! Spans by OTLP and to Zipkin, read again as a collector reads them.

use crate::mutate::Random;
use flowmesh_host::traces::{Span, SpanKind, SpanStatus, written};
use flowmesh_ir::trace::TraceContext;
use jiff::Timestamp;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value as Any, trace::v1,
};
use prost::Message;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const SEEDS: &[&str] = &[
    "GET desk\nserver.address: 10.0.0.1:80\nhttp.response.status_code: 200\nwhy: it \"broke\"",
    "order\nflowmesh.state: done\nflowmesh.call: 7\n\u{1F600}: \u{0}",
    "\nclient.address: 2001:db8::1\nserver.address: http://shop.test:80\nhttp.response.status_code: many",
];

pub(super) fn spans(text: &str, random: &mut Random) {
    let spans: Vec<Span> = (0..=random.below(3)).map(|_| span(text, random)).collect();
    let (otlp, zipkin) = written(&spans, "shop");
    let read = ExportTraceServiceRequest::decode(otlp.as_slice()).expect("a collector can read it");
    let scopes = read.resource_spans.into_iter().flat_map(|it| it.scope_spans);
    let read: Vec<v1::Span> = scopes.flat_map(|it| it.spans).collect();
    let lines: Vec<Value> = serde_json::from_slice(&zipkin).expect("Zipkin can read it");
    assert_eq!((read.len(), lines.len()), (spans.len(), spans.len()));
    for ((span, read), line) in spans.iter().zip(&read).zip(&lines) {
        by_otlp(span, read);
        by_zipkin(span, line);
    }
}

fn span(text: &str, random: &mut Random) -> Span {
    let mut lines = text.split('\n');
    let name = lines.next().unwrap_or_default().to_owned();
    let mut attributes = BTreeMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        attributes.insert(name.to_owned(), value.to_owned());
    }
    let number = |random: &mut Random| u64::try_from(random.below(1 << 40)).unwrap_or_default() + 1;
    let at = |us: u64| Timestamp::from_microsecond(i64::try_from(us).unwrap_or_default()).unwrap_or_default();
    let (began, took) = (number(random), number(random) % 1_000);
    Span {
        context: TraceContext {
            trace: (u128::from(number(random)) << 64) | u128::from(number(random)),
            span: number(random),
            sampled: true,
        },
        parent: (random.below(2) == 0).then(|| number(random)),
        kind: [
            SpanKind::Visit,
            SpanKind::Run,
            SpanKind::Step,
            SpanKind::Call,
            SpanKind::Attempt,
        ][random.below(5)],
        began: at(began),
        ended: at(began + took),
        status: match random.below(3) {
            0 => SpanStatus::Ok,
            1 => SpanStatus::Error(name.clone()),
            _ => SpanStatus::Stopped,
        },
        logs: vec![(at(began), text.to_owned())],
        attributes: attributes
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect(),
        name,
    }
}

fn by_otlp(span: &Span, read: &v1::Span) {
    let parent = span.parent.map(|parent| parent.to_be_bytes().to_vec());
    assert_eq!(read.trace_id, span.context.trace.to_be_bytes());
    assert_eq!(read.span_id, span.context.span.to_be_bytes());
    assert_eq!(read.parent_span_id, parent.unwrap_or_default());
    assert_eq!(read.name, span.name);
    let nanos = |at: Timestamp| u64::try_from(at.as_nanosecond()).unwrap_or_default();
    assert_eq!(
        (read.start_time_unix_nano, read.end_time_unix_nano),
        (nanos(span.began), nanos(span.ended))
    );
    let status = read.status.clone().unwrap_or_default();
    match &span.status {
        SpanStatus::Ok => assert_eq!(status.code, 1),
        SpanStatus::Error(why) => assert_eq!((status.code, &status.message), (2, why)),
        SpanStatus::Stopped => assert_eq!(status.code, 0),
    }
    for (name, value) in &span.attributes {
        let all = read.attributes.iter().filter(|it| it.key == name.as_ref());
        let all: Vec<_> = all.map(|it| it.value.clone().and_then(|it| it.value)).collect();
        let said = all.iter().any(|found| match found {
            Some(Any::StringValue(text)) => text == value,
            Some(Any::IntValue(number)) => value.parse() == Ok(*number),
            Some(Any::BoolValue(_)) => name == "flowmesh.undo" || name == "flowmesh.stopped",
            _ => false,
        });
        assert!(said, "{name}: {value:?} in {all:?}");
    }
    let logs: Vec<_> = read
        .events
        .iter()
        .map(|event| &event.attributes[0].value)
        .collect();
    let wanted = span.logs.iter().map(|(_, text)| Any::StringValue(text.clone()));
    let found = logs
        .into_iter()
        .map(|value| value.clone().and_then(|it| it.value));
    assert!(found.eq(wanted.map(Some)), "what was logged");
}

fn by_zipkin(span: &Span, line: &Value) {
    let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(text("traceId"), format!("{:032x}", span.context.trace));
    assert_eq!(text("id"), format!("{:016x}", span.context.span));
    assert_eq!(
        text("parentId"),
        span.parent
            .map_or(String::new(), |parent| format!("{parent:016x}"))
    );
    assert_eq!(text("name"), span.name);
    let (began, ended) = (span.began.as_microsecond(), span.ended.as_microsecond());
    assert_eq!(
        (line["timestamp"].as_i64(), line["duration"].as_i64()),
        (Some(began), Some((ended - began).max(1)))
    );
    let own = ["error", "otel.status_code", "flowmesh.stopped"];
    for (name, value) in span
        .attributes
        .iter()
        .filter(|(name, _)| !own.contains(&name.as_ref()))
    {
        assert_eq!(
            line["tags"][name.as_ref()].as_str(),
            Some(value.as_str()),
            "{name}"
        );
    }
    let said = line["annotations"][0]["value"].as_str().unwrap_or_default();
    let said: Value = serde_json::from_str(said).expect("a log is JSON");
    assert_eq!(
        said["log"]["message"].as_str(),
        span.logs.first().map(|(_, text)| text.as_str())
    );
}
