//! Gateways: where visitors come in, as a `Gateway`, and where they are led, as a `VirtualService`.
//!
//! A gateway of which something is not held is not written at all: the rest of it would let in whom the program keeps out.

mod jwt;
mod led;

use super::{Known, TARGET, object, virtual_service};
use crate::{
    Manifest, Options, constant,
    manifest::{Metadata, metadata, object_name},
    problem::Problem,
    setting::Setting,
};
use flowmesh_diagnostics::{Diagnostics, Severity, Span};
use flowmesh_ir::{
    Program,
    gateway::{Gateway, Target},
};
use serde::Serialize;
use std::collections::BTreeMap;
use virtual_service::VirtualService;

const KIND: &str = "Gateway";
const VERSION: &str = "networking.istio.io/v1";

/// The label of the pods that Istio's own installation brings for this.
const PODS: (&str, &str) = ("istio", "ingressgateway");

/// What a `Gateway` of Istio says.
#[derive(Debug, PartialEq, Serialize)]
struct Spec {
    selector: BTreeMap<String, String>,
    servers: Vec<Server>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Server {
    port: Port,
    hosts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<ServerTls>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Port {
    number: u16,
    name: String,
    protocol: &'static str,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ServerTls {
    mode: &'static str,
    /// The Secret with certificate and key.
    credential_name: String,
}

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
    number: usize,
    known: &[Option<Known>],
    found: &mut Diagnostics,
) -> Vec<Manifest> {
    let Some(gateway) = program.gateways.get(number) else {
        return Vec::new();
    };
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
        let servers = self.servers();
        let http = self.http();
        let tokens = self.jwt();
        let (false, Some(servers), Some(http)) = (self.unheld, servers, http) else {
            return Vec::new();
        };
        let name = object_name(&self.gateway.name);
        let spec = Spec {
            selector: [(PODS.0.to_owned(), PODS.1.to_owned())].into(),
            servers,
        };
        let routes = VirtualService {
            hosts: vec!["*".to_owned()],
            gateways: vec![name.clone()],
            http,
        };
        // A service may have the name of the gateway, too.
        let taken = self
            .program
            .services
            .iter()
            .any(|service| object_name(&service.name) == name);
        let routed = if taken {
            format!("{name}-gateway")
        } else {
            name.clone()
        };
        let mut all = vec![
            object(KIND, VERSION, self.named(&name), spec),
            object(
                virtual_service::KIND,
                virtual_service::VERSION,
                self.named(&routed),
                routes,
            ),
        ];
        all.extend(tokens);
        all
    }

    /// It stands in the namespace of the first service that it leads to.
    fn named(&self, name: &str) -> Metadata {
        let led = self.gateway.routes.iter().find_map(|route| match route.target {
            Target::Service { service, .. } => self.known.get(service.index())?.as_ref()?.places.first(),
            _ => None,
        });
        let namespace = led.map_or("default", |place| place.namespace.as_str());
        metadata(self.program, self.options, name, namespace, self.span(""))
    }

    /// Settings of the gateway that Istio does not hold, or holds in part.
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
                let place = match setting {
                    Setting::Pass => "/tls/0".to_owned(),
                    _ => format!("@{}", setting.name()),
                };
                self.setting(setting, &place);
            }
        }
        if gateway.limit.is_some() {
            self.report(&Problem::Setting(Setting::Limit), "@limit");
        }
    }

    fn servers(&mut self) -> Option<Vec<Server>> {
        let mut servers = Vec::new();
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
            let Ok(number @ 1..) = port else {
                let reason = "it names no port".to_owned();
                self.report(&Problem::Limit { reason }, "@listen");
                return None;
            };
            let tls = secure.then(|| self.tls());
            servers.push(Server {
                port: Port {
                    number,
                    name: format!("{scheme}-{number}"),
                    protocol: if secure { "HTTPS" } else { "HTTP" },
                },
                hosts: vec!["*".to_owned()],
                tls,
            });
        }
        Some(servers)
    }

    fn tls(&mut self) -> ServerTls {
        self.setting(Setting::Tls, "@tls");
        let asks = self
            .gateway
            .tls
            .as_ref()
            .is_some_and(|tls| tls.authority.is_some());
        ServerTls {
            mode: if asks { "MUTUAL" } else { "SIMPLE" },
            credential_name: format!("{}-cert", object_name(&self.gateway.name)),
        }
    }

    /// Reports a setting that is not held whole; `place` is what follows `gateway/NAME`.
    fn setting(&mut self, setting: Setting, place: &str) {
        use crate::capability::{Held, held};
        match held(TARGET, setting) {
            Held::Whole => {}
            Held::Part(_) => self.warn(&Problem::Part(setting), place),
            Held::Not(_) => self.report(&Problem::Setting(setting), place),
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
