//! Where a visitor is, and what is said of that to those behind us.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::net::IpAddr;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const IDENTITY: HeaderName = HeaderName::from_static("x-flowmesh-identity");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Where the visitor is: the peer, unless it is a proxy that is trusted. Of `hops` of those, each added whom it heard from
/// at the end of the list; what stands before that a stranger may have written.
pub(crate) fn address(peer: IpAddr, headers: &HeaderMap, hops: u32) -> IpAddr {
    let mut heard = Vec::new();
    for value in headers.get_all(FOR) {
        // By bytes: a header that is no text would else be left out, and one that a stranger wrote before it be the last.
        heard.extend(
            value
                .as_bytes()
                .split(|byte| *byte == b',')
                .map(<[u8]>::trim_ascii),
        );
    }
    let mut address = peer.to_canonical();
    for said in heard
        .iter()
        .rev()
        .take(usize::try_from(hops).unwrap_or(usize::MAX))
    {
        let further = std::str::from_utf8(said)
            .ok()
            .and_then(|text| plain(text).parse().ok());
        // Whoever wrote what is no address did not say whom it heard from.
        let Some(further): Option<IpAddr> = further else {
            break;
        };
        address = further.to_canonical();
    }
    address
}

/// Without a port: `10.0.0.1:80`, `[::1]:80`.
fn plain(text: &str) -> &str {
    if let Some(rest) = text.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    match text.split_once(':') {
        Some((address, port)) if !port.contains(':') => address,
        _ => text,
    }
}

/// An address as it stands in a header.
pub(super) fn written(address: IpAddr) -> Option<HeaderValue> {
    HeaderValue::from_str(&address.to_string()).ok()
}

/// What those behind us are told.
pub(super) fn tell(headers: &mut HeaderMap, host: &str, address: Option<HeaderValue>, secure: bool) {
    if let Some(address) = address {
        headers.insert(FOR, address);
    }
    let scheme = if secure { "https" } else { "http" };
    headers.insert(PROTO, HeaderValue::from_static(scheme));
    if let Ok(host) = HeaderValue::from_str(host) {
        headers.insert(HOST, host);
    }
}

/// The service is told who calls it. From strangers this header is not taken, as all that begin so.
pub(super) fn tell_identity(headers: &mut HeaderMap, identity: &str) {
    if let Ok(identity) = HeaderValue::from_str(identity) {
        headers.insert(IDENTITY, identity);
    }
}

#[cfg(test)]
mod tests {
    use super::address;
    use http::{HeaderMap, HeaderValue};
    use std::net::IpAddr;

    fn of(said: &[&str], hops: u32) -> String {
        let mut headers = HeaderMap::new();
        for text in said {
            headers.append(
                "x-forwarded-for",
                HeaderValue::from_bytes(text.as_bytes()).unwrap(),
            );
        }
        address(IpAddr::from([10, 0, 0, 9]), &headers, hops).to_string()
    }

    #[test]
    fn who_trusts_no_proxy_believes_the_peer_alone() {
        assert_eq!(of(&["1.1.1.1"], 0), "10.0.0.9");
        assert_eq!(of(&[], 2), "10.0.0.9");
    }

    #[test]
    fn only_as_many_are_believed_as_are_trusted() {
        assert_eq!(of(&["6.6.6.6, 1.1.1.1"], 1), "1.1.1.1");
        assert_eq!(of(&["6.6.6.6", "1.1.1.1"], 1), "1.1.1.1");
        assert_eq!(of(&["6.6.6.6, 1.1.1.1, 10.0.0.8"], 2), "1.1.1.1");
        assert_eq!(of(&["1.1.1.1:443"], 1), "1.1.1.1");
        assert_eq!(of(&["[2001:db8::1]:443"], 1), "2001:db8::1");
        assert_eq!(of(&["::ffff:1.1.1.1"], 1), "1.1.1.1");
    }

    #[test]
    fn what_is_no_address_ends_what_is_believed() {
        assert_eq!(of(&["1.1.1.1, unknown"], 2), "10.0.0.9");
        assert_eq!(of(&["unknown, 1.1.1.1"], 2), "1.1.1.1");
    }

    #[test]
    fn what_is_no_text_hides_nothing() {
        assert_eq!(of(&["6.6.6.6", "é, 1.1.1.1"], 1), "1.1.1.1");
        assert_eq!(of(&["6.6.6.6", "é, 1.1.1.1"], 2), "1.1.1.1");
        assert_eq!(of(&["6.6.6.6", "é"], 1), "10.0.0.9");
    }
}
