//! Linkerd: for each service as many `HTTPRoute`s as there are timeouts and retries, and what its pods let in.
//!
//! 1. [`settings`]: what Linkerd holds in part or not at all, by [`table`]
//! 2. [`rules`]: routes times operations; [`precedence`] says whether they mean the same there
//! 3. [`says`]: timeouts, retries and headers of a request
//! 4. [`balancer`]: when an endpoint is left alone
//! 5. [`route`]: the one kind that all of this is said with
//! 6. [`access`]: who may come in, and how much
//! 7. [`egress`]: what is outside of the cluster
//!
//! A service with one subset is that Service; one with several is called by its own name, which must be a Service of the
//! cluster beside theirs. Linkerd merges all routes of a Service, so that two services of a program may not be the same one.

mod access;
mod balancer;
mod egress;
mod precedence;
mod route;
mod rules;
mod says;
mod settings;
pub(crate) mod table;

use crate::{
    Manifest, Options, Target,
    address::ServicePort,
    manifest::{INTERPRETER, Metadata, metadata, object_name},
    matcher::Match,
    problem::Problem,
    setting::Setting,
    work::Work,
};
use egress::Outside;
use flowmesh_diagnostics::{Diagnostics, Severity, Span};
use flowmesh_ir::Program;
use route::{Parent, Route};
use std::collections::BTreeMap;

const TARGET: Target = Target::Linkerd;

/// A service of the program as Linkerd sees it.
struct Known {
    /// The Service of each subset; none where it is outside of the cluster.
    places: Vec<ServicePort>,
    /// The matches of each route.
    conditions: Vec<Vec<Match>>,
    /// What is left to the interpreter.
    filled: Vec<String>,
    /// Where it is, outside of the cluster.
    outside: Option<Outside>,
}

/// A service of the program on its way to Linkerd.
struct Meshed<'a, 'd> {
    work: Work<'a, 'd>,
}

/// The manifests of a program.
pub(crate) fn compile(program: &Program, options: &Options<'_>, found: &mut Diagnostics) -> Vec<Manifest> {
    declarations(program, options, found);
    let mut made = Vec::new();
    let mut hosts: BTreeMap<String, usize> = BTreeMap::new();
    let mut known = Vec::with_capacity(program.services.len());
    for (at, service) in program.services.iter().enumerate() {
        let work = Work::new(TARGET, (program, service), options, found);
        let mut meshed = Meshed { work };
        let own = meshed.known();
        if let Some(own) = &own {
            let other = hosts.insert(meshed.host(own), at);
            if let Some(other) = other.and_then(|other| program.services.get(other)) {
                let (one, other) = (service.name.clone(), other.name.clone());
                meshed
                    .work
                    .report(&Problem::Same { one, other }, &["@at".to_owned(), String::new()]);
            } else {
                made.extend(meshed.manifests(own));
            }
        }
        known.push(own);
    }
    if known.iter().flatten().any(|own| own.outside.is_some()) {
        made.extend(egress::manifest(program, options, found));
    }
    made.extend(access::manifests(program, options, &known, found));
    each_once(made, found)
}

/// What is said of the whole mesh or of visitors, and would be left out silently.
fn declarations(program: &Program, options: &Options<'_>, found: &mut Diagnostics) {
    // No object could name what is left to the interpreter of these.
    let severity = match options.interpreter_fills {
        true => Severity::Warning,
        false => Severity::Error,
    };
    let gateways = program.gateways.iter();
    let gateways = gateways.map(|gateway| (Setting::Gateway, format!("gateway/{}", gateway.name)));
    let mesh = [
        (Setting::Mesh, program.mesh.limit.is_some()),
        (Setting::Sampling, program.mesh.trace.is_some()),
    ];
    let mesh = mesh.into_iter().filter(|(_, is)| *is);
    let mesh = mesh.map(|(setting, _)| (setting, "mesh".to_owned()));
    for (setting, path) in gateways.chain(mesh) {
        let span = program.origins.span(&path).unwrap_or_default();
        found.add_beside(Problem::Setting(setting).diagnostic(TARGET, severity, span));
    }
}

