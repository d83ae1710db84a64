//! The hosts that routes are for at a gateway.

use super::Front;
use crate::{found::Found, kubernetes::traffic::Table};

/// For which hosts a table is at a gateway, which no hosts are all of; nothing where no host is of both.
pub(super) fn hosts(front: &Front, table: &Table, found: &mut Found) -> Option<Vec<String>> {
    let all = table.hosts.iter().any(|host| host == "*") || table.hosts.is_empty();
    let open = |own: &String| {
        front
            .hosts
            .iter()
            .filter_map(move |host| both(host, own))
            .collect::<Vec<_>>()
    };
    let hosts: Vec<String> = match (all, front.hosts.is_empty()) {
        (true, true) => return Some(Vec::new()),
        (true, false) => front.hosts.clone(),
        (false, true) => table.hosts.clone(),
        (false, false) => table.hosts.iter().flat_map(open).collect(),
    };
    let mut known: Vec<String> = Vec::new();
    for host in hosts.iter().map(|host| host.to_ascii_lowercase()) {
        let inside = host.strip_prefix("*.").unwrap_or(&host);
        let plain = |sign: char| sign.is_ascii_alphanumeric() || "-.".contains(sign);
        match !inside.is_empty() && inside.chars().all(plain) {
            false => found.lost(
                &table.node,
                &format!("routes for the host `{host}`, which no route can name"),
            ),
            true if known.contains(&host) => {}
            true => known.push(host),
        }
    }
    if known.is_empty() {
        let words = format!(
            "the routes of `{}`, which are for no host of the gateway `{}`",
            table.name, front.key
        );
        found.lost(&table.node, &words);
        return None;
    }
    Some(known)
}

/// The narrower of two hosts, where one is the other or below it.
fn both(one: &str, other: &str) -> Option<String> {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    let below = |all: &str, host: &str| all.strip_prefix('*').is_some_and(|end| host.ends_with(end));
    match (one == other || below(&one, &other), below(&other, &one)) {
        (true, _) => Some(other),
        (false, true) => Some(one),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::both;

    #[test]
    fn of_two_hosts_the_narrower_is_of_both() {
        let cases = [
            ("*.example.com", "A.example.com", Some("a.example.com")),
            ("a.example.com", "*.example.com", Some("a.example.com")),
            ("*.example.com", "*.b.example.com", Some("*.b.example.com")),
            ("a.example.com", "a.example.com", Some("a.example.com")),
            ("*.example.com", "example.com", None),
            ("a.example.com", "b.example.com", None),
        ];
        for (one, other, expected) in cases {
            assert_eq!(both(one, other).as_deref(), expected, "{one} {other}");
        }
    }
}
