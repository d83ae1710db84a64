//! The canonical request: made once of what came over the wire, and the only thing that route, policy, log and upstream
//! read. What has no canonical form is refused, never repaired: two readers of one repaired text may repair it
//! differently, and that is how a rule is got around.
//!
//! - `path`: percent-decoding, dot segments, doubled slashes (RFC 3986).
//! - `host`: case, port, trailing dot.
//! - `headers`: what belongs to one connection alone, what only we may say, what may stand there once (RFC 9110, 9112).

pub(crate) mod headers;
mod host;
mod path;

use flowmesh_ir::{gateway::Part, service::Method};
use http::{HeaderMap, Uri, Version, request::Parts};
use thiserror::Error;

/// The longest target of a request, in bytes; as nginx and Apache have it.
pub const TARGET_BYTES_MAX: usize = 8 * 1024;

/// A request of which there is one reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Canonical {
    /// The method.
    pub method: Method,
    /// The host in lower case, without port and trailing dot.
    pub host: String,
    /// The path, encoded the one way there is: unreserved and delimiting characters as they are, all others as `%XX`.
    pub path: String,
    /// The segments of the path, decoded. `/` has none; behind a slash at the end there is an empty one.
    pub segments: Vec<String>,
    /// The query as it came, without its `?`; empty where there is none.
    pub query: String,
    /// The headers that are for the other end. No `host`, and none of those that say where the message ends.
    pub headers: HeaderMap,
    /// The protocol that the visitor wants to go on with on this connection: `websocket`.
    pub upgrade: Option<String>,
}

/// Why a request has no canonical form.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Malformed {
    /// The method is none that can be led anywhere.
    #[error("expected GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS")]
    Method,
    /// The target is none of a request to a server.
    #[error("expected a target that begins with `/`")]
    Target,
    /// The target is too long.
    #[error("expected a target of at most {TARGET_BYTES_MAX} bytes")]
    Long,
    /// The host is missing, there are two, or it is none.
    #[error("expected one host: {0}")]
    Host(&'static str),
    /// The path could be read in two ways.
    #[error("the path {0}")]
    Path(&'static str),
    /// The query could be read in two ways.
    #[error("the query {0}")]
    Query(&'static str),
    /// A header that may stand there once is there twice.
    #[error("the header `{0}` is there twice")]
    Repeated(String),
    /// A header holds what it cannot.
    #[error("the header `{0}` holds what it cannot")]
    Header(String),
    /// It says in two ways where its body ends.
    #[error("`content-length` and `transfer-encoding` both say where the body ends")]
    Framing,
    /// The connection claims a header that is for the other end.
    #[error("`connection` names the header `{0}`, which is for the other end")]
    Claimed(String),
}

impl Malformed {
    /// The status that says so.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Method => 501,
            Self::Long => 414,
            _ => 400,
        }
    }
}

impl Canonical {
    /// What is known of a connection that nobody reads: the name that it asks for.
    #[must_use]
    pub fn unread(host: &str) -> Self {
        Self {
            method: Method::Get,
            host: host.to_owned(),
            path: "/".to_owned(),
            segments: Vec::new(),
            query: String::new(),
            headers: HeaderMap::new(),
            upgrade: None,
        }
    }

    /// The one reading of a request.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn new(parts: &Parts) -> Result<Self, Malformed> {
        let method = method(&parts.method).ok_or(Malformed::Method)?;
        let target = parts.uri.path_and_query().ok_or(Malformed::Target)?;
        if target.as_str().len() > TARGET_BYTES_MAX {
            return Err(Malformed::Long);
        }
        let host = host::host(authority(&parts.uri), &parts.headers)?;
        let (path, segments) = path::path(target.path())?;
        let query = target.query().unwrap_or_default();
        path::query(query)?;
        let (headers, upgrade) = headers::end_to_end(&parts.headers, parts.version)?;
        Ok(Self {
            method,
            host,
            path,
            segments,
            query: query.to_owned(),
            headers,
            upgrade: upgrade.filter(|_| parts.version == Version::HTTP_11),
        })
    }

    /// Path and query as they go upstream.
    #[must_use]
    pub fn target(&self) -> String {
        if self.query.is_empty() {
            return self.path.clone();
        }
        format!("{}?{}", self.path, self.query)
    }

    /// A header as one text, several of one name joined by commas (RFC 9110, 5.3); `None` where it is not there or is no
    /// text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let mut values = self.headers.get_all(name).iter().map(|value| value.to_str().ok());
        let mut joined = values.next()??.to_owned();
        for value in values {
            joined.push_str(", ");
            joined.push_str(value?);
        }
        Some(joined)
    }

    /// A part of it as one text, as rules see it.
    #[must_use]
    pub fn part(&self, part: Part<'_>) -> Option<String> {
        match part {
            Part::Host => Some(self.host.clone()),
            Part::Header(name) => self.header(name),
            Part::Query(name) => {
                let mut all = self.parameters().into_iter();
                all.find(|(known, _)| known == name).map(|(_, value)| value)
            }
        }
    }

    /// The parameters of the query, decoded: several of one name are joined by commas, so that no rule sees one of them
    /// alone.
    #[must_use]
    pub fn parameters(&self) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        for pair in self.query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (path::form(name), path::form(value));
            match found.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => {
                    known.push(',');
                    known.push_str(&value);
                }
                None => found.push((name, value)),
            }
        }
        found
    }
}

/// Of `http://host/path` the host. It must be the one that the header names.
fn authority(uri: &Uri) -> Option<&str> {
    uri.authority().map(|authority| authority.as_str())
}

fn method(method: &http::Method) -> Option<Method> {
    Some(match method.as_str() {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        "OPTIONS" => Method::Options,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
