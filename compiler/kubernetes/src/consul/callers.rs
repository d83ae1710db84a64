//! What holds for the instances of services, and what holds with those who call them: Consul has breakers and limits at the
//! defaults of the caller, by the name of what is called.

use super::{
    DEFAULTS, Known,
    defaults::{ServiceDefaults, Upstream},
    object, rates, span,
};
use crate::{
    Manifest, Options,
    manifest::{INTERPRETER, metadata},
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    Program, ServiceId,
    access::{Mtls, What, Who},
    gateway::Target,
};
use std::collections::{BTreeMap, BTreeSet};

/// Who flowmesh is.
pub(super) const FLOWS: &str = "flowmesh";

/// The defaults of a service, and where they belong.
struct Made {
    namespace: String,
    origin: Span,
    defaults: ServiceDefaults,
    /// What is left to the interpreter, where the service has no chain to say it.
    filled: String,
}

/// The defaults of all services, and of those who call.
pub(super) fn manifests(program: &Program, options: &Options<'_>, known: &[Option<Known>]) -> Vec<Manifest> {
    let mut all: BTreeMap<String, Made> = BTreeMap::new();
    let named = || {
        (0..)
            .map(ServiceId)
            .zip(known)
            .filter_map(|(id, own)| Some((id, own.as_ref()?)))
    };
    for (id, own) in named() {
        for name in own.names() {
            let made = Made {
                namespace: own.namespace().unwrap_or_default().to_owned(),
                origin: origin(program, id),
                defaults: defaults(program, id, own, name),
                filled: match own.outside {
                    Some(_) => own.filled.join(", "),
                    None => String::new(),
                },
            };
            all.insert(name.to_owned(), made);
        }
    }
    for (id, own) in named().filter(|(_, own)| own.outside.is_none()) {
        let policy = program
            .service(id)
            .and_then(|service| program.policy(service.policy));
        let Some(upstream) = policy.and_then(|policy| Upstream::new(&own.name, own.protocol, policy)) else {
            continue;
        };
        for caller in callers(program, id, known) {
            let made = all.entry(caller).or_insert_with(|| Made {
                namespace: own.namespace().unwrap_or_default().to_owned(),
                origin: origin(program, id),
                defaults: ServiceDefaults {
                    protocol: "http",
                    ..ServiceDefaults::default()
                },
                filled: String::new(),
            });
            let upstreams = made.defaults.upstream_config.get_or_insert_default();
            upstreams.overrides.push(upstream.clone());
        }
    }
    let each = all.into_iter().map(|(name, made)| {
        let mut metadata = metadata(program, options, &name, &made.namespace, made.origin);
        if !made.filled.is_empty() {
            metadata.annotations.insert(INTERPRETER.to_owned(), made.filled);
        }
        object(DEFAULTS, metadata, made.defaults)
    });
    each.collect()
}

fn origin(program: &Program, id: ServiceId) -> Span {
    let name = program
        .service(id)
        .map(|service| format!("service/{}", service.name));
    span(program, &name.unwrap_or_default())
}

/// What holds for the instances of a name, where it has some.
fn defaults(program: &Program, id: ServiceId, own: &Known, name: &str) -> ServiceDefaults {
    let has_instances = own.outside.is_none() && own.places.iter().any(|place| place.name == name);
    let service = program.service(id).filter(|_| has_instances);
    ServiceDefaults {
        protocol: own.protocol,
        mutual_tls_mode: program
            .mesh
            .mtls
            .filter(|_| has_instances)
            .map(|mtls| match mtls {
                Mtls::Strict => "strict",
                Mtls::Permissive => "permissive",
            }),
        // The proxy of the instance, too, ends a request after 15 s where nothing is said.
        local_request_timeout_ms: has_instances.then(|| longest(program, id)),
        rate_limits: service.and_then(|service| rates::limits(program, service)),
        upstream_config: None,
        destination: own.outside.clone(),
    }
}

/// The longest time that anybody gives a call of a service.
fn longest(program: &Program, id: ServiceId) -> u64 {
    let service = program.service(id);
    let operations = service.into_iter().flat_map(|service| &service.operations);
    let own = service.map(|service| service.policy);
    let led = program.gateways.iter().flat_map(|gateway| {
        let here = gateway
            .routes
            .iter()
            .filter(move |route| matches!(route.target, Target::Service { service, .. } if service == id));
        here.filter_map(|route| route.policy.or(gateway.policy))
    });
    let policies = operations.map(|operation| operation.policy).chain(own).chain(led);
    let times = policies.filter_map(|id| Some(program.policy(id)?.timeout.total_ms));
    times.max().unwrap_or_default().max(1)
}

/// Who calls a service, as far as the program says: flows, and services that a rule lets.
fn callers(program: &Program, id: ServiceId, known: &[Option<Known>]) -> BTreeSet<String> {
    let of_it = |what: &What| match what {
        What::Service(service) | What::Operation(service, _) => *service == id,
        What::Flow(_) => false,
    };
    let rules = program
        .access
        .iter()
        .filter(|rule| rule.allow && rule.what.iter().any(of_it));
    let services = rules.flat_map(|rule| &rule.who).filter_map(|who| match who {
        Who::Service(service) if *service != id => known.get(service.index())?.as_ref(),
        _ => None,
    });
    let names = services.flat_map(|own| own.places.iter().map(|place| place.name.clone()));
    names.chain([FLOWS.to_owned()]).collect()
}
