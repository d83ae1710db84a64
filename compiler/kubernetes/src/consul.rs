//! Consul: for each service what its chain of discovery is made of (router, splitters, resolvers), what holds for its
//! instances and for those who call it (defaults), and who may.
//!
//! 1. [`settings`]: what Consul holds in part or not at all, by [`table`]
//! 2. [`first_match`](crate::first_match) and [`router`]: routes times operations, as routes of which the first that fits holds
//! 3. [`says`]: what a policy says of requests
//! 4. [`chain`], [`splitter`] and [`resolver`]: where a route leads, and how an instance is found there
//! 5. [`callers`], [`defaults`] and [`rates`]: what holds for instances, and with those who call
//! 6. [`access`] and [`claims`]: who may call what, and what their tokens must say
//! 7. [`outside`]: what is no Service of the cluster
//! 8. [`gateway`]: where visitors come in
//!
//! A service with one subset is that Service; one with several is called by its own name, behind which is nothing but its
//! chain. Consul knows services by their names alone: namespaces of the cluster are one to it.
//!
//! INVARIANT: in the order of their paths, each object names only services whose protocol an object before it says: Consul
//! takes no other chain.

mod access;
mod callers;
mod chain;
mod claims;
mod defaults;
mod gateway;
mod outside;
mod rates;
mod resolver;
mod router;
mod says;
mod settings;
mod splitter;
pub(crate) mod table;

use crate::{
    Manifest, Options, Target,
    address::ServicePort,
    manifest::{Metadata, Object, metadata},
    matcher::Match,
    problem::Problem,
    setting::Setting,
    work::Work,
    yaml,
};
use defaults::Destination;
use flowmesh_diagnostics::{Diagnostics, Severity, Span};
use flowmesh_ir::{GatewayId, Program, access::Mtls};
use serde::Serialize;
use splitter::Ways;
use std::collections::{BTreeMap, BTreeSet};

const TARGET: Target = Target::Consul;
const VERSION: &str = "consul.hashicorp.com/v1alpha1";

/// A kind, and when its objects may be applied: after all with smaller numbers. They are deleted the other way round.
#[derive(Clone, Copy)]
struct Kind(u8, &'static str);

const MESH: Kind = Kind(10, "Mesh");
const DEFAULTS: Kind = Kind(20, "ServiceDefaults");
const RESOLVER: Kind = Kind(30, "ServiceResolver");
const SPLITTER: Kind = Kind(40, "ServiceSplitter");
const ROUTER: Kind = Kind(50, "ServiceRouter");
const INTENTIONS: Kind = Kind(70, "ServiceIntentions");
const TERMINATING: Kind = Kind(80, "TerminatingGateway");

/// A service of the program as Consul sees it.
struct Known {
    /// What callers name.
    name: String,
    protocol: &'static str,
    /// The Service of each subset.
    places: Vec<ServicePort>,
    /// The matches of each route.
    conditions: Vec<Vec<Match>>,
    /// What is left to the interpreter.
    filled: Vec<String>,
    /// Where its routes lead.
    ways: Ways,
    /// What it is outside of the cluster, where it stands there.
    outside: Option<Destination>,
}

/// The manifests of a program.
pub(crate) fn compile(program: &Program, options: &Options<'_>, found: &mut Diagnostics) -> Vec<Manifest> {
    declarations(program, options, found);
    let mut known = Vec::with_capacity(program.services.len());
    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    for (at, service) in program.services.iter().enumerate() {
        let mut work = Work::new(TARGET, (program, service), options, found);
        let own = work.consul();
        known.push(own.filter(|own| work.alone(at, own, &mut owners)));
    }
    let mut made = Vec::new();
    for (service, own) in program.services.iter().zip(&known) {
        if let Some(own) = own {
            made.extend(Work::new(TARGET, (program, service), options, found).chain(own, &known));
        }
    }
    made.extend(callers::manifests(program, options, &known));
    made.extend(mesh(program, options, &known));
    let mut written = BTreeSet::new();
    for (id, gateway) in (0..).map(GatewayId).zip(&program.gateways) {
        let manifests = gateway::manifests(program, options, gateway, &known, found);
        written.extend((!manifests.is_empty()).then_some(id));
        made.extend(manifests);
    }
    made.extend(outside::gateway(program, options, &known));
    made.extend(access::manifests(program, options, (&known, &written), found));
    made.sort_by(|one, other| one.path.cmp(&other.path));
    for pair in made.windows(2) {
        // What one would say would be lost, and for a rule that is a door left open.
        if let [one, other] = pair
            && one.path == other.path
        {
            let reason = format!("two objects would both be written to `{}`", one.path);
            let problem = Problem::Limit { reason };
            found.add_beside(problem.diagnostic(TARGET, Severity::Error, Span::default()));
        }
    }
    made
}

/// What is said of the whole mesh, and would be left out silently.
fn declarations(program: &Program, options: &Options<'_>, found: &mut Diagnostics) {
    let span = span(program, "mesh");
    let mut report = |problem: &Problem, severity: Severity| {
        found.add_beside(problem.diagnostic(TARGET, severity, span));
    };
    if program.mesh.mtls.is_some() {
        report(&Problem::Part(Setting::Mtls), Severity::Warning);
    }
    // No object could name what is left to the interpreter of these.
    let unheld = match options.interpreter_fills {
        true => Severity::Warning,
        false => Severity::Error,
    };
    for (setting, is) in [
        (Setting::Mesh, program.mesh.limit.is_some()),
        (Setting::Sampling, program.mesh.trace.is_some()),
    ] {
        if is {
            report(&Problem::Setting(setting), unheld);
        }
    }
}

/// What lets the services of the program take connections without certificates, which Consul asks for once more.
fn mesh(program: &Program, options: &Options<'_>, known: &[Option<Known>]) -> Option<Manifest> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Spec {
        #[serde(rename = "allowEnablingPermissiveMutualTLS")]
        allow: bool,
    }
    let permissive = program.mesh.mtls == Some(Mtls::Permissive);
    let first = known.iter().flatten().flat_map(|own| &own.places).next();
    let place = first.filter(|_| permissive)?;
    let span = span(program, "mesh");
    // Consul takes one of this name.
    let metadata = metadata(program, options, "mesh", &place.namespace, span);
    Some(object(MESH, metadata, Spec { allow: true }))
}

/// An object of a kind of Consul.
fn object<S: Serialize>(kind: Kind, metadata: Metadata, spec: S) -> Manifest {
    of_group(VERSION, kind, metadata, spec)
}

/// An object of a kind of some group, whose path says when it may be applied.
fn of_group<S: Serialize>(version: &str, kind: Kind, metadata: Metadata, spec: S) -> Manifest {
    let Kind(order, kind) = kind;
    let name = metadata.name.clone();
    let object = Object {
        api_version: version.to_owned(),
        kind: kind.to_owned(),
        metadata,
        spec,
    };
    let manifest = yaml::manifest(kind, &name, &object);
    Manifest {
        path: format!("{order}-{}", manifest.path),
        ..manifest
    }
}

impl Known {
    /// Where its objects stand.
    fn namespace(&self) -> Option<&str> {
        self.places.first().map(|place| place.namespace.as_str())
    }

    /// All names of Consul's services that are this service.
    fn names(&self) -> BTreeSet<&str> {
        let places = self.places.iter().map(|place| place.name.as_str());
        let splits = self.ways.splitters.keys().map(String::as_str);
        places.chain(splits).chain([self.name.as_str()]).collect()
    }
}

/// Where something of a service was written.
fn span(program: &Program, path: &str) -> Span {
    program.origins.span(path).unwrap_or_default()
}
