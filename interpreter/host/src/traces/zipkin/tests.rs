//! What Zipkin is sent, to the letter of its model (zipkin2-api.yaml).

use super::line;
use crate::traces::{Span, SpanKind, SpanStatus};
use flowmesh_ir::trace::TraceContext;
use jiff::Timestamp;
use serde_json::{Value, json};

fn span(kind: SpanKind, status: SpanStatus) -> Span {
    let at = |us: i64| Timestamp::from_microsecond(us).unwrap();
    Span {
        context: TraceContext {
            trace: 0x10,
            span: 0x20,
            sampled: true,
        },
        parent: Some(0x30),
        kind,
        name: "PUT desk.pack".to_owned(),
        began: at(1_700_000_000_000_001),
        ended: at(1_700_000_000_000_251),
        status,
        attributes: vec![("server.address".into(), "10.0.0.1:80".to_owned())],
        logs: vec![(at(1_700_000_000_000_100), "said \"this\"".to_owned())],
    }
}

fn shown(span: &Span) -> Value {
    serde_json::to_value(line(span, "shop")).unwrap()
}

#[test]
fn a_span_is_written_as_zipkin_reads_it() {
    let failed = span(SpanKind::Attempt, SpanStatus::Error("it broke".to_owned()));
    assert_eq!(
        shown(&failed),
        json!({
            "traceId": "00000000000000000000000000000010",
            "id": "0000000000000020",
            "parentId": "0000000000000030",
            "kind": "CLIENT",
            "name": "PUT desk.pack",
            "timestamp": 1_700_000_000_000_001_i64,
            "duration": 250,
            "localEndpoint": { "serviceName": "shop" },
            "remoteEndpoint": { "ipv4": "10.0.0.1", "port": 80 },
            "annotations": [{
                "timestamp": 1_700_000_000_000_100_i64,
                "value": r#"{"log":{"message":"said \"this\""}}"#,
            }],
            "tags": { "server.address": "10.0.0.1:80", "otel.status_code": "ERROR", "error": "it broke" },
        })
    );
}

#[test]
fn what_has_no_length_or_no_parent_is_a_span_all_the_same() {
    let mut short = span(SpanKind::Step, SpanStatus::Stopped);
    (short.ended, short.parent) = (short.began, None);
    let shown = shown(&short);
    assert_eq!(shown["duration"], 1);
    assert_eq!(
        (
            shown.get("parentId"),
            shown.get("kind"),
            shown.get("remoteEndpoint")
        ),
        (None, None, None)
    );
    assert_eq!(shown["tags"]["flowmesh.stopped"], "true");
}

#[test]
fn where_somebody_is_has_its_parts() {
    for (text, parts) in [
        ("10.0.0.1", json!({ "ipv4": "10.0.0.1" })),
        ("[2001:db8::1]:443", json!({ "ipv6": "2001:db8::1", "port": 443 })),
        ("http://10.0.0.1:80", json!({ "ipv4": "10.0.0.1", "port": 80 })),
        ("desk.test:80", json!({ "serviceName": "desk.test:80" })),
    ] {
        assert_eq!(
            serde_json::to_value(super::endpoint(text)).unwrap(),
            parts,
            "{text}"
        );
    }
}
