//! What the environment says of a collector, by the names of OpenTelemetry.

use flowmesh_ir::Code;
use hyper::{
    HeaderMap, Uri,
    header::{HeaderName, HeaderValue},
};
use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use std::{env, str::FromStr, time::Duration};

/// The path that OTLP has for spans.
const PATH: &str = "/v1/traces";
/// The method that it has for them.
const METHOD: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/// How long a batch may take (`OTEL_EXPORTER_OTLP_TIMEOUT`).
const TIME: Duration = Duration::from_secs(10);

/// How a collector is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Protobuf over HTTP: `http/protobuf`.
    Http,
    /// A call of gRPC: `grpc`.
    Grpc,
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
        "give the address of a collector, such as `http://127.0.0.1:4318` for OTLP over HTTP, `http://127.0.0.1:4317` for OTLP by gRPC or `http://127.0.0.1:9411` for Zipkin"
    }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "http/protobuf" => Ok(Self::Http),
            "grpc" => Ok(Self::Grpc),
            other => Err(format!(
                "expected the protocol `http/protobuf` or `grpc`, found `{other}`"
            )),
        }
    }
}

impl Protocol {
    /// As the environment says.
    pub(super) fn from_env() -> Result<Self, String> {
        said("PROTOCOL").map_or(Ok(Self::Http), |text| text.parse())
    }
}

/// What is said for traces goes before what is said for everything; what is empty is not said.
fn said(what: &str) -> Option<String> {
    let names = [
        format!("OTEL_EXPORTER_OTLP_TRACES_{what}"),
        format!("OTEL_EXPORTER_OTLP_{what}"),
    ];
    let said = names.iter().filter_map(|name| env::var(name).ok());
    said.into_iter().find(|text| !text.is_empty())
}

/// How long a batch may take.
pub(super) fn time() -> Duration {
    let said = said("TIMEOUT").and_then(|text| text.parse().ok());
    said.map_or(TIME, Duration::from_millis)
}

/// What is sent with every batch: `key=value,other=value`, the values percent-encoded.
pub(super) fn headers() -> Result<HeaderMap, String> {
    let said = said("HEADERS").unwrap_or_default();
    let mut headers = HeaderMap::new();
    for member in said.split(',').map(str::trim).filter(|member| !member.is_empty()) {
        let (name, value) = member
            .split_once('=')
            .ok_or_else(|| "expected `name=value` in OTEL_EXPORTER_OTLP_HEADERS".to_owned())?;
        let wrong = || format!("`{name}` of OTEL_EXPORTER_OTLP_HEADERS cannot be a header");
        let header = HeaderName::from_str(name.trim()).map_err(|_| wrong())?;
        let mut value = HeaderValue::from_bytes(&decoded(value.trim())).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    Ok(headers)
}

/// Without its percent-encoding; what is none stands as it is.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|_| *first == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    bytes
}

/// The address of whoever takes spans: that of the collector, with the path that the protocol has for them.
pub(super) fn endpoint(to: &str, protocol: Protocol) -> Result<Uri, String> {
    let bare = to.trim_end_matches('/');
    let whole = match protocol {
        Protocol::Http if bare.ends_with(PATH) => bare.to_owned(),
        Protocol::Http => format!("{bare}{PATH}"),
        Protocol::Grpc => format!("{bare}{METHOD}"),
    };
    address(&whole)
}

/// An address with `http://` or `https://`.
pub(in crate::traces) fn address(text: &str) -> Result<Uri, String> {
    let uri = text.parse::<Uri>().ok();
    let known = |scheme: &str| matches!(scheme, "http" | "https");
    let uri = uri.filter(|uri| uri.scheme_str().is_some_and(known) && uri.authority().is_some());
    uri.ok_or_else(|| "expected an address with `http://` or `https://`".to_owned())
}

/// What sends the spans: a name, unless the environment has another, and what else that says.
pub(in crate::traces) fn resource(service: &str) -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_attribute(version);
    match env::var_os("OTEL_SERVICE_NAME") {
        Some(_) => resource.build(),
        None => resource.with_service_name(service.to_owned()).build(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Protocol, decoded, endpoint};

    #[test]
    fn a_collector_is_asked_at_the_path_of_its_protocol() {
        let at = |to: &str, protocol| endpoint(to, protocol).map(|uri| uri.to_string());
        for to in ["http://a:4318", "http://a:4318/", "http://a:4318/v1/traces"] {
            assert_eq!(at(to, Protocol::Http).as_deref(), Ok("http://a:4318/v1/traces"));
        }
        assert_eq!(
            at("https://a:4317", Protocol::Grpc).as_deref(),
            Ok("https://a:4317/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        );
        assert!(at("a:4317", Protocol::Grpc).is_err());
        assert!("http/json".parse::<Protocol>().is_err());
    }

    #[test]
    fn values_of_headers_are_decoded() {
        assert_eq!(decoded("Bearer%20a%2"), b"Bearer a%2");
        assert_eq!(decoded("%C3%A9%zz"), "é%zz".as_bytes());
    }
}
