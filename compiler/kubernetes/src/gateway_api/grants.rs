//! Leave for routes of one namespace to lead to Services of another: without it, a route into it is refused.

use super::object;
use crate::{
    Manifest, Options,
    http_route::{Filter, Rule, ServiceRef},
    manifest::metadata,
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::Program;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const VERSION: &str = "gateway.networking.k8s.io/v1beta1";

/// Kinds of routes, and the Services that they lead to.
#[derive(Default)]
struct Grant {
    kinds: BTreeSet<&'static str>,
    services: BTreeSet<String>,
}

/// What routes of one namespace want in another, by both.
#[derive(Default)]
pub(super) struct Grants {
    all: BTreeMap<(String, String), Grant>,
}

impl Grants {
    /// Whatever rules of a route in a namespace lead to elsewhere.
    pub(super) fn note(&mut self, kind: &'static str, from: &str, rules: &[Rule]) {
        let copies = rules.iter().flat_map(|rule| &rule.filters);
        let copied = copies.filter_map(|filter| match filter {
            Filter::RequestMirror { request_mirror } => Some(&request_mirror.backend_ref),
            _ => None,
        });
        let led = rules.iter().flat_map(|rule| &rule.backend_refs);
        self.services(kind, from, led.chain(copied));
    }

    /// The same for Services by themselves.
    pub(super) fn services<'a>(
        &mut self,
        kind: &'static str,
        from: &str,
        services: impl Iterator<Item = &'a ServiceRef>,
    ) {
        for service in services {
            if let Some(to) = &service.namespace {
                let grant = self.all.entry((from.to_owned(), to.clone())).or_default();
                grant.kinds.insert(kind);
                grant.services.insert(service.name.clone());
            }
        }
    }

    /// One object for each pair of namespaces; of more than sixteen Services all of the namespace are meant.
    pub(super) fn manifests(&self, program: &Program, options: &Options<'_>) -> Vec<Manifest> {
        let one = |((from, to), grant): (&(String, String), &Grant)| {
            let kind = |kind: &&str| json!({ "group": "gateway.networking.k8s.io", "kind": kind, "namespace": from });
            let named = |name: &String| json!({ "group": "", "kind": "Service", "name": name });
            let services: Vec<Value> = match grant.services.len() > MOST {
                true => vec![json!({ "group": "", "kind": "Service" })],
                false => grant.services.iter().map(named).collect(),
            };
            let kinds: Vec<Value> = grant.kinds.iter().map(kind).collect();
            let name = format!("from-{from}-to-{to}");
            let metadata = metadata(program, options, &name, to, Span::default());
            object(
                "ReferenceGrant",
                VERSION,
                metadata,
                json!({ "from": kinds, "to": services }),
            )
        };
        self.all.iter().map(one).collect()
    }
}

/// The most Services that one grant names.
const MOST: usize = 16;
