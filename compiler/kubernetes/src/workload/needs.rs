//! What a program wants of the pods that carry it out.

use super::TARGET;
use crate::{Options, address::service_port, constant, problem::Problem, setting::Setting};
use flowmesh_diagnostics::{Diagnostics, Severity};
use flowmesh_ir::{Program, address::is_template};
use std::collections::{BTreeMap, BTreeSet};

/// What a program wants.
pub(super) struct Needs {
    /// Whether there are runs to be kept, or limits that are shared to be counted: by one process, a server.
    pub(super) keeps: bool,
    /// Whether there are secrets.
    pub(super) secrets: bool,
    /// Values of configs, by the variables that they are read from.
    pub(super) values: BTreeMap<String, String>,
    /// Where gateways listen, by the names of the ports.
    pub(super) ports: BTreeMap<String, u16>,
    /// The namespaces with Services that are called.
    pub(super) namespaces: BTreeSet<String>,
    /// The ports of addresses outside of the cluster that are called.
    pub(super) outside: BTreeSet<u16>,
}

impl Needs {
    /// Those of a program; nothing where something was reported.
    pub(super) fn of(program: &Program, options: &Options<'_>, found: &mut Diagnostics) -> Option<Self> {
        let mut needs = Self {
            keeps: program.needs_server(),
            secrets: !program.secrets.is_empty(),
            values: BTreeMap::new(),
            ports: BTreeMap::new(),
            namespaces: BTreeSet::new(),
            outside: BTreeSet::new(),
        };
        let known = needs.configs(program, options, found);
        let heard = needs.gateways(program, options, found);
        needs.services(program, options);
        (known && heard).then_some(needs)
    }

    /// What was given goes along; what has neither that nor a default is missing.
    fn configs(&mut self, program: &Program, options: &Options<'_>, found: &mut Diagnostics) -> bool {
        let mut whole = true;
        for config in &program.configs {
            match options.configs.get(&config.name) {
                Some(value) => {
                    // The cluster would put the values of other variables into it.
                    let value = value.replace("$(", "$$(");
                    self.values.insert(config.name.to_uppercase(), value);
                }
                None if config.default.is_some() => {}
                None => {
                    let (what, config) = ("program", Some(config.name.clone()));
                    let problem = Problem::Late { what, config };
                    found.add_beside(problem.diagnostic(TARGET, Severity::Error, Default::default()));
                    whole = false;
                }
            }
        }
        whole
    }

    fn gateways(&mut self, program: &Program, options: &Options<'_>, found: &mut Diagnostics) -> bool {
        let mut whole = true;
        for gateway in &program.gateways {
            let place = format!("gateway/{}@listen", gateway.name);
            let span = program.origins.span(&place).unwrap_or_default();
            for listen in &gateway.listen {
                let address = match constant::text(program, options, listen) {
                    Ok(address) => address,
                    Err(config) => {
                        let what = "address";
                        let problem = Problem::Late { what, config };
                        found.add_beside(problem.diagnostic(TARGET, Severity::Error, span));
                        whole = false;
                        continue;
                    }
                };
                let (host, port) = listened(&address);
                if is_of_this_machine(host) {
                    let problem = Problem::Part(Setting::Listen);
                    found.add_beside(problem.diagnostic(TARGET, Severity::Warning, span));
                } else if let Some(port) = port {
                    self.ports.insert(format!("gateway-{port}"), port);
                }
            }
        }
        whole
    }

    /// Whom its flows and gateways may call. Addresses that each call fills may be anywhere that names lead.
    fn services(&mut self, program: &Program, options: &Options<'_>) {
        let subsets = program.services.iter().flat_map(|service| &service.subsets);
        for address in subsets.flat_map(|subset| &subset.addresses) {
            let text = constant::text(program, options, address);
            match text {
                Ok(text) => match service_port(&text) {
                    Ok(place) => drop(self.namespaces.insert(place.namespace)),
                    Err(_) => self.outside.extend(listened(&text).1),
                },
                Err(_) if is_template(address) => self.outside.extend([80, 443]),
                Err(_) => {}
            }
        }
    }
}

/// The host and the port of an address.
fn listened(address: &str) -> (&str, Option<u16>) {
    let (scheme, rest) = address.split_once("://").unwrap_or(("http", address));
    let authority = rest.split('/').next().unwrap_or_default();
    let usual = match scheme {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    };
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
        _ => (authority, usual),
    }
}

fn is_of_this_machine(host: &str) -> bool {
    host == "localhost" || host == "[::1]" || host.starts_with("127.")
}

#[cfg(test)]
mod tests {
    use super::{is_of_this_machine, listened};

    #[test]
    fn addresses_have_ports_that_are_said_or_usual() {
        for (address, found) in [
            ("http://0.0.0.0:8080", ("0.0.0.0", Some(8080))),
            ("https://api.example.com/v1", ("api.example.com", Some(443))),
            ("http://[::]", ("[::]", Some(80))),
            ("http://[::1]:9000", ("[::1]", Some(9000))),
            (
                "srv://_http._tcp.shop.example.com",
                ("_http._tcp.shop.example.com", None),
            ),
        ] {
            assert_eq!(listened(address), found, "{address}");
        }
        assert!(is_of_this_machine("127.0.0.1") && is_of_this_machine("[::1]"));
        assert!(!is_of_this_machine("0.0.0.0") && !is_of_this_machine("[::]"));
    }
}
