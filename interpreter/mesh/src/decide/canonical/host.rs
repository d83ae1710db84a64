//! The host that a request is for: one, whoever says it.

use super::Malformed;
use http::{HeaderMap, header::HOST};
use std::net::Ipv6Addr;

/// The longest name (RFC 1035).
const BYTES_MAX: usize = 253;

/// The host in lower case, without its port and the dot at its end. Where target and header both name one, they must name
/// the same, so that nobody behind us reads the other.
pub(super) fn host(authority: Option<&str>, headers: &HeaderMap) -> Result<String, Malformed> {
    let mut named = headers.get_all(HOST).iter();
    let header = match (named.next(), named.next()) {
        (Some(header), None) => Some(
            header
                .to_str()
                .map_err(|_| Malformed::Host("it holds what it cannot"))?,
        ),
        (None, _) => None,
        (Some(_), Some(_)) => return Err(Malformed::Host("there are two")),
    };
    match (authority, header) {
        (Some(target), Some(header)) => {
            let (target, header) = (canonical(target)?, canonical(header)?);
            if target != header {
                return Err(Malformed::Host("the target and the header name different ones"));
            }
            Ok(target.0)
        }
        (Some(one), None) | (None, Some(one)) => canonical(one).map(|(host, _)| host),
        (None, None) => Err(Malformed::Host("there is none")),
    }
}

fn canonical(text: &str) -> Result<(String, Option<u16>), Malformed> {
    let wrong = Malformed::Host("it is no name and no address");
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or(wrong.clone())?;
            let address: Ipv6Addr = address.parse().map_err(|_| wrong.clone())?;
            (format!("[{address}]"), port)
        }
        None => {
            let end = text.bytes().position(|byte| byte == b':').unwrap_or(text.len());
            let (name, port) = text.split_at_checked(end).ok_or(wrong.clone())?;
            let name = name.strip_suffix('.').unwrap_or(name);
            if !is_name(name) {
                return Err(wrong);
            }
            (name.to_ascii_lowercase(), port)
        }
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().map_err(|_| wrong)?)
        }
        _ => return Err(wrong),
    };
    Ok((host, port))
}

/// Labels of letters, digits, `-` and `_`, none of them empty.
fn is_name(name: &str) -> bool {
    let mut empty = true;
    for byte in name.bytes() {
        match byte {
            b'.' if !empty => empty = true,
            b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => empty = false,
            _ => return false,
        }
    }
    name.len() <= BYTES_MAX && !empty
}
