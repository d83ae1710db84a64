//! The chain of a service: how requests for its name find an instance.

use super::{
    Known, RESOLVER, ROUTER, SPLITTER, object,
    resolver::{ServiceResolver, To},
    router::{Route, ServiceRouter},
    says::{Says, says},
    splitter::{Ways, ways},
};
use crate::{
    Manifest,
    first_match::{self, Again},
    manifest::{INTERPRETER, Metadata, metadata},
    problem::Problem,
    setting::Setting,
    work::Work,
};
use flowmesh_ir::{
    service::{Binding, Operation},
    traffic::Onward,
};
use std::collections::BTreeMap;

impl Work<'_, '_> {
    /// What Consul sees of the service; nothing where something was reported.
    pub(super) fn consul(&mut self) -> Option<Known> {
        let service = self.service;
        let local =
            !service.operations.is_empty() && service.operations.iter().all(|it| it.binding.is_local());
        if local {
            return None;
        }
        let name = self.name()?;
        if let Some(outside) = self.outside(&name) {
            return Some(outside);
        }
        let places = self.places();
        let filled = self.consul_settings();
        let conditions = self.conditions();
        let protocol = self.protocol();
        let places = places?;
        let mut known = Known {
            name: match places.as_slice() {
                [only] => only.name.clone(),
                _ => name,
            },
            protocol: protocol?,
            places,
            conditions: conditions?,
            filled,
            ways: Ways::default(),
            outside: None,
        };
        known.ways = ways(service, &known)?;
        Some(known)
    }

    /// Its protocol, the same for all that its chain names.
    fn protocol(&mut self) -> Option<&'static str> {
        let called = self.service.operations.iter().map(|it| &it.binding);
        let mut called = called.filter(|binding| !binding.is_local());
        let grpc = called
            .clone()
            .any(|binding| matches!(binding, Binding::Grpc { .. }));
        if grpc && called.any(Binding::is_http) {
            let reason = "some of its operations are of gRPC and some are not, and Consul knows one protocol of a service";
            let reason = reason.to_owned();
            self.report(&Problem::Limit { reason }, &[String::new()]);
            return None;
        }
        Some(if grpc { "grpc" } else { "http" })
    }

    /// Whether no service before it has one of its names, which are its own now.
    pub(super) fn alone(&mut self, at: usize, own: &Known, owners: &mut BTreeMap<String, usize>) -> bool {
        let names = own.names();
        let taken = names.iter().find_map(|name| owners.get(*name));
        if let Some(other) = taken.and_then(|other| self.program.services.get(*other)) {
            let (one, other) = (self.service.name.clone(), other.name.clone());
            self.report(&Problem::Same { one, other }, &["@at".to_owned(), String::new()]);
            return false;
        }
        owners.extend(names.iter().map(|name| ((*name).to_owned(), at)));
        true
    }

    /// The parts of its chain.
    pub(super) fn chain(&mut self, own: &Known, known: &[Option<Known>]) -> Vec<Manifest> {
        if own.outside.is_some() {
            return Vec::new();
        }
        let mut filled = own.filled.clone();
        let Some(routes) = self.routed(own, &mut filled) else {
            return Vec::new();
        };
        let resolvers = self.resolvers(own, known, &mut filled);
        let named = |name: &str| self.of_chain(name, own, &filled);
        let mut all: Vec<Manifest> = Vec::new();
        all.extend(named(&own.name).map(|metadata| object(ROUTER, metadata, ServiceRouter { routes })));
        for (name, splitter) in &own.ways.splitters {
            all.extend(named(name).map(|metadata| object(SPLITTER, metadata, splitter.clone())));
        }
        for (name, resolver) in resolvers {
            all.extend(named(&name).map(|metadata| object(RESOLVER, metadata, resolver)));
        }
        all
    }

    fn of_chain(&self, name: &str, own: &Known, filled: &[String]) -> Option<Metadata> {
        let namespace = &own.places.first()?.namespace;
        let span = self.span(&[String::new()]);
        let mut metadata = metadata(self.program, self.options, name, namespace, span);
        if !filled.is_empty() {
            metadata
                .annotations
                .insert(INTERPRETER.to_owned(), filled.join(", "));
        }
        Some(metadata)
    }

    /// The routes of the service; nothing where something was reported.
    fn routed(&mut self, own: &Known, filled: &mut Vec<String>) -> Option<Vec<Route>> {
        let (program, options, service) = (self.program, self.options, self.service);
        let said = |operation: Option<&Operation>, again: Again| {
            let policy = operation.map_or(service.policy, |operation| operation.policy);
            Some(says(program, options, program.policy(policy)?, again))
        };
        let parts = self.parts(said)?;
        let (mut all, mut unwritten) = (Vec::new(), false);
        for (alternatives, to) in own.conditions.iter().zip(&own.ways.to) {
            let to = Some(to.as_str()).filter(|to| *to != own.name);
            for (fits, says) in first_match::routes(alternatives, &parts) {
                for fit in fits {
                    let route = Route::new(&fit, says, to);
                    unwritten |= route.is_none();
                    let plain = Says {
                        before: None,
                        ..says.clone()
                    };
                    all.extend(route.or_else(|| Route::new(&fit, &plain, to)));
                }
            }
        }
        if unwritten {
            let setting = Setting::Rewrite;
            let reason = "a path with a parameter that is told from others is not rewritten";
            self.unheld(&Problem::Here { setting, reason }, setting, "", filled);
        }
        Some(all)
    }

    /// How instances are found, by the names of services.
    fn resolvers(
        &mut self,
        own: &Known,
        known: &[Option<Known>],
        filled: &mut Vec<String>,
    ) -> BTreeMap<String, ServiceResolver> {
        let Some(policy) = self.policy(self.service.policy) else {
            return BTreeMap::new();
        };
        let operations = self.service.operations.iter().map(|it| it.policy);
        let policies = operations
            .chain([self.service.policy])
            .filter_map(|id| self.program.policy(id));
        let attempt_ms = policies.map(|policy| policy.timeout.attempt_ms).max();
        let failover = match policy.failover.map(|to| failover(to, own, known)).transpose() {
            Ok(failover) => failover,
            Err(reason) => {
                let setting = Setting::Failover;
                self.unheld(&Problem::Here { setting, reason }, setting, "", filled);
                None
            }
        };
        let mut all = BTreeMap::new();
        for place in &own.places {
            let mut resolver = ServiceResolver::new(policy, attempt_ms.unwrap_or_default());
            if let Some(service) = failover.clone().filter(|service| *service != place.name) {
                resolver.failover.insert("*", To { service });
            }
            all.insert(place.name.clone(), resolver);
        }
        // A name without instances is given an address for the sake of a resolver.
        if let Some(first) = own.places.first() {
            all.entry(own.name.clone())
                .or_insert_with(|| ServiceResolver::redirect(first.name.clone()));
        }
        all
    }
}

/// The service that stands in for another.
fn failover(to: Onward, own: &Known, known: &[Option<Known>]) -> Result<String, &'static str> {
    let service = match to {
        Onward::Subset(subset) => {
            return own
                .places
                .get(subset.index())
                .map(|place| place.name.clone())
                .ok_or(ONE);
        }
        Onward::Service(service) => known.get(service.index()).and_then(Option::as_ref).ok_or(ONE)?,
    };
    match service.places.as_slice() {
        [_, _, ..] => Err(ONE),
        _ if service.protocol != own.protocol => Err("it leads to a Service of the same protocol"),
        _ => Ok(service.name.clone()),
    }
}

const ONE: &str = "it leads to one Service of the cluster";
