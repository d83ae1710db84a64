//! Spans on their way to those who take them: what goes over the wire is what the protocols say.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

use bytes::Bytes;
use flowmesh_host::traces::{Otlp, Protocol, Several, Span, SpanKind, SpanSink, SpanStatus, Zipkin};
use flowmesh_ir::trace::TraceContext;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::{
    HeaderMap, Request, Response,
    body::{Frame, Incoming},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::Timestamp;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{ResourceSpans, span::SpanKind as Kind},
};
use prost::Message;
use serde_json::Value;
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::net::TcpListener;

/// What a receiver was sent: path, headers, body.
type Sent = (String, HeaderMap, Bytes);

#[derive(Clone, Default)]
struct Received {
    all: Arc<Mutex<Vec<Sent>>>,
    /// So many requests are refused for now first.
    refusing: Arc<AtomicU32>,
}

impl Received {
    async fn take(&self, request: Request<Incoming>) -> bool {
        let (head, body) = request.into_parts();
        assert_eq!(head.method, "POST");
        let body = body.collect().await.unwrap().to_bytes();
        if self
            .refusing
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_ok()
        {
            return false;
        }
        let path = head.uri.path().to_owned();
        self.all.lock().unwrap().push((path, head.headers, body));
        true
    }

    fn only(&self) -> Sent {
        let all = self.all.lock().unwrap();
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].clone()
    }
}

