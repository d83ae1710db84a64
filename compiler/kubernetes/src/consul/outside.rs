//! Services outside the cluster: what proxies take for them, and the gateway through which they are reached.
//!
//! Consul passes connections to what is outside on as they are, and follows no chain for them. So nothing that is said of
//! requests is held there, and who may is said of connections.

use super::{Known, TERMINATING, defaults::Destination, object};
use crate::{
    Manifest, Options,
    address::{ServicePort, is_label, service_port},
    constant,
    manifest::metadata,
    problem::Problem,
    setting::Setting,
    work::Work,
};
use core::net::IpAddr;
use flowmesh_diagnostics::Span;
use flowmesh_ir::{Program, address::is_template, policy::Policy};
use serde::Serialize;

/// The name that Consul's installation gives the gateway.
const GATEWAY: &str = "terminating-gateway";

/// What a `TerminatingGateway` says.
#[derive(Debug, PartialEq, Serialize)]
struct Spec {
    services: Vec<Linked>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Linked {
    name: String,
}

/// The gateway to all that is outside.
pub(super) fn gateway(program: &Program, options: &Options<'_>, known: &[Option<Known>]) -> Option<Manifest> {
    let outside = known.iter().flatten().filter(|own| own.outside.is_some());
    let services: Vec<Linked> = outside
        .map(|own| Linked {
            name: own.name.clone(),
        })
        .collect();
    let namespace = known.iter().flatten().find_map(Known::namespace)?;
    let metadata = metadata(program, options, GATEWAY, namespace, Span::default());
    (!services.is_empty()).then(|| object(TERMINATING, metadata, Spec { services }))
}

impl Work<'_, '_> {
    /// The service, where it stands outside; what is said of its requests is reported.
    pub(super) fn outside(&mut self, name: &str) -> Option<Known> {
        let destination = self.destination()?;
        let usual = Policy::default();
        let mut filled = Vec::new();
        let service = self.service;
        let outer = self.policy(service.policy).unwrap_or(&usual);
        let auth = service.auth.iter().map(|_| Setting::Auth);
        for setting in said(outer, &usual).into_iter().chain(auth) {
            self.unheld(&Problem::Outside(setting), setting, "", &mut filled);
        }
        for operation in &service.operations {
            let own = self.policy(operation.policy).unwrap_or(outer);
            for setting in said(own, outer) {
                self.unheld(&Problem::Outside(setting), setting, &operation.name, &mut filled);
            }
        }
        let place = ServicePort {
            name: name.to_owned(),
            namespace: namespace(self.program, self.options),
            domain: String::new(),
            port: destination.port,
            outside: None,
        };
        Some(Known {
            name: name.to_owned(),
            protocol: "tcp",
            places: vec![place],
            conditions: Vec::new(),
            filled,
            ways: super::Ways::default(),
            outside: Some(destination),
        })
    }

    /// Hosts with one port, where all addresses are that.
    fn destination(&self) -> Option<Destination> {
        let [subset] = self.service.subsets.as_slice() else {
            return None;
        };
        let mut found: Option<Destination> = None;
        for address in &subset.addresses {
            if is_template(address) {
                return None;
            }
            let address = constant::text(self.program, self.options, address).ok()?;
            let (host, port) = outside(&address)?;
            match &mut found {
                None => {
                    found = Some(Destination {
                        addresses: vec![host],
                        port,
                    });
                }
                Some(known) if known.port == port && !known.addresses.contains(&host) => {
                    known.addresses.push(host);
                }
                Some(_) => return None,
            }
        }
        found
    }
}

/// All that is said, be it of requests or of connections.
fn said(policy: &Policy, outer: &Policy) -> Vec<Setting> {
    let timeout = policy.timeout.attempt_ms != outer.timeout.attempt_ms
        || policy.timeout.total_ms != outer.timeout.total_ms;
    let headers = policy.headers != outer.headers;
    let balance = policy.balance != outer.balance;
    let more = [
        (Setting::Timeout, timeout),
        (Setting::Balance, balance),
        (Setting::Headers, headers),
    ];
    let more = more.into_iter().filter_map(|(setting, is)| is.then_some(setting));
    let mut all: Vec<Setting> = more.collect();
    let said = super::settings::said(policy, outer);
    all.extend(said.into_iter().filter(|setting| *setting != Setting::Attempt));
    all.sort_unstable();
    all.dedup();
    all
}

/// The host and port of an address outside of the cluster and of this machine.
fn outside(address: &str) -> Option<(String, u16)> {
    if service_port(address).is_ok() {
        return None;
    }
    let (scheme, rest) = address.split_once("://")?;
    let usual = match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "dns" => None,
        _ => return None,
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok().filter(|port| *port > 0)?),
        None => (rest, usual?),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let ip: Option<IpAddr> = host.parse().ok();
    let fits = match ip {
        Some(ip) => !ip.is_loopback() && !ip.is_unspecified(),
        None => host.contains('.') && !host.ends_with(".localhost") && host.split('.').all(is_name),
    };
    fits.then(|| (host.to_owned(), port))
}

/// A label of a name of the Internet, which may begin with a digit.
fn is_name(label: &str) -> bool {
    is_label(&format!("a{}", label.to_ascii_lowercase())) && !label.starts_with('-') && !label.is_empty()
}

/// Where what has no place in the cluster is written down: beside the first service that has one.
fn namespace(program: &Program, options: &Options<'_>) -> String {
    let mut addresses = program
        .services
        .iter()
        .flat_map(|service| &service.subsets)
        .flat_map(|subset| &subset.addresses);
    let place = addresses.find_map(|address| {
        let address = constant::text(program, options, address).ok()?;
        service_port(&address).ok()
    });
    place.map_or_else(|| "default".to_owned(), |place| place.namespace)
}

#[cfg(test)]
mod tests {
    use super::outside;

    #[test]
    fn hosts_and_ports_are_read() {
        let cases = [
            ("https://api.example.com", "api.example.com", 443),
            ("http://api.example.com/", "api.example.com", 80),
            ("https://api.example.com:8443", "api.example.com", 8443),
            ("dns://db.example.com:5432", "db.example.com", 5432),
            ("http://192.0.2.7:80", "192.0.2.7", 80),
            ("https://[2001:db8::1]:443", "2001:db8::1", 443),
        ];
        for (address, host, port) in cases {
            assert_eq!(outside(address), Some((host.to_owned(), port)), "{address}");
        }
    }

    #[test]
    fn what_is_inside_or_nowhere_is_not_outside() {
        let others = [
            "dns://pay.shop.svc:80",
            "http://127.0.0.1:80",
            "http://[::1]:80",
            "http://0.0.0.0:80",
            "http://localhost:80",
            "http://pay:80",
            "https://api.example.com/v1",
            "https://api.*.com",
            "https://api..com",
            "dns://db.example.com",
            "srv://_http._tcp.example.com",
            "pay",
        ];
        for address in others {
            assert_eq!(outside(address), None, "{address}");
        }
    }
}
