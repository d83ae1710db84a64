//! Istio: for each service one `VirtualService`, and a `DestinationRule` for each of its Services about which more is said
//! than holds anyway; for each gateway a `Gateway` and a `VirtualService`.
//!
//! Hosts outside of the cluster become a `ServiceEntry` each.
//!
//! 1. [`settings`]: what Istio holds in part or not at all, by [`table`]
//! 2. [`rules`]: routes times operations, as routes of which the first that fits holds
//! 3. [`http`] and [`traffic`]: what a policy says of a request, and of a whole service
//! 4. [`gateway`]: where visitors come in
//! 5. [`access`]: who may call what
//! 6. [`telemetry`]: what is kept of traces
//! 7. [`sidecar`]: whom the pods of the program itself call
//!
//! A service with one subset is that Service; one with several is called by its own name, which must be a Service of the
//! cluster beside theirs. Two `VirtualService`s for one host are not merged by Istio, so there is one for each.

mod access;
mod destination_rule;
mod entry;
mod gateway;
mod http;
mod rules;
mod settings;
mod sidecar;
pub(crate) mod table;
mod telemetry;
mod traffic;
mod virtual_service;

use crate::{
    Manifest, Options, Target,
    address::ServicePort,
    manifest::{INTERPRETER, Metadata, Object, metadata, object_name},
    problem::Problem,
    setting::Setting,
    work::{Known, Work},
    yaml,
};
use destination_rule::DestinationRule;
use flowmesh_diagnostics::{Diagnostics, Severity, Span};
use flowmesh_ir::{Program, service::Operation, traffic::Onward};
use http::Again;
use serde::Serialize;
use std::collections::BTreeMap;
use virtual_service::{HttpRoute, VirtualService};

const TARGET: Target = Target::Istio;

/// The manifests of a program.
pub(crate) fn compile(program: &Program, options: &Options<'_>, found: &mut Diagnostics) -> Vec<Manifest> {
    declarations(program, options, found);
    let mut known = Vec::with_capacity(program.services.len());
    for service in &program.services {
        let mut work = Work::new(TARGET, (program, service), options, found);
        known.push(work.known());
    }
    let mut made = Vec::new();
    let mut hosts: BTreeMap<String, usize> = BTreeMap::new();
    for (at, service) in program.services.iter().enumerate() {
        let mut work = Work::new(TARGET, (program, service), options, found);
        let Some(Some(own)) = known.get(at) else { continue };
        let host = work.host(own);
        if let Some(other) = hosts
            .insert(host.clone(), at)
            .and_then(|other| program.services.get(other))
        {
            let (one, other) = (service.name.clone(), other.name.clone());
            work.report(&Problem::Same { one, other }, &["@at".to_owned(), String::new()]);
            continue;
        }
        made.extend(work.manifests(own, &known, host));
    }
    for number in 0..program.gateways.len() {
        made.extend(gateway::manifests(program, options, number, &known, found));
    }
    made.extend(access::manifests(program, options, &known, found));
    made.extend(telemetry::manifest(program, options, found));
    made.extend(sidecar::manifest(program, options, &known));
    let mut all: BTreeMap<String, Manifest> = BTreeMap::new();
    for manifest in made {
        // What one would say would be lost, and for a rule that is a door left open.
        if let Some(other) = all.insert(manifest.path.clone(), manifest) {
            let reason = format!("two objects would both be written to `{}`", other.path);
            let problem = Problem::Limit { reason };
            found.add_beside(problem.diagnostic(TARGET, Severity::Error, Span::default()));
        }
    }
    all.into_values().collect()
}

