//! Servers, routes and policies of one service as manifests.

use super::{
    Lets,
    callers::{Caller, Callers},
    kinds::{MESH, MeshTls, NETWORK, Reference, Selector, Server, everywhere, mesh, policy, server},
};
use crate::{
    Manifest, Options,
    linkerd::{
        Known,
        precedence::Entry,
        route::{self, POLICY, Parent, Route, Rule},
    },
    manifest::{Metadata, metadata, object_name},
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{Program, service::Service};

/// The most matches of one rule.
const MATCHES_MAX: usize = 64;

/// A service whose manifests are written.
pub(super) struct Writer<'a> {
    pub(super) program: &'a Program,
    pub(super) options: &'a Options<'a>,
    pub(super) service: &'a Service,
    pub(super) own: &'a Known,
    /// Where what is said of it stands.
    pub(super) said: String,
    /// Whether whoever comes in shows a certificate.
    pub(super) strict: bool,
}

impl Writer<'_> {
    fn span(&self) -> Span {
        self.program.origins.span(&self.said).unwrap_or_default()
    }

    fn named(&self, name: &str) -> Metadata {
        let namespace = self.own.places.first().map(|place| place.namespace.as_str());
        let namespace = namespace.unwrap_or_default();
        metadata(self.program, self.options, name, namespace, self.span())
    }

    /// What the Server of each Service is called.
    fn names(&self) -> Vec<String> {
        let name = object_name(&self.service.name);
        let subsets = self.service.subsets.iter();
        let named = subsets.map(|subset| match subset.name.is_empty() {
            true => name.clone(),
            false => format!("{name}-{}", object_name(&subset.name)),
        });
        named.collect()
    }

    /// Something for each Server.
    pub(super) fn each(&self, make: impl Fn(Metadata) -> Manifest) -> Vec<Manifest> {
        let names = self.names();
        names.iter().map(|name| make(self.named(name))).collect()
    }

    /// A Server for each Service.
    pub(super) fn servers(&self, access_policy: &'static str) -> Vec<Manifest> {
        let places = self.own.places.iter().zip(self.names());
        let one = places.map(|(place, name)| {
            let spec = Server {
                access_policy,
                pod_selector: Selector {
                    match_labels: [("app".to_owned(), place.name.clone())].into(),
                },
                port: place.port,
            };
            server(self.named(&name), spec)
        });
        one.collect()
    }

    /// Who may what: at the Servers, or at routes to them where requests are told apart.
    pub(super) fn lets(&self, lets: &Lets) -> Vec<Manifest> {
        let name = object_name(&self.service.name);
        if let [(_, callers)] = lets.cells.as_slice() {
            let servers = self.names();
            let targets = servers
                .iter()
                .map(|server| (format!("{server}-may"), Reference::own("Server", server)));
            return self.let_in(&format!("{name}-may"), callers, &targets.collect::<Vec<_>>());
        }
        let mut made = Vec::new();
        let (entries, objects) = (&lets.entries, lets.objects());
        let of = |number: usize| entries.iter().filter(move |entry| entry.object == number);
        if lets.probe.is_some() {
            let name = format!("{name}-probes");
            made.push(self.route(&name, of(objects.len())));
            made.push(everywhere(self.named(&name)));
            let known = Reference::own(NETWORK, &name);
            made.push(policy(self.named(&name), Reference::route(&name), known));
        }
        for (number, callers) in objects.into_iter().enumerate() {
            let name = match callers.is_empty() {
                true => format!("{name}-nobody"),
                false => format!("{name}-may-{}", number.saturating_add(1)),
            };
            made.push(self.route(&name, of(number)));
            made.extend(self.let_in(&name, callers, &[(name.clone(), Reference::route(&name))]));
        }
        made
    }

    /// Some requests to the Servers.
    fn route<'e>(&self, name: &str, of: impl Iterator<Item = &'e Entry>) -> Manifest {
        let mut rules: Vec<Rule> = Vec::new();
        for (number, entry) in of.enumerate() {
            if number.checked_rem(MATCHES_MAX) == Some(0) {
                rules.push(Rule::default());
            }
            if let Some(rule) = rules.last_mut() {
                rule.matches.push(entry.matching());
            }
        }
        let servers = self.names().into_iter().map(|name| Parent {
            group: POLICY,
            kind: "Server",
            name,
            port: None,
        });
        let spec = Route {
            parent_refs: servers.collect(),
            hostnames: Vec::new(),
            rules,
        };
        route::manifest(self.named(name), spec)
    }

    /// Lets callers in to some targets, each with the name of its policy; who that is stands in objects of one name.
    fn let_in(&self, name: &str, callers: &Callers, targets: &[(String, Reference)]) -> Vec<Manifest> {
        let mut made = Vec::new();
        let (mut accounts, mut identities) = (Vec::new(), Vec::new());
        for caller in callers {
            match caller {
                Caller::Anyone if self.strict => identities.push("*".to_owned()),
                Caller::Anyone => {
                    made.push(everywhere(self.named(name)));
                    made.extend(self.policies(NETWORK, name, "", targets));
                }
                Caller::Account { namespace, name } => accounts.push(Reference::account(namespace, name)),
                Caller::Identity(text) => identities.push(text.clone()),
            }
        }
        // Both in one would be refused, and in two of which one is enough are let in all the same.
        if !accounts.is_empty() {
            made.push(mesh(self.named(name), MeshTls::IdentityRefs(accounts)));
            made.extend(self.policies(MESH, name, "", targets));
        }
        if !identities.is_empty() {
            let name = format!("{name}{IDENTITIES}");
            made.push(mesh(self.named(&name), MeshTls::Identities(identities)));
            made.extend(self.policies(MESH, &name, IDENTITIES, targets));
        }
        made
    }

    fn policies(
        &self,
        kind: &'static str,
        known: &str,
        suffix: &str,
        targets: &[(String, Reference)],
    ) -> Vec<Manifest> {
        let one = |(name, target): &(String, Reference)| {
            let known = Reference::own(kind, known);
            policy(self.named(&format!("{name}{suffix}")), target.clone(), known)
        };
        targets.iter().map(one).collect()
    }
}

/// What the names of objects for identities end with.
const IDENTITIES: &str = "-identities";
