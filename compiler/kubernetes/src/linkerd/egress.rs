//! What is outside of the cluster: one `EgressNetwork` for all of it, and a route for each service that is there.
//!
//! What a program calls by HTTP goes by an `HTTPRoute` with its timeouts and retries; what it calls by TLS is closed to proxies,
//! so that a `TLSRoute` says no more than where it may go. Whatever else the pods of the namespace call is left as it is, unless
//! the rules of the program are derived and so all else is denied.

use super::{
    TARGET,
    route::{POLICY, Parent, object},
    settings::said,
};
use crate::{
    Manifest, Options, constant,
    manifest::{Metadata, metadata, object_name},
    matcher::{Match, Path, Pattern, is_path},
    problem::Problem,
    setting::Setting,
    work::Work,
};
use flowmesh_diagnostics::{Diagnostics, Severity};
use flowmesh_ir::{
    Program,
    access::Mode,
    address::is_template,
    policy::{Policy, Timeout},
};
use serde::Serialize;

/// Where something outside of the cluster is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outside {
    pub(super) host: String,
    pub(super) port: u16,
    /// Whether it is called by TLS.
    pub(super) tls: bool,
    /// What stands before each path; nothing, or it begins with a slash.
    pub(super) base: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EgressNetwork {
    traffic_policy: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TlsRoute {
    parent_refs: Vec<Parent>,
    hostnames: Vec<String>,
    rules: Vec<TlsRule>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TlsRule {
    backend_refs: Vec<Parent>,
}

/// The kind of what is outside.
const KIND: &str = "EgressNetwork";

/// Where a service is, if it is outside of the cluster: under one name, by HTTP or TLS.
pub(super) fn outside(work: &Work<'_, '_>) -> Option<Outside> {
    let [subset] = work.service.subsets.as_slice() else {
        return None;
    };
    let [address] = subset.addresses.as_slice() else {
        return None;
    };
    if is_template(address) || !subset.zones.is_empty() {
        return None;
    }
    let text = constant::text(work.program, work.options, address).ok()?;
    let found = read(&text)?;
    let policy = work.policy(work.service.policy);
    let tls = found.tls || policy.is_some_and(|policy| policy.tls.is_some());
    Some(Outside { tls, ..found })
}

/// Reads `https://host:port/base`; nothing where a cluster or a machine has the name for itself.
fn read(address: &str) -> Option<Outside> {
    let (scheme, rest) = address.split_once("://")?;
    let usual = match scheme {
        "https" => Some(443),
        "http" => Some(80),
        "dns" => None,
        _ => return None,
    };
    let (authority, base) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (authority, usual),
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let base = base.trim_end_matches('/');
    (is_public(&host) && (base.is_empty() || is_path(base))).then_some(Outside {
        host,
        port: port.filter(|port| *port > 0)?,
        tls: scheme == "https",
        base: base.to_owned(),
    })
}

/// Whether a name is one that clusters and machines do not have for themselves; addresses are no names.
fn is_public(host: &str) -> bool {
    let label = |label: &&str| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !label.is_empty() && label.len() <= 63 && label.chars().all(inner)
    };
    let labels: Vec<&str> = host.split('.').collect();
    let own = |labels: &[&str]| labels.contains(&"svc") || labels.ends_with(&["local"]);
    let last = labels
        .last()
        .is_some_and(|last| last.starts_with(|c: char| c.is_ascii_lowercase()));
    labels.len() > 1 && labels.iter().all(label) && last && !own(&labels) && host.len() <= 253
}

impl Outside {
    /// What its routes stand before.
    pub(super) fn parent(&self, program: &Program) -> Parent {
        Parent {
            port: Some(self.port),
            ..network(program)
        }
    }

    /// Requests as they are sent there.
    pub(super) fn sent(&self, of: Match) -> Match {
        if self.base.is_empty() {
            return of;
        }
        let path = match of.path {
            Path::Exact(path) => Path::Exact(format!("{}{path}", self.base)),
            Path::Prefix(path) if path == "/" => Path::Prefix(self.base.clone()),
            Path::Prefix(path) => Path::Prefix(format!("{}{path}", self.base)),
            Path::Pattern(pattern) => {
                let base = self.base.split('/').skip(1).map(|part| Some(part.to_owned()));
                let segments = base.chain(pattern.segments).collect();
                Path::Pattern(Pattern { segments, ..pattern })
            }
        };
        Match { path, ..of }
    }

    /// The settings that nothing holds on the way there, of a service or an operation.
    pub(super) fn unheld(&self, policy: &Policy, outer: &Policy) -> Vec<Setting> {
        let by_http = |setting: &Setting| {
            let held = [Setting::Timeout, Setting::Headers, Setting::Retry];
            self.tls || !held.contains(setting)
        };
        let mut all = said(policy, outer);
        let times = |timeout: &Timeout| (timeout.attempt_ms, timeout.total_ms);
        if times(&policy.timeout) != times(&outer.timeout) {
            all.push(Setting::Timeout);
        }
        if policy.headers != outer.headers {
            all.push(Setting::Headers);
        }
        // That it is called by TLS is what the route says.
        all.retain(|setting| by_http(setting) && *setting != Setting::Tls);
        all
    }

    /// The route of what is called by TLS.
    pub(super) fn tls_route(&self, program: &Program, metadata: Metadata) -> Manifest {
        let spec = TlsRoute {
            parent_refs: vec![self.parent(program)],
            hostnames: vec![self.host.clone()],
            rules: vec![TlsRule {
                backend_refs: vec![network(program)],
            }],
        };
        // Linkerd reads no newer version.
        object("TLSRoute", "gateway.networking.k8s.io/v1alpha2", metadata, spec)
    }
}

/// All that is outside.
fn network(program: &Program) -> Parent {
    Parent {
        group: POLICY,
        kind: KIND,
        name: format!("{}-outside", object_name(&program.name).to_lowercase()),
        port: None,
    }
}

/// The manifest of all that is outside, where something of the program is.
pub(super) fn manifest(
    program: &Program,
    options: &Options<'_>,
    found: &mut Diagnostics,
) -> Option<Manifest> {
    let name = network(program).name;
    let namespace = &options.workload.namespace;
    if !crate::address::is_label(&name) || !crate::address::is_label(namespace) {
        let reason = format!("`{name}` in `{namespace}` is no name that the cluster takes");
        let problem = Problem::Limit { reason };
        found.add_beside(problem.diagnostic(TARGET, Severity::Error, flowmesh_diagnostics::Span::default()));
        return None;
    }
    let span = program.origins.span("mesh").unwrap_or_default();
    let spec = EgressNetwork {
        traffic_policy: match program.mesh.access {
            Mode::Derived => "Deny",
            Mode::Written => "Allow",
        },
    };
    let metadata = metadata(program, options, &name, namespace, span);
    Some(object(KIND, "policy.linkerd.io/v1alpha1", metadata, spec))
}

#[cfg(test)]
mod tests {
    use super::{Outside, read};

    #[test]
    fn names_that_anybody_may_look_up_are_outside() {
        for (address, host, port, tls, base) in [
            ("https://api.example.com", "api.example.com", 443, true, ""),
            (
                "https://api.example.com:8443/v1/",
                "api.example.com",
                8443,
                true,
                "/v1",
            ),
            (
                "http://API.example.com./v1/x",
                "api.example.com",
                80,
                false,
                "/v1/x",
            ),
            ("dns://db.example.com:5000", "db.example.com", 5000, false, ""),
        ] {
            let found = Outside {
                host: host.to_owned(),
                port,
                tls,
                base: base.to_owned(),
            };
            assert_eq!(read(address), Some(found), "{address}");
        }
    }

    #[test]
    fn what_a_cluster_or_a_machine_has_for_itself_is_not() {
        for address in [
            "dns://pay.shop.svc:80",
            "http://pay.shop.svc.cluster.local",
            "http://printer.local",
            "http://localhost:80",
            "http://pay",
            "http://127.0.0.1:80",
            "http://[::1]:80",
            "dns://db.example.com",
            "srv://_http._tcp.example.com",
            "https://api.example.com:0",
            "https://api.example.com/a b",
            "https://api..example.com",
        ] {
            assert_eq!(read(address), None, "{address}");
        }
    }
}
