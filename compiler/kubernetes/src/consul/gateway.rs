//! Gateways: where visitors come in, as a `Gateway` of Gateway API, and where they are led, as `HTTPRoute`s.
//!
//! Consul's controller hands routes on as they stand: prefixes are of texts, and of all matches that fit, that with the
//! longest text for its path holds, then that with the most headers, then that with the most parameters, then the first.
//! [`order`] sees to it that this is the first of the program. The controller reads neither timeouts nor retries of a route,
//! and has filters of its own for both.
//!
//! A gateway of which something is not held is not written at all: the rest of it would let in whom the program keeps out.

mod kinds;
mod led;
mod order;
mod token;

use super::{Known, TARGET, object, of_group};
use crate::{
    Manifest, Options,
    capability::{Held, held},
    constant,
    manifest::{Metadata, metadata, object_name},
    problem::Problem,
    setting::Setting,
};
use flowmesh_diagnostics::{Diagnostics, Severity, Span};
use flowmesh_ir::{Program, gateway::Gateway};
use kinds::{GATEWAY, HttpRoute, Listener, Name, ROUTE, Tls, VERSION};

/// The class of gateways that Consul's controller takes care of.
const CLASS: &str = "consul";

/// The limits of an `HTTPRoute`: rules, matches of one rule, matches of all.
const LIMITS: (usize, usize, usize) = (16, 64, 128);

/// One gateway on its way to manifests.
struct Front<'a, 'd> {
    program: &'a Program,
    options: &'a Options<'a>,
    gateway: &'a Gateway,
    known: &'a [Option<Known>],
    found: &'d mut Diagnostics,
    /// Whether something of it is not held.
    unheld: bool,
}

/// The manifests of a gateway.
pub(super) fn manifests(
    program: &Program,
    options: &Options<'_>,
    gateway: &Gateway,
    known: &[Option<Known>],
    found: &mut Diagnostics,
) -> Vec<Manifest> {
    let mut front = Front {
        program,
        options,
        gateway,
        known,
        found,
        unheld: false,
    };
    front.manifests()
}

impl Front<'_, '_> {
    fn manifests(&mut self) -> Vec<Manifest> {
        self.settings();
        let listeners = self.listeners();
        let ways = self.ways();
        let token = self.token();
        let (false, Some(listeners), Some(ways)) = (self.unheld, listeners, ways) else {
            return Vec::new();
        };
        let name = object_name(&self.gateway.name);
        let mut all = self.policies(token, &listeners);
        let spec = kinds::Gateway {
            gateway_class_name: CLASS,
            listeners,
        };
        all.push(of_group(VERSION, GATEWAY, self.named(&name), spec));
        let mut filters = led::Filters::default();
        let hosts = self.hosts();
        for (number, host) in hosts.iter().enumerate() {
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
        let (timeouts, retries) = filters.objects();
        let timed = timeouts
            .into_iter()
            .map(|(name, spec)| object(kinds::TIMEOUT, self.named(&name), spec));
        let repeated = retries
            .into_iter()
            .map(|(name, spec)| object(kinds::RETRY, self.named(&name), spec));
        all.extend(timed.chain(repeated));
        all
    }

    /// It stands in the namespace of the first service that it leads to.
    fn named(&self, name: &str) -> Metadata {
        let led = self
            .gateway
            .routes
            .iter()
            .find_map(|route| self.led_to(route)?.namespace());
        metadata(
            self.program,
            self.options,
            name,
            led.unwrap_or("default"),
            self.span(""),
        )
    }

    /// All hosts that routes name, and `None` for those that name none: a host of its own has routes of its own.
    fn hosts(&self) -> Vec<Option<String>> {
        let mut all: Vec<Option<String>> = Vec::new();
        for route in &self.gateway.routes {
            if !all.contains(&route.host) {
                all.push(route.host.clone());
            }
        }
        all
    }

    /// Settings of the gateway that Consul does not hold, or holds in part.
    fn settings(&mut self) {
        let gateway = self.gateway;
        for (setting, is) in [
            (Setting::Gateway, true),
            (Setting::Introspect, gateway.introspect.is_some()),
            (Setting::Login, gateway.login.is_some()),
            (Setting::Keys, gateway.keys.is_some()),
            (Setting::Basic, gateway.basic.is_some()),
            (Setting::Cors, gateway.cors.is_some()),
            (Setting::Hops, gateway.trusted_hops > 0),
            (Setting::Proxied, gateway.proxied),
            (Setting::Pass, !gateway.passes.is_empty()),
        ] {
            if is {
                self.setting(setting, &format!("@{}", setting.name()));
            }
        }
        if gateway.limit.is_some() {
            self.report(&Problem::Whole(Setting::Limit), "@limit");
        }
        let name = object_name(&gateway.name);
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

    fn listeners(&mut self) -> Option<Vec<Listener>> {
        let mut listeners = Vec::new();
        for listen in &self.gateway.listen {
            let address = match constant::text(self.program, self.options, listen) {
                Ok(address) => address,
                Err(config) => {
                    let what = "address";
                    self.report(&Problem::Late { what, config }, "@listen");
                    return None;
                }
            };
            let (scheme, rest) = address.split_once("://").unwrap_or(("http", &address));
            let secure = scheme == "https";
            let usual = if secure { 443 } else { 80 };
            let port = rest
                .trim_end_matches('/')
                .rsplit_once(':')
                .map_or(Ok(usual), |(_, port)| port.parse());
            let Ok(port @ 1..) = port else {
                let reason = "it names no port".to_owned();
                self.report(&Problem::Limit { reason }, "@listen");
                return None;
            };
            let tls = secure.then(|| self.tls());
            listeners.push(Listener {
                name: format!("{scheme}-{port}"),
                port,
                protocol: if secure { "HTTPS" } else { "HTTP" },
                tls,
            });
        }
        Some(listeners)
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

    /// Reports a setting that is not held whole; `place` is what follows `gateway/NAME`.
    fn setting(&mut self, setting: Setting, place: &str) {
        match held(TARGET, setting) {
            Held::Whole => {}
            Held::Part(_) => self.warn(&Problem::Part(setting), place),
            Held::Not(_) | Held::Experimental(_) => self.report(&Problem::Setting(setting), place),
        }
    }

    /// Something is not held: an error, or a word about what is left to the interpreter.
    fn report(&mut self, problem: &Problem, place: &str) {
        self.unheld = true;
        match self.options.interpreter_fills {
            true => self.warn(problem, place),
            false => {
                let span = self.span(place);
                self.found
                    .add_beside(problem.diagnostic(TARGET, Severity::Error, span));
            }
        }
    }

    fn warn(&mut self, problem: &Problem, place: &str) {
        let span = self.span(place);
        self.found
            .add_beside(problem.diagnostic(TARGET, Severity::Warning, span));
    }

    fn span(&self, place: &str) -> Span {
        let origins = &self.program.origins;
        let of = |place: &str| origins.span(&format!("gateway/{}{place}", self.gateway.name));
        of(place).or_else(|| of("")).unwrap_or_default()
    }
}
