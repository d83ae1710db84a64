//! A small HTTP client for the API of a host: JSON in, JSON out, and server-sent events.

mod connect;

use crate::error::Error;
use bytes::Bytes;
use flowmesh_diagnostics::Code;
use flowmesh_machine::percent_encode;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::path::PathBuf;

/// A server.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// `http://127.0.0.1:7700`, or `https://flows.example.com:7700`
    pub(crate) url: String,
    /// By which the server knows who asks.
    pub(crate) token: Option<Secret>,
    /// The namespace that is meant; else the one that the token is for.
    pub(crate) namespace: Option<String>,
    /// The authorities under which a server with `https://` is believed; else those of the system.
    pub(crate) ca: Option<PathBuf>,
}

/// A token, which is never shown.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("...")
    }
}

/// Events as they come.
pub(crate) struct Events {
    url: String,
    body: Incoming,
    /// Bytes, since a character may come in two pieces.
    buffer: Vec<u8>,
}

impl Client {
    /// A client of the server at a URL, which may leave out `http://`.
    pub(crate) fn new(url: &str) -> Self {
        let url = url.trim().trim_end_matches('/');
        let url = if url.contains("://") {
            url.to_owned()
        } else {
            format!("http://{url}")
        };
        Self {
            url,
            token: None,
            namespace: None,
            ca: None,
        }
    }

    /// Sends and reads a whole JSON answer.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<&str>) -> Result<Value, Error> {
        let response = self.request(method, path, body, "application/json").await?;
        let bytes = response
            .into_body()
            .collect()
            .await
            .map_err(|why| self.lost(&why))?
            .to_bytes();
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes)
            .map_err(|why| self.lost(&format!("it did not answer with JSON: {why}")))
    }

    /// Follows a stream of events.
    pub(crate) async fn events(&self, path: &str) -> Result<Events, Error> {
        let response = self.request(Method::GET, path, None, "text/event-stream").await?;
        Ok(Events {
            url: self.url.clone(),
            body: response.into_body(),
            buffer: Vec::new(),
        })
    }

    async fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
        accept: &str,
    ) -> Result<Response<Incoming>, Error> {
        let way = self.way()?;
        let stream = self.connect(&way).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|why| self.lost(&why))?;
        tokio::spawn(connection);
        let bytes = body.map(|body| body.as_bytes().to_vec()).unwrap_or_default();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, way.host)
            .header(header::ACCEPT, accept)
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(Secret(token)) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(namespace) = &self.namespace {
            request = request.header("flowmesh-namespace", namespace);
        }
        let request = request
            .body(Full::new(Bytes::from(bytes)))
            .map_err(|why| self.lost(&why))?;
        let response = sender
            .send_request(request)
            .await
            .map_err(|why| self.lost(&why))?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(self.refusal(response).await)
        }
    }

    async fn refusal(&self, response: Response<Incoming>) -> Error {
        let status = response.status().as_u16();
        let bytes = response
            .into_body()
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes);
        let body: Value = serde_json::from_slice(&bytes.unwrap_or_default()).unwrap_or_default();
        refused(status, &body)
    }

    fn lost(&self, why: &dyn ToString) -> Error {
        Error::NoServer {
            url: self.url.clone(),
            why: why.to_string(),
        }
    }
}

/// What a server's refusal says, as `application/problem+json` (RFC 9457) with our code and help.
fn refused(status: u16, body: &Value) -> Error {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let code: Option<Code> = text("code").and_then(|code| code.parse().ok());
    let message = text("detail").unwrap_or_else(|| format!("the server answered with status {status}"));
    let help = if status == 401 {
        // The server knows no command lines.
        let give =
            "give a token with `--token-file FILE` or FLOWMESH_TOKEN; `flowmesh token create` makes one";
        Some(give.to_owned())
    } else {
        text("help")
    };
    Error::ServerSaid {
        status,
        code,
        message,
        help,
    }
}

impl Events {
    /// The next event's data, or `None` when the server has ended the stream.
    pub(crate) async fn next(&mut self) -> Result<Option<Value>, Error> {
        loop {
            if let Some(data) = self.buffered() {
                return Ok(Some(serde_json::from_str(&data).unwrap_or(Value::String(data))));
            }
            let Some(frame) = self.body.frame().await else {
                return Ok(None);
            };
            let lost = |why: hyper::Error| Error::NoServer {
                url: self.url.clone(),
                why: why.to_string(),
            };
            if let Ok(bytes) = frame.map_err(lost)?.into_data() {
                self.buffer.extend(bytes.iter().filter(|byte| **byte != b'\r'));
            }
        }
    }

    /// Takes one event with data out of what has come so far; comments and empty events are skipped.
    fn buffered(&mut self) -> Option<String> {
        while let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = self.buffer.drain(..end + 2).collect();
            let event = String::from_utf8_lossy(&event);
            let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
            let data: Vec<&str> = lines.map(|data| data.strip_prefix(' ').unwrap_or(data)).collect();
            if !data.is_empty() {
                return Some(data.join("\n"));
            }
        }
        None
    }
}

/// A segment of a path or a value of a query, encoded.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::new();
    percent_encode(&mut encoded, text);
    encoded
}
