//! Spans to Zipkin: version 2 of its JSON, posted in batches. What has no place there (a status, a log) is written as
//! OpenTelemetry's mapping to Zipkin has it.

use super::{
    batch::{Batches, Export, Exporting, Gathering},
    http::post,
    otlp::{OtlpError, address, resource},
    span::{Span, SpanKind, SpanStatus},
};
use bytes::Bytes;
use flowmesh_mesh::identity::Https;
use hyper::{Request, Uri, header};
use jiff::Timestamp;
use opentelemetry::Key;
use serde::Serialize;
use serde_json::json;
use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

/// The path that Zipkin has for spans.
const PATH: &str = "/api/v2/spans";
/// How long a batch may take.
const TIME: Duration = Duration::from_secs(10);

/// Sends spans to Zipkin.
pub struct Zipkin {
    https: Https,
    to: Uri,
    service: String,
}

/// A span as Zipkin has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'s> {
    trace_id: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    name: &'s str,
    /// In microseconds.
    timestamp: i64,
    /// In microseconds, and never 0.
    duration: i64,
    local_endpoint: Endpoint<'s>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_endpoint: Option<Endpoint<'s>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    annotations: Vec<Annotation>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<&'s str, &'s str>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint<'s> {
    #[serde(skip_serializing_if = "Option::is_none")]
    service_name: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ipv4: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ipv6: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
}

#[derive(Serialize)]
struct Annotation {
    timestamp: i64,
    value: String,
}

impl Zipkin {
    /// Spans to Zipkin at an address like `http://127.0.0.1:9411`, as a service of a name, unless `OTEL_SERVICE_NAME` has
    /// another. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// If that is no address.
    pub fn batches(to: &str, service: &str) -> Result<Batches, OtlpError> {
        let error = |why: String| OtlpError {
            to: to.to_owned(),
            why,
        };
        let bare = to.trim_end_matches('/');
        let whole = match bare.ends_with(PATH) {
            true => bare.to_owned(),
            false => format!("{bare}{PATH}"),
        };
        let name = resource(service).get(&Key::from_static_str("service.name"));
        let zipkin = Self {
            https: Https::new().map_err(error)?,
            to: address(&whole).map_err(error)?,
            service: name.map_or_else(|| service.to_owned(), |name| name.to_string()),
        };
        Ok(Batches::new(zipkin, Gathering::from_env()))
    }
}

impl Export for Zipkin {
    fn export<'a>(&'a self, spans: &'a [Span]) -> Exporting<'a> {
        let mut request = Request::new(Bytes::from(lines(spans, &self.service)));
        *request.method_mut() = hyper::Method::POST;
        request.uri_mut().clone_from(&self.to);
        let json = header::HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
        Box::pin(post(&self.https, request, TIME))
    }
}

/// The list that Zipkin takes.
pub(super) fn lines(spans: &[Span], service: &str) -> Vec<u8> {
    let lines: Vec<Line<'_>> = spans.iter().map(|span| line(span, service)).collect();
    serde_json::to_vec(&lines).unwrap_or_default()
}

fn line<'s>(span: &'s Span, service: &'s str) -> Line<'s> {
    let began = span.began.as_microsecond();
    let mut tags: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, value) in &span.attributes {
        tags.insert(name, value);
    }
    match &span.status {
        SpanStatus::Ok => drop(tags.insert("otel.status_code", "OK")),
        SpanStatus::Error(why) => {
            tags.insert("otel.status_code", "ERROR");
            tags.insert("error", why);
        }
        SpanStatus::Stopped => drop(tags.insert("flowmesh.stopped", "true")),
    }
    let remote = match span.kind {
        SpanKind::Attempt => tags.get("server.address").map(|address| endpoint(address)),
        SpanKind::Visit => tags.get("client.address").map(|address| endpoint(address)),
        SpanKind::Run | SpanKind::Step | SpanKind::Call => None,
    };
    Line {
        trace_id: format!("{:032x}", span.context.trace),
        id: format!("{:016x}", span.context.span),
        parent_id: span.parent.map(|parent| format!("{parent:016x}")),
        kind: match span.kind {
            SpanKind::Attempt => Some("CLIENT"),
            SpanKind::Visit => Some("SERVER"),
            SpanKind::Run | SpanKind::Step | SpanKind::Call => None,
        },
        name: &span.name,
        timestamp: began,
        duration: span.ended.as_microsecond().saturating_sub(began).max(1),
        local_endpoint: Endpoint {
            service_name: Some(service),
            ..Endpoint::default()
        },
        remote_endpoint: remote,
        annotations: span.logs.iter().map(annotation).collect(),
        tags,
    }
}

fn annotation((at, text): &(Timestamp, String)) -> Annotation {
    Annotation {
        timestamp: at.as_microsecond(),
        value: json!({ "log": { "message": text } }).to_string(),
    }
}

/// An address by its parts; what is a name is the name of a service.
fn endpoint(address: &str) -> Endpoint<'_> {
    let bare = address
        .strip_prefix("http://")
        .or_else(|| address.strip_prefix("https://"));
    let text = bare.unwrap_or(address);
    let (ip, port) = match (text.parse::<SocketAddr>(), text.parse()) {
        (Ok(socket), _) => (Some(socket.ip()), Some(socket.port())),
        (_, Ok(ip)) => (Some(ip), None),
        _ => (None, None),
    };
    Endpoint {
        service_name: ip.is_none().then_some(text),
        ipv4: ip.filter(|ip| ip.is_ipv4()).map(|ip| ip.to_string()),
        ipv6: ip.filter(|ip| ip.is_ipv6()).map(|ip| ip.to_string()),
        port,
    }
}

#[cfg(test)]
mod tests;
