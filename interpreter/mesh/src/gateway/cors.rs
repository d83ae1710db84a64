//! Which pages of browsers may ask (the Fetch standard, "CORS protocol").

use super::body::Body;
use bytes::Bytes;
use flowmesh_ir::{service::Method, traffic::Cors};
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
        ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
    },
};

/// Whether a browser asks beforehand.
pub(super) fn is_preflight(method: Method, headers: &HeaderMap) -> bool {
    method == Method::Options
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// What a browser is told that asks beforehand. A page that may not ask is told nothing of what there is.
pub(super) fn preflight(cors: &Cors, headers: &HeaderMap, of_routes: &[&str]) -> Response<Body> {
    let mut answer = Response::new(Body::whole(Bytes::new()));
    *answer.status_mut() = StatusCode::NO_CONTENT;
    let told = answer.headers_mut();
    if !allow(cors, headers.get(ORIGIN), told) {
        return answer;
    }
    let methods = match cors.methods.is_empty() {
        true => of_routes.join(", "),
        false => cors.methods.join(", "),
    };
    let age = cors.age_ms.map(|age| (age / 1_000).to_string());
    let more = [
        (ACCESS_CONTROL_ALLOW_METHODS, Some(methods)),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            (!cors.headers.is_empty()).then(|| cors.headers.join(", ")),
        ),
        (ACCESS_CONTROL_MAX_AGE, age),
    ];
    for (name, value) in more {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            told.insert(name, value);
        }
    }
    answer
}

/// Says that the page may read the answer, if it may.
pub(super) fn allow(cors: &Cors, origin: Option<&HeaderValue>, told: &mut HeaderMap) -> bool {
    told.append(VARY, HeaderValue::from_static("origin"));
    let Some(origin) = origin else {
        return false;
    };
    let any = cors.origins.iter().any(|known| known == "*");
    let named = cors
        .origins
        .iter()
        .any(|known| known.as_bytes() == origin.as_bytes());
    // The service behind us does not say it too: two of them are none to a browser.
    if named {
        told.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    } else if any {
        told.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    } else {
        told.remove(ACCESS_CONTROL_ALLOW_ORIGIN);
        return false;
    }
    if cors.credentials && named {
        told.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    true
}
