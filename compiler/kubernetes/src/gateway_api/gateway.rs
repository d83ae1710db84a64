//! Gateways: where visitors come in, as a `Gateway`, and where they are led, as an `HTTPRoute` for each host, and a `TLSRoute`
//! for each name whose connections are passed on.

mod led;
mod passes;

use super::{VERSION, grants::Grants, object, rules};
use crate::{
    Manifest, Options,
    front::{Front, Listener, hosts},
    http_route::{HttpRoute, KIND as HTTP, ServiceRef},
    manifest::object_name,
    problem::Problem,
    setting::Setting,
    work::Known,
};
use flowmesh_diagnostics::Diagnostics;
use flowmesh_ir::{Program, gateway::Gateway};
use serde_json::{Value, json};

const KIND: &str = "Gateway";

/// The manifests of a gateway.
pub(super) fn manifests(
    (program, gateway): (&Program, &Gateway),
    options: &Options<'_>,
    known: &[Option<Known>],
    grants: &mut Grants,
    found: &mut Diagnostics,
) -> Vec<Manifest> {
    let mut front = Front::new(super::TARGET, (program, gateway), options, known, found);
    front.as_gateway(grants)
}

impl Front<'_, '_> {
    fn as_gateway(&mut self, grants: &mut Grants) -> Vec<Manifest> {
        self.settings();
        if self.gateway.jwt.is_some() {
            self.setting(Setting::Jwt, "@jwt");
        }
        self.admitted(|_| true);
        let class = self.class();
        let listeners = self.listeners().unwrap_or_default();
        let secure = listeners.iter().any(|listener| listener.secure);
        if secure && self.gateway.tls.is_some() {
            self.setting(Setting::Tls, "@tls");
        }
        let passes = self.passes(&listeners, grants);
        let routes = self.routes(&listeners, grants);
        let (false, Some(class)) = (self.unheld, class) else {
            return Vec::new();
        };
        let name = object_name(&self.gateway.name);
        let mut heard: Vec<Value> = listeners
            .iter()
            .map(|listener| listened(*listener, &name))
            .collect();
        heard.extend(passes.iter().map(|pass| pass.listener.clone()));
        let mut spec = json!({ "gatewayClassName": class, "listeners": heard });
        let asks = self
            .gateway
            .tls
            .as_ref()
            .is_some_and(|tls| tls.authority.is_some());
        if let (true, Value::Object(spec)) = (secure && asks, &mut spec) {
            let believed = json!([{ "group": "", "kind": "ConfigMap", "name": format!("{name}-ca") }]);
            let visitors = json!({ "default": { "validation": { "caCertificateRefs": believed } } });
            spec.insert("tls".to_owned(), json!({ "frontend": visitors }));
        }
        let mut all = vec![object(KIND, VERSION, self.named(&name), spec)];
        all.extend(routes);
        all.extend(passes.into_iter().map(|pass| pass.route));
        all
    }

    /// Whose gateway it is to be.
    fn class(&mut self) -> Option<String> {
        let class = self.options.gateway_class.clone();
        if class.is_none() {
            let span = self.span("");
            let problem = Problem::Class;
            self.found.add_beside(problem.diagnostic(
                self.target,
                flowmesh_diagnostics::Severity::Error,
                span,
            ));
        }
        class
    }

    /// Routes for each host that the gateway tells apart.
    fn routes(&mut self, listeners: &[Listener], grants: &mut Grants) -> Vec<Manifest> {
        let namespace = self.namespace();
        let (name, mut all) = (object_name(&self.gateway.name), Vec::new());
        for host in hosts::of(self.gateway) {
            let Some(first) = self.first_match(host.as_deref(), listeners) else {
                continue;
            };
            let routes = match rules::routes(first) {
                Ok(routes) => routes,
                Err((route, problem)) => {
                    let place = route.map(|route| format!("/{route}"));
                    self.report(&problem, &place.unwrap_or_default());
                    continue;
                }
            };
            let name = hosts::named(&name, host.as_deref(), self.program);
            for (number, rules) in (1..).zip(routes) {
                grants.note(HTTP, namespace, &rules);
                let spec = HttpRoute {
                    parent_refs: vec![ServiceRef::gateway(&object_name(&self.gateway.name), None)],
                    hostnames: host.iter().cloned().collect(),
                    rules,
                };
                let name = match number {
                    1 => name.clone(),
                    number => format!("{name}-{number}"),
                };
                all.push(object(HTTP, VERSION, self.named(&name), spec));
            }
        }
        all
    }
}

/// Where it listens; by TLS it shows the certificate of the Secret that is named after it.
fn listened(listener: Listener, name: &str) -> Value {
    let mut heard = json!({
        "name": listener.name(),
        "port": listener.port,
        "protocol": if listener.secure { "HTTPS" } else { "HTTP" },
    });
    if let (true, Value::Object(heard)) = (listener.secure, &mut heard) {
        let certificate = json!([{ "group": "", "kind": "Secret", "name": format!("{name}-cert") }]);
        heard.insert(
            "tls".to_owned(),
            json!({ "mode": "Terminate", "certificateRefs": certificate }),
        );
    }
    heard
}