/// What is said of the whole mesh, and would be left out silently: no object of it could name what is left to the interpreter.
fn declarations(program: &Program, options: &Options<'_>, found: &mut Diagnostics) {
    if program.mesh.limit.is_some() {
        let severity = if options.interpreter_fills {
            Severity::Warning
        } else {
            Severity::Error
        };
        let span = program.origins.span("mesh").unwrap_or_default();
        found.add_beside(Problem::Setting(Setting::Mesh).diagnostic(TARGET, severity, span));
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
    /// What Istio sees of the service; nothing where something was reported.
    fn known(&mut self) -> Option<Known> {
        let service = self.service;
        let local =
            !service.operations.is_empty() && service.operations.iter().all(|it| it.binding.is_local());
        if local {
            return None;
        }
        self.name()?;
        let places = self.places();
        let filled = self.istio_settings();
        let conditions = self.conditions();
        Some(Known {
            places: places?,
            conditions: conditions?,
            filled,
        })
    }

    /// What callers name.
    fn host(&self, own: &Known) -> String {
        match own.places.as_slice() {
            [only] => only.host(),
            [first, ..] => first.host_of(&object_name(&self.service.name)),
            [] => String::new(),
        }
    }

    /// Its `VirtualService` and `DestinationRule`s.
    fn manifests(&mut self, own: &Known, known: &[Option<Known>], host: String) -> Vec<Manifest> {
        let name = object_name(&self.service.name);
        let Some(http) = self.http(own, known) else {
            return Vec::new();
        };
        let spec = VirtualService {
            hosts: vec![host],
            gateways: Vec::new(),
            http,
            tls: Vec::new(),
        };
        let route = self
            .named(&name, own)
            .map(|metadata| object(virtual_service::KIND, virtual_service::VERSION, metadata, spec));
        let policy = self.policy(self.service.policy).and_then(traffic::policy);
        let mut all: Vec<Manifest> = route.into_iter().collect();
        for (place, subset) in own.places.iter().zip(&self.service.subsets) {
            let name = match subset.name.is_empty() {
                true => name.clone(),
                false => format!("{name}-{}", object_name(&subset.name)),
            };
            all.extend(self.entry(&name, place, own));
            let Some(traffic_policy) = traffic::of_place(policy.clone(), place) else {
                continue;
            };
            let spec = DestinationRule {
                host: place.host(),
                traffic_policy,
            };
            if let Some(metadata) = self.named(&name, own) {
                all.push(object(
                    destination_rule::KIND,
                    destination_rule::VERSION,
                    metadata,
                    spec,
                ));
            }
        }
        all
    }

    fn named(&self, name: &str, own: &Known) -> Option<Metadata> {
        let namespace = &own.places.first()?.namespace;
        let span = self.span(&[String::new()]);
        let mut metadata = metadata(self.program, self.options, name, namespace, span);
        if !own.filled.is_empty() {
            let filled = own.filled.join(", ");
            metadata.annotations.insert(INTERPRETER.to_owned(), filled);
        }
        Some(metadata)
    }

    /// The routes of the service; nothing where something was reported.
    fn http(&mut self, own: &Known, known: &[Option<Known>]) -> Option<Vec<HttpRoute>> {
        let (program, options, service) = (self.program, self.options, self.service);
        let says = |operation: Option<&Operation>, again: Again| {
            let policy = operation.map_or(service.policy, |operation| operation.policy);
            let to = |to| mirrored(to, own, known);
            Some(http::settings(
                program,
                options,
                program.policy(policy)?,
                again,
                to,
            ))
        };
        let parts = self.parts(says)?;
        let mut all = Vec::new();
        for (route, alternatives) in service.routes.iter().zip(&own.conditions) {
            let to = rules::weighted(&own.places, &route.split)?;
            for (matches, says) in rules::routes(alternatives, &parts, &to) {
                let route = HttpRoute::matching(matches);
                all.push(HttpRoute {
                    matches: route.matches,
                    ..says
                });
            }
        }
        Some(all)
    }
}

/// Where copies go.
fn mirrored(to: Onward, own: &Known, known: &[Option<Known>]) -> Option<ServicePort> {
    match to {
        Onward::Subset(subset) => own.places.get(subset.index()).cloned(),
        Onward::Service(service) => known.get(service.index())?.as_ref()?.places.first().cloned(),
    }
}
