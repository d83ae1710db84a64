//! Spans over OTLP: protobuf over HTTP, in batches, by the exporter of OpenTelemetry.

use super::{
    http::Client,
    span::{Span, SpanKind, SpanSink, SpanStatus},
};
use flowmesh_ir::Code;
use jiff::Timestamp;
use opentelemetry::{
    InstrumentationScope, KeyValue,
    trace::{self, Event, SpanContext, SpanId, Status, TraceFlags, TraceId, TraceState},
};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor},
};
use std::{
    env,
    time::{Duration, SystemTime},
};

/// So many spans wait to be sent, unless [`QUEUE_SIZE`] says otherwise; one more is let go of.
const QUEUE_MAX: usize = 65_536;
/// By which name the environment says so.
const QUEUE_SIZE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";
/// How long the last spans may take when a host stops.
const CLOSING_MAX: Duration = Duration::from_secs(10);
/// The path that OTLP has for spans.
const PATH: &str = "/v1/traces";

/// Sends spans to a collector.
#[derive(Debug)]
pub struct Otlp {
    processor: BatchSpanProcessor,
    scope: InstrumentationScope,
}

/// Spans cannot be sent there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("traces cannot be sent to `{to}`: {why}")]
pub struct OtlpError {
    /// Where they were to be sent.
    pub to: String,
    /// Why not.
    pub why: String,
}

impl OtlpError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code(1138)
    }

    /// What to do.
    #[must_use]
    pub fn help(&self) -> &'static str {
        "give the address of a collector that takes OTLP over HTTP, such as `http://127.0.0.1:4318`"
    }
}

impl Otlp {
    /// To a collector at an address like `http://127.0.0.1:4318`, as a service of a name. Headers, the time limit and the
    /// size of batches are as the environment says it by the names of OpenTelemetry: `OTEL_EXPORTER_OTLP_HEADERS`,
    /// `OTEL_BSP_MAX_QUEUE_SIZE` and their like. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// If that is no address, or something else that the environment says cannot be.
    pub fn new(to: &str, service: &str) -> Result<Self, OtlpError> {
        let error = |why: String| OtlpError {
            to: to.to_owned(),
            why,
        };
        let uri = to.parse::<hyper::Uri>().ok();
        let known = |scheme: &str| matches!(scheme, "http" | "https");
        if !uri.is_some_and(|uri| uri.scheme_str().is_some_and(known) && uri.authority().is_some()) {
            return Err(error(
                "expected an address with `http://` or `https://`".to_owned(),
            ));
        }
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new().map_err(error)?)
            .with_endpoint(endpoint(to))
            .build()
            .map_err(|why| error(why.to_string()))?;
        let mut config = BatchConfigBuilder::default();
        if env::var_os(QUEUE_SIZE).is_none() {
            config = config.with_max_queue_size(QUEUE_MAX);
        }
        let mut processor = BatchSpanProcessor::builder(exporter)
            .with_batch_config(config.build())
            .build();
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder().with_attribute(version);
        let named = env::var_os("OTEL_SERVICE_NAME").is_some();
        let resource = if named {
            resource
        } else {
            resource.with_service_name(service.to_owned())
        };
        processor.set_resource(&resource.build());
        let scope = InstrumentationScope::builder("flowmesh")
            .with_version(env!("CARGO_PKG_VERSION"))
            .build();
        Ok(Self { processor, scope })
    }

    fn data(&self, span: Span) -> SpanData {
        let id = |id: u64| SpanId::from_bytes(id.to_be_bytes());
        let mut attributes: Vec<KeyValue> = span.attributes.into_iter().map(attribute).collect();
        if span.status == SpanStatus::Stopped {
            attributes.push(KeyValue::new("flowmesh.stopped", true));
        }
        let mut events = SpanEvents::default();
        let logged = |(at, text)| Event::new("log", time(at), vec![KeyValue::new("message", text)], 0);
        events.events = span.logs.into_iter().map(logged).collect::<Vec<Event>>();
        SpanData {
            span_context: SpanContext::new(
                TraceId::from_bytes(span.context.trace.to_be_bytes()),
                id(span.context.span),
                TraceFlags::SAMPLED,
                false,
                TraceState::default(),
            ),
            parent_span_id: span.parent.map_or(SpanId::INVALID, id),
            parent_span_is_remote: false,
            span_kind: match span.kind {
                SpanKind::Attempt => trace::SpanKind::Client,
                SpanKind::Run | SpanKind::Step | SpanKind::Call => trace::SpanKind::Internal,
            },
            name: span.name.into(),
            start_time: time(span.began),
            end_time: time(span.ended),
            attributes,
            dropped_attributes_count: 0,
            events,
            links: SpanLinks::default(),
            status: match span.status {
                SpanStatus::Ok => Status::Ok,
                SpanStatus::Error(why) => Status::error(why),
                SpanStatus::Stopped => Status::Unset,
            },
            instrumentation_scope: self.scope.clone(),
        }
    }
}

impl SpanSink for Otlp {
    fn take(&self, span: Span) {
        self.processor.on_end(self.data(span));
    }

    fn close(&self) {
        if let Err(why) = self.processor.shutdown_with_timeout(CLOSING_MAX) {
            tracing::warn!(%why, "the last spans may be lost");
        }
    }
}

/// Numbers are numbers for whoever searches them.
fn attribute((key, value): (&'static str, String)) -> KeyValue {
    match (key, value.parse::<i64>()) {
        ("http.response.status_code" | "flowmesh.attempt" | "flowmesh.call", Ok(number)) => {
            KeyValue::new(key, number)
        }
        ("flowmesh.undo", _) => KeyValue::new(key, true),
        _ => KeyValue::new(key, value),
    }
}

fn time(at: Timestamp) -> SystemTime {
    SystemTime::from(at)
}

/// The address with the path for spans, if it has none of its own.
fn endpoint(to: &str) -> String {
    let to = to.trim_end_matches('/');
    if to.ends_with(PATH) {
        to.to_owned()
    } else {
        format!("{to}{PATH}")
    }
}
