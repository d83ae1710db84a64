//! Spans over OTLP: protobuf, by HTTP or as a call of gRPC.

mod settings;

pub use settings::{OtlpError, Protocol};

pub(super) use settings::{address, resource};

use super::{
    batch::{Batches, Export, Exporting, Gathering},
    http::{call, framed, post},
    span::{Span, SpanKind, SpanStatus},
};
use bytes::Bytes;
use flowmesh_mesh::identity::{Http2, Https};
use hyper::{HeaderMap, Request, Uri, header};
use jiff::Timestamp;
use opentelemetry::{
    InstrumentationScope, KeyValue,
    trace::{self, Event, SpanContext, SpanId, Status, TraceFlags, TraceId, TraceState},
};
use opentelemetry_proto::{
    tonic::collector::trace::v1::ExportTraceServiceRequest,
    transform::{
        common::tonic::ResourceAttributesWithSchema, trace::tonic::group_spans_by_resource_and_scope,
    },
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use prost::Message;
use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

/// Sends spans to a collector.
pub struct Otlp {
    way: Way,
    to: Uri,
    headers: HeaderMap,
    time: Duration,
    form: Form,
}

/// How spans are written: as whose, and by whom.
pub(super) struct Form {
    resource: ResourceAttributesWithSchema,
    scope: InstrumentationScope,
}

enum Way {
    Http(Https),
    Grpc(Http2),
}

impl Otlp {
    /// Spans to a collector at an address like `http://127.0.0.1:4318`, as a service of a name. Headers, the time limit, the
    /// protocol where none is named, and the size of batches are as the environment says it by the names of OpenTelemetry:
    /// `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_BSP_MAX_QUEUE_SIZE` and their like. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// If that is no address, or something else that the environment says cannot be.
    pub fn batches(to: &str, service: &str, protocol: Option<Protocol>) -> Result<Batches, OtlpError> {
        let error = |why: String| OtlpError {
            to: to.to_owned(),
            why,
        };
        let protocol = match protocol {
            Some(protocol) => protocol,
            None => Protocol::from_env().map_err(error)?,
        };
        let way = match protocol {
            Protocol::Http => Way::Http(Https::new().map_err(error)?),
            Protocol::Grpc => Way::Grpc(Http2::new().map_err(error)?),
        };
        let otlp = Self {
            way,
            to: settings::endpoint(to, protocol).map_err(error)?,
            headers: settings::headers().map_err(error)?,
            time: settings::time(),
            form: Form::new(service),
        };
        Ok(Batches::new(otlp, Gathering::from_env()))
    }

    fn request(&self, kind: &'static str, body: Bytes) -> Request<Bytes> {
        let mut request = Request::new(body);
        *request.method_mut() = hyper::Method::POST;
        request.uri_mut().clone_from(&self.to);
        request.headers_mut().clone_from(&self.headers);
        let kind = header::HeaderValue::from_static(kind);
        request.headers_mut().insert(header::CONTENT_TYPE, kind);
        request
    }
}

impl Form {
    /// As a service of a name, unless the environment has another.
    pub(super) fn new(service: &str) -> Self {
        Self {
            resource: (&settings::resource(service)).into(),
            scope: InstrumentationScope::builder("flowmesh")
                .with_version(env!("CARGO_PKG_VERSION"))
                .build(),
        }
    }

    /// The message that a collector takes.
    pub(super) fn message(&self, spans: &[Span]) -> Vec<u8> {
        let data = spans.iter().map(|span| self.data(span)).collect();
        let message = ExportTraceServiceRequest {
            resource_spans: group_spans_by_resource_and_scope(data, &self.resource),
        };
        message.encode_to_vec()
    }

    fn data(&self, span: &Span) -> SpanData {
        let id = |id: u64| SpanId::from_bytes(id.to_be_bytes());
        let mut attributes: Vec<KeyValue> = span.attributes.iter().map(attribute).collect();
        if span.status == SpanStatus::Stopped {
            attributes.push(KeyValue::new("flowmesh.stopped", true));
        }
        let mut events = SpanEvents::default();
        let logged = |(at, text): &(Timestamp, String)| {
            let message = KeyValue::new("message", text.clone());
            Event::new("log", time(*at), vec![message], 0)
        };
        events.events = span.logs.iter().map(logged).collect::<Vec<Event>>();
        SpanData {
            span_context: SpanContext::new(
                TraceId::from_bytes(span.context.trace.to_be_bytes()),
                id(span.context.span),
                TraceFlags::SAMPLED,
                false,
                TraceState::default(),
            ),
            parent_span_id: span.parent.map_or(SpanId::INVALID, id),
            parent_span_is_remote: span.kind == SpanKind::Visit,
            span_kind: match span.kind {
                SpanKind::Attempt => trace::SpanKind::Client,
                SpanKind::Visit => trace::SpanKind::Server,
                SpanKind::Run | SpanKind::Step | SpanKind::Call => trace::SpanKind::Internal,
            },
            name: span.name.clone().into(),
            start_time: time(span.began),
            end_time: time(span.ended),
            attributes,
            dropped_attributes_count: 0,
            events,
            links: SpanLinks::default(),
            status: match &span.status {
                SpanStatus::Ok => Status::Ok,
                SpanStatus::Error(why) => Status::error(why.clone()),
                SpanStatus::Stopped => Status::Unset,
            },
            instrumentation_scope: self.scope.clone(),
        }
    }
}

impl Export for Otlp {
    fn export<'a>(&'a self, spans: &'a [Span]) -> Exporting<'a> {
        let message = self.form.message(spans);
        Box::pin(async move {
            match &self.way {
                Way::Http(https) => {
                    let request = self.request("application/x-protobuf", message.into());
                    post(https, request, self.time).await
                }
                Way::Grpc(http2) => {
                    let mut request = self.request("application/grpc", framed(&message));
                    let trailers = header::HeaderValue::from_static("trailers");
                    request.headers_mut().insert(header::TE, trailers);
                    call(http2, request, self.time).await
                }
            }
        })
    }
}

/// Numbers are numbers for whoever searches them.
fn attribute((key, value): &(Cow<'static, str>, String)) -> KeyValue {
    match (key.as_ref(), value.parse::<i64>()) {
        (
            "http.response.status_code"
            | "http.response.body.size"
            | "flowmesh.attempt"
            | "flowmesh.call"
            | "flowmesh.route"
            | "flowmesh.rule",
            Ok(number),
        ) => KeyValue::new(key.clone(), number),
        ("flowmesh.undo", _) => KeyValue::new(key.clone(), true),
        _ => KeyValue::new(key.clone(), value.clone()),
    }
}

fn time(at: Timestamp) -> SystemTime {
    SystemTime::from(at)
}
