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
use http::{HeaderMap, Uri, Version, request::Parts, uri::PathAndQuery};
use std::borrow::Cow;
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
    /// Path and query as they go upstream: the path encoded the one way there is (unreserved and delimiting characters as
    /// they are, all others as `%XX`), the query as it came.
    pub target: PathAndQuery,
    /// The segments of the path, decoded. `/` has none; behind a slash at the end there is an empty one.
    pub segments: Vec<String>,
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
            target: PathAndQuery::from_static("/"),
            segments: Vec::new(),
            headers: HeaderMap::new(),
            upgrade: None,
        }
    }

    /// The one reading of a request, whose headers it takes: nobody reads the others.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn new(parts: &mut Parts) -> Result<Self, Malformed> {
        let method = method(&parts.method).ok_or(Malformed::Method)?;
        let target = parts.uri.path_and_query().ok_or(Malformed::Target)?;
        if target.as_str().len() > TARGET_BYTES_MAX {
            return Err(Malformed::Long);
        }
        let host = host::host(authority(&parts.uri), &parts.headers)?;
        let (path, segments) = path::path(target.path())?;
        path::query(target.query().unwrap_or_default())?;
        let target = canonical(target, path)?;
        let headers = std::mem::take(&mut parts.headers);
        let (headers, upgrade) = headers::end_to_end(headers, parts.version)?;
        Ok(Self {
            method,
            host,
            target,
            segments,
            headers,
            upgrade: upgrade.filter(|_| parts.version == Version::HTTP_11),
        })
    }

    /// The path, in its one encoding.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.path()
    }

    /// The query as it came, without its `?`; empty where there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.target.query().unwrap_or_default()
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
        for pair in self.query().split('&').filter(|pair| !pair.is_empty()) {
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

/// The target with the path in its one encoding: as it came where that is it already. A `?` with nothing behind it says
/// nothing, and does not go on.
fn canonical(came: &PathAndQuery, path: Cow<'_, str>) -> Result<PathAndQuery, Malformed> {
    let query = came.query();
    if path == came.path() && query != Some("") {
        return Ok(came.clone());
    }
    let target = match query.filter(|query| !query.is_empty()) {
        None => path.into_owned(),
        Some(query) => format!("{path}?{query}"),
    };
    PathAndQuery::try_from(target).map_err(|_| Malformed::Target)
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
