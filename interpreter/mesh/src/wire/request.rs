//! Puts a call into the form it has on the wire.
//!
//! Headers that the mesh adds: `host`, `user-agent`, `accept`, `content-type` where there is a body, what `auth:` says,
//! `idempotency-key`, `traceparent` (W3C) or B3 with a span of its own for each attempt, and `x-flowmesh-deadline-ms`: how
//! many milliseconds from now the caller waits for this attempt. Relative, so that clocks need not agree; a service may
//! give up by itself when they are over.

use super::{body::Outgoing, connection::Sent, endpoint::Endpoint};
use crate::{
    decide::propagation::{self, Forms},
    unseal::Unsealed,
};
use bytes::Bytes;
use flowmesh_ir::{call::Request, service::Method, trace::TraceContext, traffic::Rewrite};
use http::{
    HeaderMap, HeaderName, HeaderValue, Uri,
    header::{
        ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
        USER_AGENT,
    },
    uri::PathAndQuery,
};
use std::time::Duration;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const DEADLINE: HeaderName = HeaderName::from_static("x-flowmesh-deadline-ms");
/// Who asks.
pub(super) const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("flowmesh/", env!("CARGO_PKG_VERSION")));
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// The forms of streams that are read.
const STREAMS: HeaderValue =
    HeaderValue::from_static("text/event-stream, application/x-ndjson, application/jsonl");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A header that shows who we are; its value is marked sensitive.
pub(crate) type Credential = (HeaderName, HeaderValue);

/// What is the same for all attempts of a call.
#[derive(Clone)]
pub(crate) struct Template {
    path: PathAndQuery,
    method: http::Method,
    /// Which host is named instead of that of the endpoint.
    host: Option<HeaderValue>,
    headers: HeaderMap,
    body: Bytes,
    forms: Forms,
}

impl Template {
    /// Fails with a sentence where something cannot stand in a request; nothing was sent then.
    pub(crate) fn new<'c>(
        request: &Request,
        usual: &[Credential],
        (unsealed, forms): (Unsealed, Forms),
        credentials: impl IntoIterator<Item = &'c Credential>,
    ) -> Result<Self, String> {
        let mut headers = HeaderMap::with_capacity(request.headers.len() + 10);
        headers.insert(USER_AGENT, AGENT);
        headers.insert(ACCEPT, JSON);
        for (name, value) in usual {
            headers.insert(name, value.clone());
        }
        let body = match unsealed.body {
            Some(body) => Bytes::from(body),
            None => Bytes::from_owner(request.body.clone()),
        };
        if !body.is_empty() {
            headers.insert(CONTENT_TYPE, JSON);
        } else if matches!(request.method, Method::Post | Method::Put | Method::Patch) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        for (name, text) in &request.headers {
            headers.insert(self::name(name)?, value(name, text)?);
        }
        for (name, text) in &unsealed.headers {
            let mut value = value(name, text)?;
            value.set_sensitive(true);
            headers.insert(self::name(name)?, value);
        }
        if let Some(key) = &request.key {
            headers.insert(IDEMPOTENCY_KEY, value("idempotency-key", key)?);
        }
        for (name, value) in credentials {
            headers.insert(name, value.clone());
        }
        // What does not go by HTTP has no path of its own.
        let path = if request.path.is_empty() {
            "/"
        } else {
            request.path.as_str()
        };
        let path =
            PathAndQuery::try_from(path).map_err(|_| format!("`{}` cannot be a path", request.path))?;
        Ok(Self {
            path,
            method: method(request.method),
            host: None,
            headers,
            body,
            forms,
        })
    }

    /// A request that is handed on, without its body.
    pub(crate) fn of(
        method: Method,
        path: PathAndQuery,
        host: Option<HeaderValue>,
        (headers, forms): (HeaderMap, Forms),
    ) -> Self {
        Self {
            path,
            method: self::method(method),
            host,
            headers,
            body: Bytes::new(),
            forms,
        }
    }

    /// The same with this body.
    pub(crate) fn with_body(self, body: Bytes) -> Self {
        Self { body, ..self }
    }

    /// Another header, in the place of those of its name.
    pub(crate) fn insert(&mut self, (name, value): Credential) {
        self.headers.insert(name, value);
    }

    /// Changes what the policy wants changed.
    pub(crate) fn rewrite(&mut self, rewrite: &Rewrite) -> Result<(), String> {
        if let Some(path) = rewritten(rewrite, &self.path)? {
            self.path = path;
        }
        self.host = host(rewrite)?.or(self.host.take());
        Ok(())
    }

    /// Its body, before it is put into a frame.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Asks for a stream, from a cursor on where there is one.
    pub(crate) fn ask_for_stream(&mut self, cursor: Option<&str>) -> Result<(), String> {
        self.headers.insert(ACCEPT, STREAMS);
        if let Some(cursor) = cursor {
            let cursor = value(LAST_EVENT_ID.as_str(), cursor)?;
            self.headers.insert(LAST_EVENT_ID, cursor);
        }
        Ok(())
    }

    /// Calls a method of gRPC with a message in its frame.
    pub(crate) fn call(&mut self, path: &str, framed: Vec<u8>) -> Result<(), String> {
        self.path = PathAndQuery::try_from(path).map_err(|_| format!("`{path}` cannot be a method"))?;
        self.method = http::Method::POST;
        self.headers.remove(ACCEPT);
        self.body = Bytes::from(framed);
        Ok(())
    }

    /// One attempt as it goes to an endpoint.
    pub(crate) fn attempt(&self, to: &Endpoint, trace: TraceContext, left: Duration) -> Result<Sent, String> {
        let mut sent = Sent::new(Outgoing::whole(self.body.clone()));
        *sent.method_mut() = self.method.clone();
        *sent.uri_mut() = self.uri(&to.base)?;
        let mut headers = self.headers.clone();
        if let Some(host) = self.host.as_ref().or(to.host.as_ref()) {
            headers.insert(HOST, host.clone());
        }
        propagation::write(&mut headers, trace, self.forms);
        let left = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        headers.insert(DEADLINE, HeaderValue::from(left));
        *sent.headers_mut() = headers;
        Ok(sent)
    }

    fn uri(&self, base: &str) -> Result<Uri, String> {
        match base.is_empty() {
            true => Ok(Uri::from(self.path.clone())),
            false => uri(base, self.path.as_str()),
        }
    }
}

