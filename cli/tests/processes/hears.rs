//! Servers of a test that answer everything with the same and write down what they were asked: services, and collectors of
//! spans.

use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    common::v1::any_value::Value,
    trace::v1::Span,
};
use prost::Message;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

/// Something that was asked of a server of this test: its path, its headers, its body.
pub(super) type Asked = (String, BTreeMap<String, String>, Vec<u8>);

/// A server that answers everything with the same.
pub(super) struct Hears {
    pub(super) port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Hears {
    /// An OpenTelemetry collector.
    pub(super) fn collector() -> Self {
        let taken = ExportTraceServiceResponse::default().encode_to_vec();
        Self::start("application/x-protobuf", taken)
    }

    pub(super) fn start(kind: &'static str, body: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, body) = (Arc::clone(&kept), body.clone());
                std::thread::spawn(move || {
                    let mut stream = BufReader::new(stream);
                    while let Some(request) = read(&mut stream) {
                        asked.lock().expect("the lock").push(request);
                        let length = body.len();
                        let head = format!(
                            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n"
                        );
                        let stream = stream.get_mut();
                        let _ = stream.write_all(&[head.as_bytes(), &body].concat());
                    }
                });
            }
        });
        Self { port, asked }
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("the lock").clone()
    }

    /// All spans that a collector was sent, and the names of the services that they are of.
    pub(super) fn spans(&self) -> (Vec<Span>, Vec<String>) {
        let (mut spans, mut services) = (Vec::new(), Vec::new());
        for (path, headers, body) in self.asked() {
            assert_eq!(path, "/v1/traces");
            assert_eq!(headers["content-type"], "application/x-protobuf");
            let request = ExportTraceServiceRequest::decode(body.as_slice()).expect("OTLP");
            for resource in request.resource_spans {
                let attributes = resource.resource.unwrap_or_default().attributes;
                let named = attributes.into_iter().filter(|it| it.key == "service.name");
                services.extend(named.map(|it| text(it.value.and_then(|it| it.value))));
                spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
            }
        }
        (spans, services)
    }
}

fn read(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut first = String::new();
    stream.read_line(&mut first).ok().filter(|read| *read > 0)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or("0", String::as_str);
    let mut body = vec![0; length.parse().ok()?];
    stream.read_exact(&mut body).ok()?;
    Some((first.split(' ').nth(1)?.to_owned(), headers, body))
}

fn text(value: Option<Value>) -> String {
    match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}

/// What a span says of something.
pub(super) fn attribute(span: &Span, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|it| it.key == key)?;
    Some(text(found.value.clone()?.value))
}

/// Digits, as headers have them.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
