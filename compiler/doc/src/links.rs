//! Where pages are.

use crate::text::escaped;
use flowmesh_ir::{FlowId, GatewayId, OperationId, Program, ServiceId, access::What};
use std::collections::BTreeMap;

/// The page of each flow, service and gateway.
pub(crate) struct Links<'a> {
    program: &'a Program,
    flows: BTreeMap<u32, String>,
    services: BTreeMap<u32, String>,
    gateways: BTreeMap<u32, String>,
}

impl<'a> Links<'a> {
    /// Those of a program. Names are unique in it but for their case, which not every disk tells apart.
    pub(crate) fn of(program: &'a Program) -> Self {
        let mut taken = BTreeMap::<String, u32>::new();
        let mut page = |kind: &str, name: &str| {
            let path = format!("{kind}-{name}");
            let count = taken.entry(path.to_lowercase()).or_default();
            *count += 1;
            match *count {
                1 => format!("{path}.html"),
                count => format!("{path}-{count}.html"),
            }
        };
        let mut all = |kind: &str, names: Vec<&str>| -> BTreeMap<u32, String> {
            (0u32..)
                .zip(names.into_iter().map(|name| page(kind, name)))
                .collect()
        };
        Self {
            program,
            flows: all(
                "flow",
                program.flows.iter().map(|one| one.name.as_str()).collect(),
            ),
            services: all(
                "service",
                program.services.iter().map(|one| one.name.as_str()).collect(),
            ),
            gateways: all(
                "gateway",
                program.gateways.iter().map(|one| one.name.as_str()).collect(),
            ),
        }
    }

    pub(crate) fn flow_page(&self, id: FlowId) -> &str {
        self.flows.get(&id.0).map_or("", String::as_str)
    }

    pub(crate) fn service_page(&self, id: ServiceId) -> &str {
        self.services.get(&id.0).map_or("", String::as_str)
    }

    pub(crate) fn gateway_page(&self, id: GatewayId) -> &str {
        self.gateways.get(&id.0).map_or("", String::as_str)
    }

    pub(crate) fn flow(&self, id: FlowId) -> String {
        let name = self.program.flow(id).map_or("?", |flow| flow.name.as_str());
        link(self.flow_page(id), name)
    }

    pub(crate) fn service(&self, id: ServiceId) -> String {
        let name = self
            .program
            .service(id)
            .map_or("?", |service| service.name.as_str());
        link(self.service_page(id), name)
    }

    pub(crate) fn gateway(&self, id: GatewayId) -> String {
        let name = self
            .program
            .gateway(id)
            .map_or("?", |gateway| gateway.name.as_str());
        link(self.gateway_page(id), name)
    }

    pub(crate) fn operation(&self, service: ServiceId, operation: OperationId) -> String {
        let owner = self.program.service(service);
        let name = owner.and_then(|owner| owner.operations.get(operation.index()));
        let (owner, name) = (
            owner.map_or("?", |owner| &owner.name),
            name.map_or("?", |name| &name.name),
        );
        link(
            &format!("{}#{name}", self.service_page(service)),
            &format!("{owner}.{name}"),
        )
    }

    pub(crate) fn what(&self, what: What) -> String {
        match what {
            What::Flow(id) => self.flow(id),
            What::Service(id) => self.service(id),
            What::Operation(service, operation) => self.operation(service, operation),
        }
    }
}

/// A link with a name of the program.
pub(crate) fn link(to: &str, name: &str) -> String {
    format!("<a href=\"{}\"><code>{}</code></a>", escaped(to), escaped(name))
}
