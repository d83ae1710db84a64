//! One stub as an HTTP server: reads a request, checks it against the operation, answers as it was told.

use super::{
    Behind,
    example::Example,
    fits,
    matching::{self, Match},
    memory::{Decision, Memory},
    raw,
    record::{Received, Recorder},
    script::Fail,
};
use bytes::Bytes;
use flowmesh_ir::Program;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json, value::RawValue};
use std::{fmt, sync::Arc};
use tokio::net::{TcpListener, TcpStream};

/// The largest body that a stub reads.
const BODY_BYTES_MAX: usize = 16 << 20;

/// What one server needs.
pub(crate) struct Stub {
    pub(crate) program: Arc<Program>,
    pub(crate) services: Vec<Behind>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) recorder: Arc<Recorder>,
}

/// The connection is to be closed without an answer.
#[derive(Debug)]
struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("closed as told")
    }
}

impl std::error::Error for Closed {}

type Answered = Result<Response<Full<Bytes>>, Closed>;

/// Accepts connections for ever.
pub(crate) async fn serve(listener: TcpListener, stub: Arc<Stub>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection(stream, Arc::clone(&stub)))),
            // Too many open files, say: others may be closed soon.
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
        }
    }
}

async fn connection(stream: TcpStream, stub: Arc<Stub>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let stub = Arc::clone(&stub);
        async move { stub.answer(request).await }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new());
    // A client that goes away is no news.
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

impl Stub {
    async fn answer(&self, request: Request<Incoming>) -> Answered {
        let (parts, body) = request.into_parts();
        let method = parts.method.as_str();
        let path = parts.uri.path();
        let Some(found) = matching::find(&self.program, &self.services, method, path) else {
            return Ok(self.unknown(method, path));
        };
        let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
            return Ok(refusal(
                StatusCode::PAYLOAD_TOO_LARGE,
                "the body is too large or broke off",
                "",
            ));
        };
        let body = body.to_bytes();
        let mut received = self.received(&found, &parts, &body);
        if let Err(misfit) = fits::request(&self.program, &found, parts.uri.query(), &body) {
            received.answer = json!(400);
            received.refused = Some(format!("{}: {}", misfit.path, misfit.why));
            self.recorder.tell(&received);
            return Ok(refusal(StatusCode::BAD_REQUEST, &misfit.why, &misfit.path));
        }
        self.decided(&found, received).await
    }

    async fn decided(&self, found: &Match<'_>, mut received: Received) -> Answered {
        let name = format!("{}.{}", found.service.name, found.operation.name);
        let decision = self.memory.decide(&name, received.key.as_deref());
        let status = decision.answer.status.unwrap_or(200);
        received.repeat = decision.repeat;
        received.answer = decision
            .answer
            .fail
            .map_or_else(|| json!(status), |fail| json!(fail.word()));
        self.recorder.tell(&received);
        tokio::time::sleep(decision.answer.delay()).await;
        match decision.answer.fail {
            Some(Fail::Hang) => std::future::pending().await,
            Some(Fail::Close | Fail::Lose) => Err(Closed),
            None => Ok(self.reply(found, status, &decision, received.body.as_deref())),
        }
    }

    fn reply(
        &self,
        found: &Match<'_>,
        status: u16,
        decision: &Decision,
        request: Option<&RawValue>,
    ) -> Response<Full<Bytes>> {
        let example = || {
            let (program, operation) = (&*self.program, found.operation.name.as_str());
            let example = Example::new(program, operation, decision.number, request);
            (200..300)
                .contains(&status)
                .then(|| example.of(&found.operation.result))
                .flatten()
        };
        let scripted = decision.answer.body.as_ref().map(|body| body.get().to_owned());
        let body = scripted.or_else(example);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        json_response(status, body)
    }

    fn received(&self, found: &Match<'_>, parts: &http::request::Parts, body: &[u8]) -> Received {
        let lossy = || raw::text(&String::from_utf8_lossy(body));
        let body = (!body.is_empty()).then(|| raw::read(body).unwrap_or_else(lossy));
        let path = parts
            .uri
            .path_and_query()
            .map_or(parts.uri.path(), |path| path.as_str());
        Received {
            service: found.service.name.to_string(),
            operation: found.operation.name.to_string(),
            method: parts.method.to_string(),
            path: path.to_owned(),
            key: text(&parts.headers, "idempotency-key"),
            traceparent: text(&parts.headers, "traceparent"),
            body,
            repeat: false,
            answer: Value::Null,
            refused: None,
        }
    }

    fn unknown(&self, method: &str, path: &str) -> Response<Full<Bytes>> {
        let services = self
            .services
            .iter()
            .filter_map(|behind| self.program.services.get(behind.service));
        let names: Vec<_> = services.map(|service| service.name.to_string()).collect();
        let why = "no operation has this method and path";
        self.recorder.tell(&Received {
            service: names.join("+"),
            operation: "?".to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            key: None,
            traceparent: None,
            body: None,
            repeat: false,
            answer: json!(404),
            refused: Some(why.to_owned()),
        });
        refusal(StatusCode::NOT_FOUND, why, path)
    }
}

impl Fail {
    fn word(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Hang => "hang",
            Self::Lose => "lose",
        }
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

fn refusal(status: StatusCode, why: &str, path: &str) -> Response<Full<Bytes>> {
    json_response(status, Some(json!({ "error": why, "path": path }).to_string()))
}

fn json_response(status: StatusCode, body: Option<String>) -> Response<Full<Bytes>> {
    let has_body = body.is_some();
    let mut response = Response::new(Full::new(Bytes::from(body.unwrap_or_default())));
    *response.status_mut() = status;
    if has_body {
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/json"),
        );
    }
    response
}
