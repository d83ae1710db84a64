//! Gateway API, standard channel: one `HTTPRoute` a service, attached to the Service that callers name (GAMMA).
//!
//! 1. which Services the subsets are
//! 2. [`settings`]: what the route cannot hold
//! 3. [`operations`]: which requests are which operation's, where timeouts differ
//! 4. [`rules`]: routes times operations, in an order that means the same there
//!
//! A service with one subset is that Service, and its route leads back to it. A service with several is called by its
//! own name, and the route splits over the Services of its subsets.

mod operations;
mod rules;
mod settings;
pub(crate) mod table;

use crate::{
    Manifest, Options, Target,
    address::ServicePort,
    http_route::{self, HttpRoute, ServiceRef},
    manifest::{INTERPRETER, metadata},
    problem::Problem,
    work::Work,
    yaml,
};
use flowmesh_diagnostics::{Diagnostics, Severity};
use flowmesh_ir::Program;
use std::collections::BTreeMap;

const TARGET: Target = Target::GatewayApi;

/// The manifests of a program.
pub(crate) fn compile(program: &Program, options: &Options<'_>, found: &mut Diagnostics) -> Vec<Manifest> {
    declarations(program, options, found);
    let mut all: BTreeMap<String, Manifest> = BTreeMap::new();
    for service in &program.services {
        let mut work = Work::new(TARGET, (program, service), options, found);
        if let Some(manifest) = work.route()
            && let Some(other) = all.insert(manifest.path.clone(), manifest)
        {
            let reason = format!("two services would both be written to `{}`", other.path);
            work.report(&Problem::Limit { reason }, &[String::new()]);
        }
    }
    all.into_values().collect()
}

/// What stands beside services, and would be left out silently: no object of it could name what is left to the interpreter.
fn declarations(program: &Program, options: &Options<'_>, found: &mut Diagnostics) {
    let severity = if options.interpreter_fills {
        Severity::Warning
    } else {
        Severity::Error
    };
    let gateways = program
        .gateways
        .iter()
        .map(|gateway| ("gateway", format!("gateway/{}", gateway.name)));
    let rules = program.access.iter().enumerate().map(|(at, rule)| {
        let word = if rule.allow { "allow" } else { "deny" };
        (word, format!("access/{at}"))
    });
    let mesh = (!program.mesh.is_default()).then(|| ("mesh", "mesh".to_owned()));
    for (word, path) in gateways.chain(rules).chain(mesh) {
        let span = program.origins.span(&path).unwrap_or_default();
        found.add_beside(Problem::Declaration(word).diagnostic(TARGET, severity, span));
    }
}

impl Work<'_, '_> {
    /// Its route; nothing where something was reported.
    fn route(&mut self) -> Option<Manifest> {
        let name = self.name()?;
        let places = self.places();
        let filled = self.settings();
        let routes = self.conditions();
        let operations = self.operations();
        let (places, rules) = (places?, self.rules(&routes?, &operations?)?);
        let namespace = &places.first()?.namespace;
        let mut metadata = metadata(
            self.program,
            self.options,
            &name,
            namespace,
            self.span(&[String::new()]),
        );
        if !filled.is_empty() {
            metadata
                .annotations
                .insert(INTERPRETER.to_owned(), filled.join(", "));
        }
        let rules = rules
            .into_iter()
            .map(|rule| self.rule(&places, rule))
            .collect::<Option<_>>()?;
        let spec = HttpRoute {
            parent_refs: vec![parent(&name, &places)?],
            rules,
        };
        Some(yaml::manifest(
            http_route::KIND,
            &name,
            &http_route::object(metadata, spec),
        ))
    }

    fn rule(&self, places: &[ServicePort], rule: rules::Rule) -> Option<http_route::Rule> {
        let split = &self.service.routes.get(rule.route)?.split;
        let backend = |(subset, weight): &(flowmesh_ir::SubsetId, u32)| {
            let place = places.get(subset.index())?;
            let weight = if split.len() == 1 { None } else { Some(*weight) };
            Some(ServiceRef::new(&place.name, Some(place.port), weight))
        };
        Some(http_route::Rule {
            matches: rule.matches.iter().map(Into::into).collect(),
            backend_refs: split.iter().map(backend).collect::<Option<_>>()?,
            timeouts: rule.timeouts,
        })
    }
}

/// The Service that callers name.
fn parent(name: &str, places: &[ServicePort]) -> Option<ServiceRef> {
    let first = places.first()?;
    let same_port = places.iter().all(|place| place.port == first.port);
    let name = if places.len() == 1 { &first.name } else { name };
    Some(ServiceRef::new(name, same_port.then_some(first.port), None))
}
