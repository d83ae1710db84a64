//! Connections that are handed on as they are, by the name that they ask for.

use crate::{
    Manifest,
    front::{Front, Listener, hosts::slug},
    gateway_api::{VERSION, grants::Grants, object, settings::unheld},
    http_route::ServiceRef,
    manifest::object_name,
    problem::Problem,
    setting::Setting,
};
use flowmesh_ir::{gateway::Pass, policy::Policy};
use serde_json::{Value, json};

const KIND: &str = "TLSRoute";

/// Where such connections come in, and where they are led.
pub(super) struct Passed {
    pub(super) listener: Value,
    pub(super) route: Manifest,
}

impl Front<'_, '_> {
    /// One for each name and each port where the gateway listens by TLS.
    pub(super) fn passes(&mut self, listeners: &[Listener], grants: &mut Grants) -> Vec<Passed> {
        let (gateway, mut all) = (self.gateway, Vec::new());
        for (number, pass) in gateway.passes.iter().enumerate() {
            let place = format!("/tls/{number}");
            self.unheard(&place, listeners);
            self.unpassed(pass, &place);
            let Some(place) = self.passed_to(pass) else {
                continue;
            };
            let service = ServiceRef::from(self.namespace(), place, None);
            grants.services(KIND, self.namespace(), std::iter::once(&service));
            for listener in listeners.iter().filter(|listener| listener.secure) {
                all.push(self.passed(pass, *listener, &service));
            }
        }
        all
    }

    fn passed(&self, pass: &Pass, listener: Listener, service: &ServiceRef) -> Passed {
        let (name, host) = (object_name(&self.gateway.name), slug(&pass.name));
        let section = format!("tls-{}-{host}", listener.port);
        let spec = json!({
            "parentRefs": [ServiceRef::gateway(&name, Some(section.clone()))],
            "hostnames": [pass.name],
            "rules": [{ "backendRefs": [service] }],
        });
        Passed {
            listener: json!({
                "name": section,
                "port": listener.port,
                "protocol": "TLS",
                "hostname": pass.name,
                "tls": { "mode": "Passthrough" },
            }),
            route: object(
                KIND,
                VERSION,
                self.named(&format!("{name}-{host}-{}", listener.port)),
                spec,
            ),
        }
    }

    /// What holds for such connections and a `TLSRoute` does not hold.
    fn unpassed(&mut self, pass: &Pass, place: &str) {
        let program = self.program;
        let of_service = program.service(pass.service).map(|service| service.policy);
        let id = pass.policy.or(self.gateway.policy).or(of_service);
        if let Some(policy) = id.and_then(|id| program.policy(id)) {
            for setting in unheld(policy, &Policy::default()) {
                if self.is_held_for_none(setting) {
                    self.report(&Problem::Setting(setting), place);
                }
            }
        }
        if pass.proxied {
            self.report(&Problem::Setting(Setting::Proxied), place);
        }
    }

    /// Whether Gateway API holds a setting nowhere; what only routes hold says nothing of connections.
    fn is_held_for_none(&self, setting: Setting) -> bool {
        use crate::capability::{Held, held};
        matches!(
            held(self.target, setting).with(self.options.experimental),
            Held::Not(_)
        )
    }
}
