//! Gateway API: one route a service, attached to the Service that callers name (GAMMA), and for each gateway a `Gateway` with
//! routes of its own.
//!
//! 1. [`settings`]: what routes hold in part or not at all, by [`table`]
//! 2. [`operations`]: the requests of a service apart by what holds for them, which [`says`] reads from policies
//! 3. [`rules`]: routes times operations, in an order that means the same there
//! 4. [`grpc`]: the same as a `GRPCRoute`, where a service has nothing but gRPC
//! 5. [`backend`]: what is said of whole Services: certificates, budgets
//! 6. [`gateway`]: where visitors come in
//! 7. [`grants`]: leave for routes to lead into other namespaces
//!
//! A service with one subset is that Service, and its route leads back to it. A service with several is called by its
//! own name, and the route splits over the Services of its subsets.

mod backend;
mod gateway;
mod grants;
mod grpc;
mod operations;
pub(crate) mod rules;
pub(crate) mod says;
mod settings;
pub(crate) mod table;

use crate::{
    Manifest, Options, Target,
    address::ServicePort,
    first_match::Again,
    front::admitted::{admits, is_of_flows},
    http_route::{self, HttpRoute, ServiceRef},
    manifest::{INTERPRETER, Metadata, Object, metadata, object_name},
    precedence,
    problem::Problem,
    setting::Setting,
    work::{Known, Work},
    yaml,
};
use flowmesh_diagnostics::{Diagnostics, Severity, Span};
use flowmesh_ir::{Program, service::Operation, traffic::Onward};
use grants::Grants;
use rules::{Outcome, To};
use says::Says;
use serde::Serialize;
use std::collections::BTreeMap;

const TARGET: Target = Target::GatewayApi;
const VERSION: &str = "gateway.networking.k8s.io/v1";

/// The manifests of a program.
pub(crate) fn compile(program: &Program, options: &Options<'_>, found: &mut Diagnostics) -> Vec<Manifest> {
    declarations(program, options, found);
    let known: Vec<Option<Known>> = program
        .services
        .iter()
        .map(|service| Work::new(TARGET, (program, service), options, found).as_routed())
        .collect();
    let (mut made, mut grants) = (Vec::new(), Grants::default());
    for (service, own) in program.services.iter().zip(&known) {
        let mut work = Work::new(TARGET, (program, service), options, found);
        let Some(own) = own else { continue };
        made.extend(work.route(own, &known, &mut grants));
        made.extend(work.backends(own));
    }
    for gateway in &program.gateways {
        made.extend(gateway::manifests(
            (program, gateway),
            options,
            &known,
            &mut grants,
            found,
        ));
    }
    made.extend(grants.manifests(program, options));
    let mut all: BTreeMap<String, Manifest> = BTreeMap::new();
    for manifest in made {
        if let Some(other) = all.insert(manifest.path.clone(), manifest) {
            let reason = format!("two objects would both be written to `{}`", other.path);
            let problem = Problem::Limit { reason };
            found.add_beside(problem.diagnostic(TARGET, Severity::Error, Span::default()));
        }
    }
    all.into_values().collect()
}

/// What stands beside services, and would be left out silently: no object of it could name what is left to the interpreter.
fn declarations(program: &Program, options: &Options<'_>, found: &mut Diagnostics) {
    let unheld = if options.interpreter_fills {
        Severity::Warning
    } else {
        Severity::Error
    };
    for (at, rule) in program.access.iter().enumerate() {
        let span = program.origins.span(&format!("access/{at}")).unwrap_or_default();
        let word = if rule.allow { "allow" } else { "deny" };
        let (problem, severity) = match admits(rule) || is_of_flows(rule) {
            true => (Problem::Part(Setting::Access), Severity::Warning),
            false => (Problem::Declaration(word), unheld),
        };
        found.add_beside(problem.diagnostic(TARGET, severity, span));
    }
    if !program.mesh.is_default() {
        let span = program.origins.span("mesh").unwrap_or_default();
        found.add_beside(Problem::Declaration("mesh").diagnostic(TARGET, unheld, span));
    }
}

/// An object of a kind.
fn object<S: Serialize>(kind: &str, version: &str, metadata: Metadata, spec: S) -> Manifest {
    let name = metadata.name.clone();
    let object = Object {
        api_version: version.to_owned(),
        kind: kind.to_owned(),
        metadata,
        spec,
    };
    yaml::manifest(kind, &name, &object)
}

impl Work<'_, '_> {
    /// What routes see of the service; nothing where something was reported, or where it is of this machine.
    fn as_routed(&mut self) -> Option<Known> {
        let operations = &self.service.operations;
        if !operations.is_empty() && operations.iter().all(|it| it.binding.is_local()) {
            return None;
        }
        self.name()?;
        let places = self.places();
        let filled = self.settings();
        let conditions = self.conditions();
        Some(Known {
            places: places?,
            conditions: conditions?,
            filled,
        })
    }

