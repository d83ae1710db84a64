//! Gateways: where visitors come in, as a `Gateway` of Gateway API, and where they are led, as `HTTPRoute`s.
//!
//! Consul's controller hands routes on as they stand: prefixes are of texts, and of all matches that fit, that with the
//! longest text for its path holds, then that with the most headers, then that with the most parameters, then the first.
//! [`order`] sees to it that this is the first of the program. The controller reads neither timeouts nor retries of a route,
//! and has filters of its own for both.
//!
//! A gateway of which something is not held is not written at all: the rest of it would let in whom the program keeps out.

mod asked;
mod kinds;
mod led;
mod order;
mod token;

use super::{Known, TARGET, object, of_group};
use crate::{
    Manifest, Options,
    address::ServicePort,
    front::{self, Placed, hosts},
    manifest::object_name,
    problem::Problem,
    setting::Setting,
};
use flowmesh_diagnostics::Diagnostics;
use flowmesh_ir::{Program, gateway::Gateway};
use kinds::{GATEWAY, HttpRoute, Listener, Name, ROUTE, Tls, VERSION};

/// The class of gateways that Consul's controller takes care of.
const CLASS: &str = "consul";

/// The limits of an `HTTPRoute`: rules, matches of one rule, matches of all.
const LIMITS: (usize, usize, usize) = (16, 64, 128);

/// One gateway on its way to manifests.
type Front<'a, 'd> = front::Front<'a, 'd, Known>;

/// The manifests of a gateway.
pub(super) fn manifests(
    program: &Program,
    options: &Options<'_>,
    gateway: &Gateway,
    known: &[Option<Known>],
    found: &mut Diagnostics,
) -> Vec<Manifest> {
    let mut front = Front::new(TARGET, (program, gateway), options, known, found);
    front.consul()
}

impl Placed for Known {
    fn places(&self) -> &[ServicePort] {
        &self.places
    }
}

impl Front<'_, '_> {
    fn consul(&mut self) -> Vec<Manifest> {
        self.settings();
        self.own_name();
        let heard = self.listeners();
        let listeners = heard.map(|heard| self.heard(&heard));
        let ways = self.ways();
        let token = self.token();
        let (false, Some(listeners), Some(ways)) = (self.unheld, listeners, ways) else {
            return Vec::new();
        };
        let name = object_name(&self.gateway.name);
        let alike = asked::alike(&ways);
        let mut all = self.policies(token, &listeners, alike);
        let spec = kinds::Gateway {
            gateway_class_name: CLASS,
            listeners,
        };
        all.push(of_group(VERSION, GATEWAY, self.named(&name), spec));
        let mut filters = led::Filters::new(alike.is_none().then_some(self.gateway));
        for (number, host) in hosts::of(self.gateway).iter().enumerate() {
            let rules = led::rules(
                &name,
                ways.iter().filter(|way| way.is_for(host.as_deref())),
                &mut filters,
            );
            let route = match host {
                None => name.clone(),
                Some(_) => format!("{name}-{}", number + 1),
            };
            let spec = HttpRoute {
                parent_refs: vec![Name { name: name.clone() }],
                hostnames: host.iter().cloned().collect(),
                rules,
            };
            if !self.within_limits(&spec) {
                return Vec::new();
            }
            all.push(of_group(VERSION, ROUTE, self.named(&route), spec));
        }
        let (timeouts, retries, asked) = filters.objects();
        let asked = asked
            .into_iter()
            .map(|(name, spec)| object(kinds::ASKED, self.named(&name), spec));
        all.extend(asked);
        let timed = timeouts
            .into_iter()
            .map(|(name, spec)| object(kinds::TIMEOUT, self.named(&name), spec));
        let repeated = retries
            .into_iter()
            .map(|(name, spec)| object(kinds::RETRY, self.named(&name), spec));
        all.extend(timed.chain(repeated));
        all
    }

    /// Consul knows gateways by their names, as it does services.
    fn own_name(&mut self) {
        let name = object_name(&self.gateway.name);
        let taken = self
            .known
            .iter()
            .flatten()
            .any(|own| own.names().contains(name.as_str()));
        if taken {
            let reason =
                format!("`{name}` is the name of a service, too, and Consul knows services by their names");
            self.report(&Problem::Limit { reason }, "");
        }
    }

    fn heard(&mut self, listeners: &[front::Listener]) -> Vec<Listener> {
        let each = listeners.iter().map(|listener| Listener {
            name: listener.name(),
            port: listener.port,
            protocol: if listener.secure { "HTTPS" } else { "HTTP" },
            tls: listener.secure.then(|| self.tls()),
        });
        each.collect()
    }

    fn tls(&mut self) -> Tls {
        self.setting(Setting::Tls, "@tls");
        if self
            .gateway
            .tls
            .as_ref()
            .is_some_and(|tls| tls.authority.is_some())
        {
            let setting = Setting::Tls;
            let reason = "it asks visitors for no certificate";
            self.report(&Problem::Here { setting, reason }, "@tls");
        }
        Tls {
            mode: "Terminate",
            certificate_refs: vec![Name {
                name: format!("{}-cert", object_name(&self.gateway.name)),
            }],
        }
    }

    fn within_limits(&mut self, spec: &HttpRoute) -> bool {
        let (max_rules, max_matches, max_all) = LIMITS;
        let sizes: Vec<usize> = spec.rules.iter().map(|rule| rule.matches.len()).collect();
        let all = sizes.iter().sum::<usize>();
        let fits =
            sizes.len() <= max_rules && sizes.iter().all(|size| *size <= max_matches) && all <= max_all;
        if !fits {
            let reason = format!(
                "the routes of the gateway need {} rules with {all} matches; a route holds {max_rules} rules, {max_all} \
                 matches, {max_matches} of one rule",
                sizes.len()
            );
            self.report(&Problem::Limit { reason }, "");
        }
        fits
    }
}
