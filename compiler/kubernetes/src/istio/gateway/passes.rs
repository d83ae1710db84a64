//! Connections that are handed on as they are, by the name that they ask for.

use super::{Port, Server, ServerTls};
use crate::{
    front::{Front, Listener},
    istio::{
        http::destination,
        settings::said,
        virtual_service::{SniMatch, TlsRoute, Weighted},
    },
    problem::Problem,
    setting::Setting,
};
use flowmesh_ir::policy::Policy;

impl Front<'_, '_> {
    /// Where such connections come in: each port of TLS, for the names that are passed on.
    pub(super) fn passing(&self, listeners: &[Listener]) -> Vec<Server> {
        let names: Vec<String> = self.gateway.passes.iter().map(|pass| pass.name.clone()).collect();
        let secure = listeners
            .iter()
            .filter(|listener| listener.secure && !names.is_empty());
        let server = |listener: &Listener| Server {
            port: Port {
                number: listener.port,
                name: format!("tls-{}", listener.port),
                protocol: "TLS",
            },
            hosts: names.clone(),
            tls: Some(ServerTls {
                mode: "PASSTHROUGH",
                credential_name: None,
            }),
        };
        secure.map(server).collect()
    }

    /// Where they are led.
    pub(super) fn tls_routes(&mut self, listeners: &[Listener]) -> Vec<TlsRoute> {
        let (gateway, mut all) = (self.gateway, Vec::new());
        for (number, pass) in gateway.passes.iter().enumerate() {
            let place = format!("/tls/{number}");
            self.unheard(&place, listeners);
            let of_service = self
                .program
                .service(pass.service)
                .and_then(|service| self.program.policy(service.policy));
            let own = pass
                .policy
                .or(gateway.policy)
                .and_then(|id| self.program.policy(id));
            let usual = Policy::default();
            // What a whole service says holds at its DestinationRule; a route of connections says nothing more.
            for setting in said(own.unwrap_or(&usual), of_service.unwrap_or(&usual)) {
                if own.is_some() {
                    self.report(&Problem::Whole(setting), &place);
                }
            }
            if pass.proxied {
                self.report(&Problem::Setting(Setting::Proxied), &place);
            }
            let Some(to) = self.passed_to(pass) else {
                continue;
            };
            let matching = |listener: &Listener| SniMatch {
                port: listener.port,
                sni_hosts: vec![pass.name.clone()],
            };
            all.push(TlsRoute {
                matches: listeners
                    .iter()
                    .filter(|listener| listener.secure)
                    .map(matching)
                    .collect(),
                route: vec![Weighted {
                    destination: destination(to),
                    weight: None,
                }],
            });
        }
        all
    }
}
