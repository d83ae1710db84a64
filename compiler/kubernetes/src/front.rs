//! One gateway on its way to manifests, whatever the target: where it listens, which requests its routes are for, and what
//! is wrong with it.
//!
//! A gateway of which something is not held is not written at all: the rest of it would let in whom the program keeps out.

pub(crate) mod admitted;
pub(crate) mod hosts;
mod routes;

use crate::{
    Options, Target,
    address::{DOMAIN, ServicePort},
    capability::{Held, held},
    constant,
    manifest::{Metadata, metadata, object_name},
    problem::Problem,
    setting::Setting,
    work::Known,
};
use flowmesh_diagnostics::{Diagnostics, Severity, Span};
use flowmesh_ir::{
    Program, ServiceId, SubsetId,
    gateway::{self, Gateway, Pass},
};

/// A service of the program as a target sees it.
pub(crate) trait Placed {
    /// The Service of each subset.
    fn places(&self) -> &[ServicePort];
}

impl Placed for Known {
    fn places(&self) -> &[ServicePort] {
        &self.places
    }
}

/// One gateway on its way to manifests.
pub(crate) struct Front<'a, 'd, K = Known> {
    pub(crate) target: Target,
    pub(crate) program: &'a Program,
    pub(crate) options: &'a Options<'a>,
    pub(crate) gateway: &'a Gateway,
    pub(crate) known: &'a [Option<K>],
    pub(crate) found: &'d mut Diagnostics,
    /// Whether something of it is not held.
    pub(crate) unheld: bool,
}

/// Where a gateway listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listener {
    /// By TLS.
    pub(crate) secure: bool,
    pub(crate) port: u16,
}

impl Listener {
    /// What it is called: `http-80`.
    pub(crate) fn name(self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}-{}", self.port)
    }
}

impl<'a, 'd, K: Placed> Front<'a, 'd, K> {
    /// A gateway of a program.
    pub(crate) fn new(
        target: Target,
        (program, gateway): (&'a Program, &'a Gateway),
        options: &'a Options<'a>,
        known: &'a [Option<K>],
        found: &'d mut Diagnostics,
    ) -> Self {
        Self {
            target,
            program,
            options,
            gateway,
            known,
            found,
            unheld: false,
        }
    }

    /// The namespace of the first service that it leads to: it stands there.
    pub(crate) fn namespace(&self) -> &'a str {
        let known = self.known;
        let place = |service: ServiceId| known.get(service.index())?.as_ref()?.places().first();
        let routed = self.gateway.routes.iter().find_map(|route| match route.target {
            gateway::Target::Service { service, .. } => place(service),
            _ => None,
        });
        let led = routed.or_else(|| self.gateway.passes.iter().find_map(|pass| place(pass.service)));
        led.map_or("default", |place| place.namespace.as_str())
    }

    /// What is said of an object of the gateway.
    pub(crate) fn named(&self, name: &str) -> Metadata {
        metadata(self.program, self.options, name, self.namespace(), self.span(""))
    }

    /// Settings of the gateway that the target does not hold, or holds in part.
    pub(crate) fn settings(&mut self) {
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
                let place = match setting {
                    Setting::Pass => "/tls/0".to_owned(),
                    _ => format!("@{}", setting.name()),
                };
                self.setting(setting, &place);
            }
        }
        if gateway.limit.is_some() {
            // A service may have one.
            let problem = match held(self.target, Setting::Limit) {
                Held::Not(_) => Problem::Setting(Setting::Limit),
                _ => Problem::Whole(Setting::Limit),
            };
            self.report(&problem, "@limit");
        }
    }

    /// Where it listens; nothing where something was reported.
    pub(crate) fn listeners(&mut self) -> Option<Vec<Listener>> {
        let mut all = Vec::new();
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
            all.push(Listener { secure, port });
        }
        Some(all)
    }

    /// Whoever carries the program out: the same gateway there knows what to do. Nothing where something was reported.
    pub(crate) fn pods(
        &mut self,
        setting: Setting,
        place: &str,
        listeners: &[Listener],
    ) -> Option<ServicePort> {
        let Some(plain) = listeners.iter().find(|listener| !listener.secure) else {
            let reason =
                "the program's own pods are reached by a listener with `http://`, and this gateway has none";
            self.report(&Problem::Here { setting, reason }, place);
            return None;
        };
        self.setting(setting, place);
        Some(ServicePort {
            name: object_name(&self.program.name).to_lowercase(),
            namespace: self.options.workload.namespace.clone(),
            domain: DOMAIN.to_owned(),
            port: plain.port,
            outside: None,
        })
    }

    /// Reports a name that is passed on where no port speaks TLS, by which connections name it.
    pub(crate) fn unheard(&mut self, place: &str, listeners: &[Listener]) {
        if !listeners.iter().any(|listener| listener.secure) {
            let (setting, reason) = (Setting::Pass, "the gateway listens nowhere with `https://`");
            self.report(&Problem::Here { setting, reason }, place);
        }
    }

    /// Where a connection is handed on to; nothing where something was reported of the service.
    pub(crate) fn passed_to(&self, pass: &Pass) -> Option<&'a ServicePort> {
        let service = self.program.service(pass.service)?;
        let known = self.known;
        let own = known.get(pass.service.index())?.as_ref()?;
        let last = || {
            let route = service.routes.iter().find(|route| route.condition.is_none())?;
            route.split.first().map(|(subset, _)| *subset)
        };
        let subset = pass.subset.or_else(last).unwrap_or(SubsetId(0));
        own.places().get(subset.index())
    }

    /// Reports a setting that is not held whole; `place` is what follows `gateway/NAME`.
    pub(crate) fn setting(&mut self, setting: Setting, place: &str) {
        match held(self.target, setting).with(self.options.experimental) {
            Held::Whole => {}
            Held::Part(_) => self.warn(&Problem::Part(setting), place),
            Held::Not(_) | Held::Experimental(_) => self.report(&Problem::Setting(setting), place),
        }
    }

    /// Something is not held: an error, or a word about what is left to the interpreter.
    pub(crate) fn report(&mut self, problem: &Problem, place: &str) {
        self.unheld = true;
        match self.options.interpreter_fills {
            true => self.warn(problem, place),
            false => {
                let span = self.span(place);
                self.found
                    .add_beside(problem.diagnostic(self.target, Severity::Error, span));
            }
        }
    }

    pub(crate) fn warn(&mut self, problem: &Problem, place: &str) {
        let span = self.span(place);
        self.found
            .add_beside(problem.diagnostic(self.target, Severity::Warning, span));
    }

    pub(crate) fn span(&self, place: &str) -> Span {
        let origins = &self.program.origins;
        let of = |place: &str| origins.span(&format!("gateway/{}{place}", self.gateway.name));
        of(place).or_else(|| of("")).unwrap_or_default()
    }
}
