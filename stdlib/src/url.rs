//! The parts of a URL, by the grammar of RFC 3986, and the escapes in them.

use crate::Fault;
use std::fmt::Write;

/// The parts of a URL as they are written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
    pub(crate) port: Option<u16>,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) fragment: Option<&'a str>,
}

/// Whether a text begins like a URL: `scheme://` and something behind it.
#[must_use]
pub fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(plain)
        && !rest.is_empty()
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Whether a text is a URL, or why not.
pub(crate) fn check(text: &str) -> Result<(), Fault> {
    if is_url(text) {
        return Ok(());
    }
    Err(Fault::BadValue(format!(
        "`{}` is no URL: it begins with `scheme://` and has no white space",
        text.chars().take(80).collect::<String>()
    )))
}

/// The parts of a URL.
pub(crate) fn parts(text: &str) -> Parts<'_> {
    let (text, fragment) = split(text, '#');
    let (text, query) = split(text, '?');
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let (host, port) = place_parts(place);
    Parts {
        scheme,
        host,
        port,
        path,
        query,
        fragment,
    }
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at)
        .map_or((text, None), |(before, after)| (before, Some(after)))
}

/// The host and the port; an IPv6 address stands in brackets and has colons of its own.
fn place_parts(place: &str) -> (&str, Option<u16>) {
    if let Some((host, rest)) = place.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        return (host, rest.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match place.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (place, None),
    }
}

/// The text with everything escaped that is not unreserved.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The text that stands behind the escapes; `None` where they are malformed or no UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let value = digit()? * 16 + digit()?;
        out.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::{decode, encode, parts};

    #[test]
    fn every_part_is_found() {
        let found = parts("https://user:pw@[::1]:8443/a/b?x=1?2#f");
        assert_eq!(
            (found.scheme, found.host, found.port),
            ("https", "::1", Some(8443))
        );
        assert_eq!(
            (found.path, found.query, found.fragment),
            ("/a/b", Some("x=1?2"), Some("f"))
        );
        assert_eq!(parts("http://a.b?x").host, "a.b");
    }

    #[test]
    fn escapes_are_undone() {
        let text = "ä/ %+";
        assert_eq!(decode(&encode(text)).as_deref(), Some(text));
        assert_eq!((decode("%"), decode("%zz"), decode("%ff")), (None, None, None));
    }
}
