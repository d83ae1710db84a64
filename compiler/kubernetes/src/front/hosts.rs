//! The hosts that a gateway tells apart.

use crate::manifest::object_name;
use flowmesh_ir::{Program, gateway::Gateway};

/// Each host that a route is for, once, in their order; `None` is any.
pub(crate) fn of(gateway: &Gateway) -> Vec<Option<String>> {
    let mut all: Vec<Option<String>> = Vec::new();
    for route in &gateway.routes {
        if !all.contains(&route.host) {
            all.push(route.host.clone());
        }
    }
    all
}

/// Whether a route for one host is also for requests to another.
pub(crate) fn covers(of: Option<&str>, host: Option<&str>) -> bool {
    let Some(of) = of else { return true };
    let Some(host) = host else { return false };
    let below = |above: &str| {
        host.strip_suffix(above)
            .is_some_and(|before| before.len() > 1 && before.ends_with('.'))
    };
    of == host || of.strip_prefix("*.").is_some_and(below)
}

/// What the route for a host is called. A service may have the name of the gateway, too.
pub(crate) fn named(gateway: &str, host: Option<&str>, program: &Program) -> String {
    match host {
        Some(host) => format!("{gateway}-{}", slug(host)),
        None => {
            let mut names = program.services.iter().map(|service| object_name(&service.name));
            match names.any(|name| name == gateway) {
                true => format!("{gateway}-gateway"),
                false => gateway.to_owned(),
            }
        }
    }
}

/// A host as a part of a name: `*.shop.example` is `any-shop-example`.
pub(crate) fn slug(host: &str) -> String {
    host.replace('*', "any").replace('.', "-")
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_wider_host_covers_a_narrower_one() {
        for (of, host, wanted) in [
            (None, Some("a.example"), true),
            (None, None, true),
            (Some("a.example"), None, false),
            (Some("a.example"), Some("a.example"), true),
            (Some("*.example"), Some("a.example"), true),
            (Some("*.example"), Some("a.b.example"), true),
            (Some("*.example"), Some("*.b.example"), true),
            (Some("*.example"), Some("example"), false),
            (Some("*.b.example"), Some("*.example"), false),
            (Some("*.example"), Some("anexample"), false),
        ] {
            assert_eq!(covers(of, host), wanted, "{of:?} {host:?}");
        }
    }
}
