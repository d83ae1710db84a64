//! Which requests are taken: none that a foreign web page makes a browser send.

use super::{Shared, error::RequestError, is_loopback, problem::Problem};
use crate::metrics::add;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{net::IpAddr, time::Instant};

/// Browsers name the page that a request comes from in `Origin`; a page whose name was bent to point at this machine
/// shows in `Host`.
pub(super) async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let anybody = shared.options.allow_remote || shared.door.asks();
    match check(request.headers(), anybody) {
        Ok(()) => next.run(request).await,
        Err(why) => Problem::from(RequestError::Foreign(why)).into_response(),
    }
}

/// Counts requests and how long they took.
pub(super) async fn count(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let response = next.run(request).await;
    let metrics = shared.host.metrics();
    metrics.requests.since(began);
    let class = usize::from(response.status().as_u16() / 100);
    if let Some(count) = class.checked_sub(1).and_then(|class| metrics.answered.get(class)) {
        add(count, 1);
    }
    response
}

/// Where everybody is asked for a token, it does not matter by which name the server was reached: no page has one.
pub(super) fn check(headers: &HeaderMap, allow_remote: bool) -> Result<(), String> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST).unwrap_or_default();
    if !allow_remote && !names_loopback(host) {
        return Err(format!(
            "expected this machine's name as the host, found `{host}`"
        ));
    }
    match text(header::ORIGIN) {
        Some(origin) if !is_of(origin, host) => {
            Err(format!("the request comes from the web page `{origin}`"))
        }
        _ => Ok(()),
    }
}

/// Whether a page comes from this server; TLS may end before it.
fn is_of(origin: &str, host: &str) -> bool {
    let bare = |scheme| origin.strip_prefix(scheme) == Some(host);
    bare("http://") || bare("https://")
}

fn names_loopback(host: &str) -> bool {
    let uri: Option<Uri> = host.parse().ok();
    let name = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let address: Option<IpAddr> = name.trim_matches(['[', ']']).parse().ok();
    address.map_or_else(|| name.eq_ignore_ascii_case("localhost"), is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(pairs: &[(header::HeaderName, &str)], allow_remote: bool) -> bool {
        let headers = pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect();
        check(&headers, allow_remote).is_ok()
    }

    #[test]
    fn programs_on_this_machine_are_let_in() {
        for host in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "LOCALHOST"] {
            assert!(checked(&[(header::HOST, host)], false), "{host}");
        }
    }

    #[test]
    fn foreign_pages_and_bent_names_are_not() {
        assert!(!checked(&[(header::HOST, "evil.example:8080")], false));
        assert!(!checked(&[], false));
        let foreign = [
            (header::HOST, "127.0.0.1:8080"),
            (header::ORIGIN, "http://evil.example"),
        ];
        assert!(!checked(&foreign, false));
        assert!(!checked(&foreign, true));
        let own = [
            (header::HOST, "127.0.0.1:8080"),
            (header::ORIGIN, "http://127.0.0.1:8080"),
        ];
        assert!(checked(&own, false));
    }
}