    /// Its route; nothing where something was reported.
    fn route(&mut self, own: &Known, known: &[Option<Known>], grants: &mut Grants) -> Option<Manifest> {
        let name = object_name(&self.service.name);
        let namespace = own.places.first()?.namespace.clone();
        let parts = self.parted(own, known, &namespace)?;
        let mut first = Vec::new();
        for (number, (route, alternatives)) in self.service.routes.iter().zip(&own.conditions).enumerate() {
            let to = To::Services(split(&own.places, &route.split, &namespace)?);
            for part in &parts {
                first.push(precedence::Rule {
                    route: number,
                    matches: alternatives.iter().filter_map(|one| one.and(&part.of)).collect(),
                    outcome: Outcome {
                        to: to.clone(),
                        says: part.says.clone(),
                    },
                });
            }
        }
        let place = ["@route".to_owned(), String::new()];
        let rules = match rules::written(first) {
            Ok(rules) => rules,
            Err((_, problem)) => {
                self.report(&problem, &place);
                return None;
            }
        };
        let (parents, metadata) = (
            vec![parent(&name, &own.places)?],
            self.described(&name, &namespace, own),
        );
        let grpc = self.only_grpc().then(|| grpc::rules(&rules)).flatten();
        let kind = if grpc.is_some() {
            grpc::KIND
        } else {
            http_route::KIND
        };
        grants.note(kind, &namespace, &rules);
        if let Some(rules) = grpc {
            self.setting(Setting::GrpcTimeout, "", &mut Vec::new());
            return Some(object(
                kind,
                VERSION,
                metadata,
                grpc::route(parents, Vec::new(), rules),
            ));
        }
        let spec = HttpRoute {
            parent_refs: parents,
            hostnames: Vec::new(),
            rules,
        };
        Some(yaml::manifest(kind, &name, &http_route::object(metadata, spec)))
    }

    /// The requests of the service apart by what holds for them.
    fn parted(
        &mut self,
        own: &Known,
        known: &[Option<Known>],
        namespace: &str,
    ) -> Option<Vec<operations::Part>> {
        let (program, options, service) = (self.program, self.options, self.service);
        let policies = service.operations.iter().map(|operation| operation.policy);
        for id in policies.chain([service.policy]) {
            let policy = program.policy(id)?;
            if Says::of((program, options), policy, Again::May, |_| None).is_err() {
                let reason = "a timeout is longer than 99999 hours".to_owned();
                self.report(
                    &Problem::Limit { reason },
                    &["@timeout".to_owned(), String::new()],
                );
                return None;
            }
        }
        let says = |operation: Option<&Operation>, again: Again| {
            let policy = operation.map_or(service.policy, |operation| operation.policy);
            let to = |to| mirrored(to, own, known, namespace);
            Says::of((program, options), program.policy(policy)?, again, to).ok()
        };
        self.operations(says)
    }

    fn described(&self, name: &str, namespace: &str, own: &Known) -> Metadata {
        let span = self.span(&[String::new()]);
        let mut metadata = metadata(self.program, self.options, name, namespace, span);
        if !own.filled.is_empty() {
            let filled = own.filled.join(", ");
            metadata.annotations.insert(INTERPRETER.to_owned(), filled);
        }
        metadata
    }
}

/// The Service that callers name.
fn parent(name: &str, places: &[ServicePort]) -> Option<ServiceRef> {
    let first = places.first()?;
    let same_port = places.iter().all(|place| place.port == first.port);
    let name = if places.len() == 1 { &first.name } else { name };
    Some(ServiceRef::new(name, same_port.then_some(first.port), None))
}

/// Where a split leads, as it is seen from a namespace.
fn split(
    places: &[ServicePort],
    split: &[(flowmesh_ir::SubsetId, u32)],
    namespace: &str,
) -> Option<Vec<ServiceRef>> {
    let weight = |weight: u32| (split.len() > 1).then_some(weight);
    let one = |(subset, share): &(flowmesh_ir::SubsetId, u32)| {
        Some(ServiceRef::from(
            namespace,
            places.get(subset.index())?,
            weight(*share),
        ))
    };
    split.iter().map(one).collect()
}

/// Where copies go, as it is seen from a namespace.
fn mirrored(to: Onward, own: &Known, known: &[Option<Known>], namespace: &str) -> Option<ServiceRef> {
    let place = match to {
        Onward::Subset(subset) => own.places.get(subset.index()),
        Onward::Service(service) => known.get(service.index())?.as_ref()?.places.first(),
    };
    Some(ServiceRef::from(namespace, place?, None))
}
