//! Gateways: where visitors come in, as a `Gateway`, and where they are led, as a `VirtualService`.

mod jwt;
mod led;
mod passes;

use super::{TARGET, object, virtual_service};
use crate::{
    Manifest, Options,
    front::{Front, Listener},
    manifest::object_name,
    setting::Setting,
    work::Known,
};
use flowmesh_diagnostics::Diagnostics;
use flowmesh_ir::Program;
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
    /// The Secret with certificate and key; what is passed on needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_name: Option<String>,
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
    let mut front = Front::new(TARGET, (program, gateway), options, known, found);
    front.manifests()
}

impl Front<'_, '_> {
    fn manifests(&mut self) -> Vec<Manifest> {
        self.settings();
        // Before what is outside of the cluster stands no policy.
        self.admitted(|known: &Known| known.places.iter().any(|place| place.outside.is_some()));
        let listeners = self.listeners();
        let mut servers = self.servers(listeners.as_deref().unwrap_or_default());
        let http = self.http(listeners.as_deref().unwrap_or_default());
        let tls = self.tls_routes(listeners.as_deref().unwrap_or_default());
        servers.extend(self.passing(listeners.as_deref().unwrap_or_default()));
        let tokens = self.jwt();
        let (false, Some(_), Some(http)) = (self.unheld, listeners, http) else {
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
            tls,
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

    fn servers(&mut self, listeners: &[Listener]) -> Vec<Server> {
        let server = |listener: Listener, tls: Option<ServerTls>| Server {
            port: Port {
                number: listener.port,
                name: listener.name(),
                protocol: if listener.secure { "HTTPS" } else { "HTTP" },
            },
            hosts: vec!["*".to_owned()],
            tls,
        };
        let each = listeners.iter().map(|listener| {
            let tls = listener.secure.then(|| self.tls());
            server(*listener, tls)
        });
        each.collect()
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
            credential_name: Some(format!("{}-cert", object_name(&self.gateway.name))),
        }
    }
}
