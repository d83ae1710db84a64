//! Endpoints as addresses and paths.

use crate::{callee::At, name::snake};

/// The address of an endpoint, what it is known by, and its path.
pub(super) fn place(uri: &str) -> (At, String, String) {
    let known = uri
        .split_once("://")
        .filter(|(scheme, _)| matches!(*scheme, "http" | "https"));
    let Some((scheme, rest)) = known else {
        return (At::Config, uri.to_owned(), "/".to_owned());
    };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if !plain(host) {
        return (At::Config, uri.to_owned(), "/".to_owned());
    }
    let address = format!("{scheme}://{host}");
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = if path.is_empty() { "/" } else { path };
    let good = |sign: char| sign.is_ascii_alphanumeric() || "/-._~{}:@".contains(sign);
    match path.chars().all(good) {
        true => (At::Address(address.clone()), address, path.to_owned()),
        false => (At::Config, uri.to_owned(), "/".to_owned()),
    }
}

/// Whether a text is a host, perhaps with a port.
pub(super) fn plain(host: &str) -> bool {
    let (name, port) = host.split_once(':').unwrap_or((host, "80"));
    let good = |sign: char| sign.is_ascii_alphanumeric() || "-.".contains(sign);
    let ends = name.starts_with(|sign: char| sign.is_ascii_alphanumeric())
        && name.ends_with(|sign: char| sign.is_ascii_alphanumeric());
    ends && name.chars().all(good) && !name.contains("..") && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// A name that no parameter has yet.
pub(super) fn fresh(params: &[String], name: &str) -> String {
    let own = snake(name);
    let taken = |own: &str| {
        matches!(own, "body" | "key") || params.iter().any(|it| it.split(':').next() == Some(own))
    };
    let mut found = own.clone();
    let mut number = 2;
    while taken(&found) {
        found = format!("{own}_{number}");
        number += 1;
    }
    found
}

/// What of a text a path can have.
pub(super) fn safe(text: &str) -> String {
    text.chars()
        .filter(|sign| sign.is_ascii_alphanumeric() || "-._~".contains(*sign))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::place;
    use crate::callee::At;

    #[test]
    fn endpoints_are_addresses_and_paths() {
        let address = |text: &str| At::Address(text.to_owned());
        assert_eq!(
            place("https://a.example.com/x/{id}?y=1"),
            (
                address("https://a.example.com"),
                "https://a.example.com".to_owned(),
                "/x/{id}".to_owned()
            )
        );
        assert_eq!(place("${ .url }").0, At::Config);
        assert_eq!(place("https://${ .host }/x").0, At::Config);
    }
}