/// The path with what the policy wants before it; `None` where it wants nothing there.
pub(crate) fn rewritten(rewrite: &Rewrite, path: &PathAndQuery) -> Result<Option<PathAndQuery>, String> {
    let Some(prefix) = &rewrite.prefix else {
        return Ok(None);
    };
    let path = format!("{}{path}", prefix.trim_end_matches('/'));
    PathAndQuery::try_from(path.as_str())
        .map(Some)
        .map_err(|_| format!("`{prefix}` cannot begin a path"))
}

/// The host that the policy wants to be named.
pub(crate) fn host(rewrite: &Rewrite) -> Result<Option<HeaderValue>, String> {
    let host = rewrite.host.as_deref().map(HeaderValue::from_str).transpose();
    host.map_err(|_| "the host of `rewrite` cannot be named".to_owned())
}

/// A path below the one that an address has.
pub(super) fn uri(base: &str, path: &str) -> Result<Uri, String> {
    let path = format!("{base}{path}");
    PathAndQuery::try_from(path.as_str())
        .map(Uri::from)
        .map_err(|_| format!("`{path}` cannot be a path"))
}

/// Where the message ends and who it is for is the business of the connection. A header that says otherwise would let
/// one request be taken for two.
const RESERVED: [HeaderName; 7] = [
    HOST,
    CONNECTION,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    TE,
    TRAILER,
    UPGRADE,
];

pub(crate) fn name(text: &str) -> Result<HeaderName, String> {
    match HeaderName::try_from(text) {
        Ok(name) if RESERVED.contains(&name) => Err(format!("the header `{name}` is set by the mesh alone")),
        Ok(name) => Ok(name),
        Err(_) => Err(format!("`{text}` cannot be the name of a header")),
    }
}

fn value(name: &str, text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text)
        .map_err(|_| format!("the value of the header `{name}` holds a character that cannot be sent in one"))
}

pub(crate) fn method(method: Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Head => http::Method::HEAD,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
        Method::Options => http::Method::OPTIONS,
    }
}
