//! What the service hears of the trace of a visit, and what of it is told.

use super::{
    support::{
        self, retrying,
        server::{Answer, Server},
    },
    town::{Town, gateway, route, to},
};
use flowmesh_ir::{
    FlowId,
    gateway::Target,
    policy::{Policy, RetryOn},
    trace::TraceContext,
    traffic::{Propagation, Trace},
};
use std::collections::BTreeMap;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

fn sampling(sample: u32, propagate: &[Propagation]) -> Policy {
    Policy {
        trace: Some(Trace {
            sample,
            tags: Vec::new(),
            propagate: propagate.to_vec(),
        }),
        ..support::plain()
    }
}

/// What the service heard of the trace.
fn heard(server: &Server, number: usize) -> BTreeMap<String, String> {
    let seen = server.request(number);
    let about = |name: &str| {
        matches!(name, "traceparent" | "tracestate" | "baggage") || name == "b3" || name.starts_with("x-b3-")
    };
    let heard = seen.headers.iter().filter(|(name, _)| about(name.as_str()));
    heard
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect()
}

fn get(headers: &str) -> String {
    format!("GET /a HTTP/1.1\r\nhost: a\r\n{headers}\r\n")
}

#[tokio::test]
async fn a_visit_is_a_span_between_the_visitor_and_its_attempts() {
    let server = Server::start(|number| Answer::Status(if number == 0 { 503 } else { 200 })).await;
    let policy = retrying(&[RetryOn::Class(5)]);
    let town = Town::with(&server, policy, gateway(vec![route(None, "/**")]), |_| {}).await;
    let said = format!("traceparent: 00-{TRACE}-{SPAN}-01\r\ntracestate: a=1,b=2\r\nbaggage: c=3\r\n");
    assert_eq!(town.ask(&get(&said)).await.status, 200);
    let record = town.record().await;
    let visit = record.trace.unwrap();
    assert_eq!(format!("{:032x}", visit.trace), TRACE);
    assert_eq!(
        record.above.map(|above| format!("{above:016x}")).as_deref(),
        Some(SPAN)
    );
    for number in [1, 2] {
        let heard = heard(&server, number as usize - 1);
        assert_eq!(heard["traceparent"], visit.child(number).to_string());
        assert_eq!(
            (heard["tracestate"].as_str(), heard["baggage"].as_str()),
            ("a=1,b=2", "c=3")
        );
    }
    let tried: Vec<_> = record.attempts.iter().map(|it| (it.number, it.status)).collect();
    assert_eq!(tried, [(1, Some(503)), (2, Some(200))]);
    assert!(record.attempts[1].began_us >= record.attempts[0].began_us + record.attempts[0].took_us);
}

#[tokio::test]
async fn what_is_no_trace_is_not_passed_on() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let town = Town::before(&server).await;
    let said = format!("traceparent: 00-{TRACE}-0000000000000000-01\r\ntracestate: a=1\r\nbaggage: c=3\r\n");
    assert_eq!(town.ask(&get(&said)).await.status, 200);
    let heard = heard(&server, 0);
    let parent = TraceContext::parse(&heard["traceparent"]).unwrap();
    assert_ne!(format!("{:032x}", parent.trace), TRACE);
    assert_eq!(
        (heard.get("tracestate"), heard["baggage"].as_str()),
        (None, "c=3")
    );
}

#[tokio::test]
async fn the_service_hears_of_the_trace_in_the_forms_that_are_asked_for() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let cases: [(&[Propagation], &[&str]); 3] = [
        (&[Propagation::B3], &["b3"]),
        (
            &[Propagation::B3Multi],
            &["x-b3-sampled", "x-b3-spanid", "x-b3-traceid"],
        ),
        (&[Propagation::W3c, Propagation::B3], &["b3", "traceparent"]),
    ];
    for (number, (forms, names)) in cases.into_iter().enumerate() {
        let policy = sampling(10_000, forms);
        let town = Town::with(&server, policy, gateway(vec![route(None, "/**")]), |_| {}).await;
        let said = format!("b3: {TRACE}-{SPAN}-1\r\nx-b3-flags: 0\r\n");
        assert_eq!(town.ask(&get(&said)).await.status, 200);
        let heard = heard(&server, number);
        assert_eq!(heard.keys().map(String::as_str).collect::<Vec<_>>(), names);
        assert!(heard.values().any(|value| value.contains(TRACE)), "{heard:?}");
        assert!(heard.values().all(|value| !value.contains(SPAN)), "{heard:?}");
    }
}

#[tokio::test]
async fn whether_a_trace_is_recorded_says_the_visitor_or_else_the_policy() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let none = Town::with(
        &server,
        sampling(0, &[]),
        gateway(vec![route(None, "/**")]),
        |_| {},
    )
    .await;
    let all = Town::with(
        &server,
        sampling(10_000, &[]),
        gateway(vec![route(None, "/**")]),
        |_| {},
    )
    .await;
    let told = |flag: &str| format!("traceparent: 00-{TRACE}-{SPAN}-{flag}\r\n");
    for (number, (town, said, recorded)) in [
        (&none, String::new(), false),
        (&all, String::new(), true),
        (&none, told("01"), true),
        (&all, told("00"), false),
        (&none, format!("b3: {TRACE}-{SPAN}\r\n"), false),
        (&all, "b3: 0\r\n".to_owned(), false),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(town.ask(&get(&said)).await.status, 200);
        let record = town.record().await;
        assert_eq!(record.trace.unwrap().sampled, recorded, "{said}");
        let flags = if recorded { "-01" } else { "-00" };
        assert!(heard(&server, number)["traceparent"].ends_with(flags), "{said}");
    }
}

#[tokio::test]
async fn a_flow_goes_on_from_the_span_of_the_visit() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let target = Target::Flow {
        flow: FlowId(0),
        arguments: Vec::new(),
        wait: false,
    };
    let routes = gateway(vec![to(None, "/a", target)]);
    let town = Town::with(&server, support::plain(), routes, |_| {}).await;
    let said = format!("traceparent: 00-{TRACE}-{SPAN}-00\r\ntracestate: a=1\r\nbaggage: b=2\r\n");
    assert_eq!(town.ask(&get(&said)).await.status, 202);
    let (record, lineage) = (town.record().await, town.lineages().remove(0));
    let visit = record.trace.unwrap();
    assert_eq!((lineage.trace, lineage.parent), (visit.trace, Some(visit.span)));
    assert_eq!(format!("{:032x}", lineage.trace), TRACE);
    assert!(!lineage.sampled);
    let along: Vec<_> = lineage.headers().collect();
    assert_eq!(along, [("tracestate", "a=1"), ("baggage", "b=2")]);
    assert_eq!(record.run.as_deref(), Some("7"));
}
