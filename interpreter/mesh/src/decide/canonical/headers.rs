//! Headers: which are for the other end, which belong to the connection alone, and which a stranger may not say.

use super::Malformed;
use http::{
    HeaderMap, HeaderName, Version,
    header::{CONNECTION, CONTENT_LENGTH, TE, TRANSFER_ENCODING, UPGRADE},
};

/// What a header is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The other end, any number of them.
    Plain,
    /// The other end, once.
    Single,
    /// This connection (RFC 9110, 7.6.1).
    Hop,
    /// Those behind us, from us alone: a stranger who says it is not heard.
    Inside,
}

/// Leaves the headers for the other end; and says what the connection is to be used for next.
pub(super) fn end_to_end(
    mut headers: HeaderMap,
    version: Version,
) -> Result<(HeaderMap, Option<String>), Malformed> {
    // One look over the names tells what is there: most requests say little of their connection.
    let (mut of_connection, mut framed) = (false, (false, false));
    for name in headers.keys() {
        of_connection |= OF_CONNECTION.contains(name);
        framed.0 |= *name == CONTENT_LENGTH;
        framed.1 |= *name == TRANSFER_ENCODING;
    }
    if framed == (true, true) {
        return Err(Malformed::Framing);
    }
    let mut dropped = match of_connection {
        true => claimed(&headers)?,
        false => Vec::new(),
    };
    let repeats = headers.len() > headers.keys_len();
    for name in headers.keys() {
        let kind = kind(name.as_str());
        let single = kind == Kind::Single || *name == CONTENT_LENGTH || *name == TRANSFER_ENCODING;
        if repeats && single && headers.get_all(name).iter().nth(1).is_some() {
            return Err(Malformed::Repeated(name.to_string()));
        }
        if *name == TRANSFER_ENCODING && !is_chunked(&headers) {
            return Err(Malformed::Header(name.to_string()));
        }
        if matches!(kind, Kind::Hop | Kind::Inside) {
            dropped.push(name.clone());
        }
    }
    let (upgrade, trailers) = match of_connection {
        true => (upgrade(&headers, version), wants_trailers(&headers)),
        false => (None, false),
    };
    for name in &dropped {
        headers.remove(name);
    }
    // Of what one side may say to the next, only this is for the other end too, and only in full.
    if trailers {
        headers.insert(TE, http::HeaderValue::from_static("trailers"));
    }
    Ok((headers, upgrade))
}

/// What a request may say of its connection that is looked at here.
const OF_CONNECTION: [HeaderName; 3] = [CONNECTION, UPGRADE, TE];

fn is_chunked(headers: &HeaderMap) -> bool {
    let said = headers.get(TRANSFER_ENCODING);
    said.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"chunked"))
}

/// Takes out of an answer what belongs to the connection that it came by. Most say nothing of it: one look over the names
/// is cheaper than a search for each.
pub(crate) fn without_hops(headers: &mut HeaderMap) {
    if !headers.keys().any(|name| HOPS.contains(name)) {
        return;
    }
    let named = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let named = named.flat_map(|text| text.split(',').filter_map(|token| token.trim().parse().ok()));
    let named: Vec<HeaderName> = named.collect();
    for name in named.iter().chain(&HOPS) {
        headers.remove(name);
    }
}

/// What an answer may say of its connection.
const HOPS: [HeaderName; 6] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("proxy-authenticate"),
];

/// The headers that the connection claims for itself. One that is for the other end is not its to claim: it would be seen
/// here and not there.
fn claimed(headers: &HeaderMap) -> Result<Vec<HeaderName>, Malformed> {
    let mut all = Vec::new();
    for value in headers.get_all(CONNECTION) {
        let text = value
            .to_str()
            .map_err(|_| Malformed::Header(CONNECTION.to_string()))?;
        for token in text.split(',').map(str::trim).filter(|token| !token.is_empty()) {
            let name: HeaderName = token
                .parse()
                .map_err(|_| Malformed::Header(CONNECTION.to_string()))?;
            let inside = kind(name.as_str());
            if matches!(inside, Kind::Single | Kind::Inside) || name.as_str() == "cookie" {
                return Err(Malformed::Claimed(name.to_string()));
            }
            all.push(name);
        }
    }
    Ok(all)
}

fn wants_trailers(headers: &HeaderMap) -> bool {
    let mut said = headers.get_all(TE).iter().filter_map(|value| value.to_str().ok());
    said.any(|text| {
        text.split(',')
            .any(|word| word.trim().eq_ignore_ascii_case("trailers"))
    })
}

/// What the connection is to be used for next. HTTP/2 over an upgrade is not: it would carry requests past us.
fn upgrade(headers: &HeaderMap, version: Version) -> Option<String> {
    let named = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let wanted = named
        .flat_map(|text| text.split(','))
        .any(|token| token.trim().eq_ignore_ascii_case("upgrade"));
    let mut protocols = headers.get_all(UPGRADE).iter();
    let (Some(protocol), None) = (protocols.next(), protocols.next()) else {
        return None;
    };
    let protocol = protocol.to_str().ok()?.to_ascii_lowercase();
    let token = protocol
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-./".contains(&byte));
    (version == Version::HTTP_11 && wanted && token && !protocol.starts_with("h2")).then_some(protocol)
}

fn kind(name: &str) -> Kind {
    match name {
        "connection"
        | "keep-alive"
        | "proxy-connection"
        | "te"
        | "trailer"
        | "transfer-encoding"
        | "upgrade"
        | "content-length"
        | "expect"
        | "proxy-authenticate"
        | "proxy-authorization"
        | "http2-settings" => Kind::Hop,
        "host" => Kind::Hop,
        "authorization"
        | "content-type"
        | "content-encoding"
        | "content-location"
        | "content-range"
        | "date"
        | "from"
        | "if-modified-since"
        | "if-unmodified-since"
        | "if-range"
        | "max-forwards"
        | "origin"
        | "range"
        | "referer"
        | "user-agent"
        | "traceparent"
        | "idempotency-key"
        | "age"
        | "expires"
        | "etag"
        | "last-modified"
        | "location"
        | "retry-after"
        | "last-event-id"
        | "access-control-request-method" => Kind::Single,
        name if is_inside(name) => Kind::Inside,
        _ => Kind::Plain,
    }
}

/// What those behind a gateway believe: where a visitor comes from, who they are, and which path or method is meant
/// instead of the one that was asked for. Programs that read headers as CGI does take `_` for `-`.
fn is_inside(name: &str) -> bool {
    let dashed;
    let name = if name.contains('_') {
        dashed = name.replace('_', "-");
        dashed.as_str()
    } else {
        name
    };
    let Some(rest) = name.strip_prefix("x-") else {
        return name == "forwarded" || name == "true-client-ip" || name == "cf-connecting-ip";
    };
    let families = [
        "forwarded",
        "flowmesh-",
        "envoy-",
        "original-",
        "rewrite-",
        "client-ip",
        "client-cert",
    ];
    let names = [
        "real-ip",
        "cluster-client-ip",
        "http-method",
        "http-method-override",
        "method-override",
        "host",
        "accel-redirect",
        "sendfile",
    ];
    families.iter().any(|family| rest.starts_with(family)) || names.contains(&rest)
}