/// The manifests by their paths. What one of two of the same would say would be lost, and for a rule that is a door left open.
fn each_once(made: Vec<Manifest>, found: &mut Diagnostics) -> Vec<Manifest> {
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

impl Meshed<'_, '_> {
    /// What Linkerd sees of the service; nothing where something was reported.
    fn known(&mut self) -> Option<Known> {
        let operations = &self.work.service.operations;
        if !operations.is_empty() && operations.iter().all(|it| it.binding.is_local()) {
            return None;
        }
        self.work.name()?;
        if let Some(outside) = egress::outside(&self.work) {
            return Some(Known {
                places: Vec::new(),
                // All routes lead to the one place that there is.
                conditions: vec![vec![Match::all()]],
                filled: self.linkerd_settings(Some(&outside)),
                outside: Some(outside),
            });
        }
        let places = self.work.places();
        let filled = self.linkerd_settings(None);
        let conditions = self.work.conditions();
        Some(Known {
            places: places?,
            conditions: conditions?,
            filled,
            outside: None,
        })
    }

    /// The Service that callers name, and its namespace.
    fn called(&self, own: &Known) -> Option<(String, String)> {
        let first = own.places.first()?;
        let name = match own.places.as_slice() {
            [only] => only.name.clone(),
            _ => object_name(&self.work.service.name),
        };
        Some((name, first.namespace.clone()))
    }

    /// Its whole name.
    fn host(&self, own: &Known) -> String {
        if let Some(outside) = &own.outside {
            return format!("{}:{}", outside.host, outside.port);
        }
        let called = self.called(own).zip(own.places.first());
        called.map_or_else(String::new, |((name, _), first)| first.host_of(&name))
    }

    /// Its routes, and what is said of its endpoints.
    fn manifests(&mut self, own: &Known) -> Vec<Manifest> {
        let name = object_name(&self.work.service.name);
        let program = self.work.program;
        if let Some(outside) = own.outside.as_ref().filter(|outside| outside.tls) {
            let metadata = self.named(&name, &self.work.options.workload.namespace, own);
            return vec![outside.tls_route(program, metadata)];
        }
        let Some(objects) = self.objects(own) else {
            return Vec::new();
        };
        let (parent, namespace, hostnames) = match (&own.outside, self.called(own)) {
            (Some(outside), _) => {
                let namespace = self.work.options.workload.namespace.clone();
                (outside.parent(program), namespace, vec![outside.host.clone()])
            }
            (None, Some((called, namespace))) => (parent(&called, &own.places), namespace, Vec::new()),
            (None, None) => return Vec::new(),
        };
        let mut made = Vec::new();
        for object in objects {
            let name = match object.suffix.as_str() {
                "" => name.clone(),
                suffix => format!("{name}-{}", object_name(suffix)),
            };
            let mut metadata = self.named(&name, &namespace, own);
            metadata.annotations.extend(object.annotations);
            let route = Route {
                parent_refs: vec![parent.clone()],
                hostnames: hostnames.clone(),
                rules: object.rules,
            };
            made.push(route::manifest(metadata, route));
        }
        let breaker = self
            .work
            .policy(self.work.service.policy)
            .and_then(|policy| policy.breaker);
        if let (Some(breaker), None) = (breaker, &own.outside) {
            let from = self.named(&name, &namespace, own).annotations;
            made.push(balancer::manifest((&parent.name, &namespace), &breaker, &from));
        }
        made
    }

    fn named(&self, name: &str, namespace: &str, own: &Known) -> Metadata {
        let span = self.work.span(&[String::new()]);
        let mut metadata = metadata(self.work.program, self.work.options, name, namespace, span);
        if !own.filled.is_empty() {
            let filled = own.filled.join(", ");
            metadata.annotations.insert(INTERPRETER.to_owned(), filled);
        }
        metadata
    }
}

/// The Service that callers name, at the port that they call where it is the same for all subsets.
fn parent(name: &str, places: &[ServicePort]) -> Parent {
    let first = places.first().map(|place| place.port);
    Parent {
        // That of the core kinds.
        group: "",
        kind: "Service",
        name: name.to_owned(),
        port: first.filter(|port| places.iter().all(|place| place.port == *port)),
    }
}
