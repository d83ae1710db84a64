//! Who may be named in a certificate: domains, identities, hosts, and what the files are called.

use crate::error::Error;
use std::net::IpAddr;

/// The longest identity, and the longest domain of one (the SPIFFE ID standard, 2.1 and 2.3).
const IDENTITY_MAX: usize = 2048;
const DOMAIN_MAX: usize = 255;
/// The longest name of a host and of a part of it (RFC 1035, 2.3.4).
const HOST_MAX: usize = 253;
const LABEL_MAX: usize = 63;
/// The longest name that files are called by: it is the name of a certificate, too.
const NAME_MAX: usize = 64;

/// A domain of trust, as an argument.
pub(crate) fn domain(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
    match !text.is_empty() && text.len() <= DOMAIN_MAX && text.chars().all(fits) {
        true => Ok(text.to_owned()),
        false => Err("expected small letters, digits, `-`, `.` and `_`, as in `shop.example`".to_owned()),
    }
}

/// What the files of a certificate are called, as an argument.
pub(crate) fn name(text: &str) -> Result<String, String> {
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !begins || text.len() > NAME_MAX || !text.chars().all(fits) {
        return Err("expected a letter or a digit, then letters, digits, `-`, `_` and `.`".to_owned());
    }
    match text {
        super::OWN => Err("this is the name of the authority itself".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// A name or an address of a host, as an argument. A name may begin with `*.`.
pub(crate) fn host(text: &str) -> Result<String, String> {
    let whole = text.strip_prefix("*.").unwrap_or(text);
    let label = |label: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let ends = label.starts_with('-') || label.ends_with('-');
        !label.is_empty() && label.len() <= LABEL_MAX && !ends && label.chars().all(fits)
    };
    let named = whole.len() <= HOST_MAX && whole.split('.').all(label);
    match text.parse::<IpAddr>().is_ok() || named {
        true => Ok(text.to_ascii_lowercase()),
        false => Err("expected a name such as `shop.example` or `*.shop.example`, or an address".to_owned()),
    }
}

/// The identity of a domain itself.
pub(super) fn trusted(domain: &str) -> String {
    format!("spiffe://{domain}")
}

/// An identity within a domain.
pub(super) fn identity(text: &str, domain: &str) -> Result<String, Error> {
    let path = text
        .strip_prefix(&trusted(domain))
        .and_then(|rest| rest.strip_prefix('/'));
    let segment = |segment: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        !matches!(segment, "" | "." | "..") && segment.chars().all(fits)
    };
    let fits = |path: &str| text.len() <= IDENTITY_MAX && path.split('/').all(segment);
    path.filter(|path| fits(path))
        .map(|_| text.to_owned())
        .ok_or_else(|| Error::BadSetting {
            text: format!("--identity {text}"),
            why: format!("it is no identity of the domain `{domain}`, for which the authority is"),
            help: format!("write `spiffe://{domain}/` and a path of letters, digits, `-`, `.` and `_`"),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_those_of_the_domain() {
        let is = |text: &str| identity(text, "shop.example").is_ok();
        assert!(is("spiffe://shop.example/people/ann"));
        for wrong in [
            "spiffe://shop.example",
            "spiffe://shop.example/",
            "spiffe://shop.example.evil/a",
            "spiffe://other.example/a",
            "spiffe://shop.example/a//b",
            "spiffe://shop.example/a/../b",
            "spiffe://shop.example/a%2fb",
            "spiffe://shop.example/a?b",
            "https://shop.example/a",
        ] {
            assert!(!is(wrong), "{wrong}");
        }
        let long = |more: usize| format!("spiffe://shop.example/{}", "a".repeat(IDENTITY_MAX - 22 + more));
        assert!(is(&long(0)) && !is(&long(1)));
    }

    #[test]
    fn hosts_are_names_and_addresses() {
        for right in [
            "localhost",
            "a.shop.example",
            "*.shop.example",
            "127.0.0.1",
            "::1",
        ] {
            assert!(host(right).is_ok(), "{right}");
        }
        for wrong in [
            "", "*", "*.", "a..b", "-a", "a-", "a b", "a/b", "a:80", "é", "*.*.a", "[::1]",
        ] {
            assert!(host(wrong).is_err(), "{wrong}");
        }
        assert!(host(&"a".repeat(LABEL_MAX)).is_ok() && host(&"a".repeat(LABEL_MAX + 1)).is_err());
    }

    #[test]
    fn names_of_files_lead_nowhere_else() {
        for right in ["server", "ann-2", "a.b", "7"] {
            assert!(name(right).is_ok(), "{right}");
        }
        for wrong in ["", "ca", "../a", "a/b", ".a", "-a", "a b", "é"] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
        assert!(domain("shop.example").is_ok());
        for wrong in ["", "Shop", "a/b", "a:1", "a b"] {
            assert!(domain(wrong).is_err(), "{wrong}");
        }
    }
}