/// Takes what comes over HTTP/1.1, and answers with an empty body.
async fn over_http(received: Received, status: u16) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let received = received.clone();
            let service = service_fn(move |request| {
                let received = received.clone();
                async move {
                    let taken = received.take(request).await;
                    let status = if taken { status } else { 503 };
                    let answer = Response::builder().status(status).header("retry-after", "0");
                    Ok::<_, Infallible>(answer.body(Full::new(Bytes::new())).unwrap())
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

/// Takes calls of gRPC; the first that are refused hear `UNAVAILABLE` in trailers.
async fn by_grpc(received: Received) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let received = received.clone();
            let service = service_fn(move |request| {
                let received = received.clone();
                async move {
                    let status = if received.take(request).await { "0" } else { "14" };
                    let mut trailers = HeaderMap::new();
                    trailers.insert("grpc-status", status.parse().unwrap());
                    let frames = [
                        Frame::data(Bytes::from_static(&[0, 0, 0, 0, 0])),
                        Frame::trailers(trailers),
                    ];
                    let body = futures_util::stream::iter(frames.map(Ok::<_, Infallible>));
                    let answer = Response::builder().header("content-type", "application/grpc");
                    Ok::<_, Infallible>(answer.body(StreamBody::new(body)).unwrap())
                }
            });
            let server = http2::Builder::new(TokioExecutor::new());
            tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

fn span(kind: SpanKind, name: &str, status: SpanStatus) -> Span {
    Span {
        context: TraceContext {
            trace: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
            span: 0x00f0_67aa_0ba9_02b7,
            sampled: false,
        },
        parent: (kind != SpanKind::Run).then_some(7),
        kind,
        name: name.to_owned(),
        began: Timestamp::from_microsecond(1_700_000_000_000_001).unwrap(),
        ended: Timestamp::from_microsecond(1_700_000_000_000_251).unwrap(),
        status,
        attributes: vec![
            ("http.response.status_code".into(), "503".to_owned()),
            ("url.path".into(), "/42".to_owned()),
        ],
        logs: vec![(Timestamp::from_second(1_700_000_000).unwrap(), "hello".to_owned())],
    }
}

fn all() -> [Span; 3] {
    [
        span(
            SpanKind::Visit,
            "GET desk",
            SpanStatus::Error("status 503".to_owned()),
        ),
        span(SpanKind::Attempt, "GET desk", SpanStatus::Ok),
        span(SpanKind::Run, "order", SpanStatus::Stopped),
    ]
}

/// Gives a sink all spans, and waits until the last is sent.
async fn give(sink: Arc<dyn SpanSink>) -> Arc<dyn SpanSink> {
    all().into_iter().for_each(|span| sink.take(span));
    let closing = tokio::task::spawn_blocking(move || {
        sink.close();
        sink
    });
    closing.await.unwrap()
}

fn check(message: &[u8]) {
    let request = ExportTraceServiceRequest::decode(message).unwrap();
    let [
        ResourceSpans {
            resource,
            scope_spans,
            ..
        },
    ] = request.resource_spans.as_slice()
    else {
        panic!("one resource: {request:#?}");
    };
    let named = |name: &str| {
        let mut attributes = resource.as_ref().unwrap().attributes.iter();
        let found = attributes.find(|attribute| attribute.key == name).unwrap();
        format!("{:?}", found.value)
    };
    assert!(named("service.name").contains("\"shop\""));
    assert!(named("service.version").contains(env!("CARGO_PKG_VERSION")));
    let [scope] = scope_spans.as_slice() else {
        panic!("one scope: {scope_spans:#?}");
    };
    assert_eq!(scope.scope.as_ref().unwrap().name, "flowmesh");
    let [visit, attempt, run] = scope.spans.as_slice() else {
        panic!("three spans: {scope:#?}");
    };
    assert_eq!(
        visit.trace_id,
        0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes()
    );
    assert_eq!(visit.span_id, 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());
    assert_eq!(
        (visit.parent_span_id.as_slice(), run.parent_span_id.len()),
        (&7_u64.to_be_bytes()[..], 0)
    );
    assert_eq!(
        [visit.kind, attempt.kind, run.kind],
        [Kind::Server, Kind::Client, Kind::Internal].map(|kind| kind as i32)
    );
    assert_eq!(visit.start_time_unix_nano, 1_700_000_000_000_001_000);
    assert_eq!(visit.end_time_unix_nano, 1_700_000_000_000_251_000);
    let codes = [visit, attempt, run].map(|span| span.status.as_ref().unwrap().code);
    assert_eq!(codes, [2, 1, 0]);
    assert_eq!(visit.status.as_ref().unwrap().message, "status 503");
    let values: Vec<String> = visit
        .attributes
        .iter()
        .map(|it| format!("{:?}", it.value))
        .collect();
    assert!(values[0].contains("IntValue(503)"), "{values:?}");
    assert!(values[1].contains("StringValue(\"/42\")"), "{values:?}");
    assert_eq!(visit.events[0].name, "log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_is_sent_protobuf_over_http() {
    let received = Received::default();
    received.refusing.store(1, Ordering::SeqCst);
    let address = over_http(received.clone(), 200).await;
    let otlp = Otlp::batches(&format!("http://{address}"), "shop", Some(Protocol::Http)).unwrap();
    assert_eq!(give(Arc::new(otlp)).await.dropped(), 0);
    let (path, headers, body) = received.only();
    assert_eq!(path, "/v1/traces");
    assert_eq!(headers["content-type"], "application/x-protobuf");
    check(&body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_is_called_by_grpc() {
    let received = Received::default();
    received.refusing.store(1, Ordering::SeqCst);
    let address = by_grpc(received.clone()).await;
    let otlp = Otlp::batches(&format!("http://{address}"), "shop", Some(Protocol::Grpc)).unwrap();
    assert_eq!(give(Arc::new(otlp)).await.dropped(), 0);
    let (path, headers, body) = received.only();
    assert_eq!(
        path,
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
    );
    assert_eq!(headers["content-type"], "application/grpc");
    assert_eq!(headers["te"], "trailers");
    assert_eq!(body[0], 0, "it is not compressed");
    let length = u32::from_be_bytes(body[1..5].try_into().unwrap()) as usize;
    assert_eq!(length, body.len() - 5);
    check(&body[5..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn zipkin_is_sent_its_json() {
    let received = Received::default();
    let address = over_http(received.clone(), 202).await;
    let zipkin = Zipkin::batches(&format!("http://{address}/"), "shop").unwrap();
    assert_eq!(give(Arc::new(zipkin)).await.dropped(), 0);
    let (path, headers, body) = received.only();
    assert_eq!(path, "/api/v2/spans");
    assert_eq!(headers["content-type"], "application/json");
    let spans: Value = serde_json::from_slice(&body).unwrap();
    let kinds: Vec<&Value> = spans
        .as_array()
        .unwrap()
        .iter()
        .map(|span| &span["kind"])
        .collect();
    assert_eq!(
        kinds,
        [&Value::from("SERVER"), &Value::from("CLIENT"), &Value::Null]
    );
    assert_eq!(spans[0]["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(spans[0]["tags"]["error"], "status 503");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_none_loses_spans_and_several_are_told_all() {
    let received = Received::default();
    let address = over_http(received.clone(), 202).await;
    let refused = over_http(Received::default(), 400).await;
    let several = Several::of(vec![
        Arc::new(Zipkin::batches(&format!("http://{address}"), "shop").unwrap()),
        Arc::new(Otlp::batches(&format!("http://{refused}"), "shop", Some(Protocol::Http)).unwrap()),
    ]);
    assert_eq!(give(several.unwrap()).await.dropped(), 3);
    assert_eq!(received.all.lock().unwrap().len(), 1);
    assert!(Zipkin::batches("localhost:9411", "shop").is_err());
}
