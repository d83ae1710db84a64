//! Where a gateway stands: before the program, for visitors; or beside one of its services, for its neighbours.

use super::behind::Visit;
use crate::decide::operation;
use flowmesh_ir::{
    GatewayId, Program, ServiceId,
    access::{What, Who},
    gateway::Target,
};
use std::collections::{BTreeMap, HashMap};

/// Where a gateway stands.
#[derive(Clone, Debug, Default)]
pub enum Side {
    /// Before the program: who comes is a stranger.
    #[default]
    Front,
    /// Beside a service, for those who call it.
    Inbound(Inbound),
    /// Beside a service, for what it calls.
    Outbound(Outbound),
}

/// Beside a service, for those who call it.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// The service, whose rules hold.
    pub service: ServiceId,
    /// What the paths of its operations stand behind, wherever it is; `""` where nothing does.
    pub bases: Vec<String>,
    /// By which identity flows, gateways and services are known.
    pub known: BTreeMap<Who, String>,
}

/// Beside a service, for what it calls.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// The service that calls.
    pub own: ServiceId,
    /// The route for each host that may be asked for.
    pub hosts: HashMap<String, usize>,
}

impl Side {
    /// Whether whoever asks is one of those whom a rule names, identities and anyone left aside.
    pub(super) fn is(&self, gateway: GatewayId, who: &Who, shown: Option<&str>) -> bool {
        match self {
            Self::Front => *who == Who::Gateway(gateway),
            Self::Inbound(inbound) => {
                let known = inbound.known.get(who);
                known.is_some_and(|known| shown == Some(known.as_str()))
            }
            Self::Outbound(outbound) => *who == Who::Service(outbound.own),
        }
    }

    /// What is called by a visit: beside a service, every operation that the request looks like, else all of the service.
    /// Who answers may take it for any of these, so that all of them must be allowed.
    pub(super) fn what(&self, program: &Program, target: &Target, visit: &Visit) -> Vec<What> {
        let (service, bases) = match (self, target) {
            (Self::Inbound(inbound), _) => (inbound.service, inbound.bases.as_slice()),
            (Self::Outbound(_), Target::Service { service, .. }) => (*service, &[String::new()][..]),
            _ => return target.what().into_iter().collect(),
        };
        let mut all: Vec<What> = bases
            .iter()
            .flat_map(|base| found(program, service, base, visit))
            .collect();
        if all.is_empty() {
            all.push(What::Service(service));
        }
        all
    }

    /// Whether the other end is told where the visitor is: what a service calls is not told of the service's place.
    pub(super) fn tells(&self) -> bool {
        !matches!(self, Self::Outbound(_))
    }
}

/// The operations that a request may be one of, where what is behind a base is its path.
fn found(program: &Program, service: ServiceId, base: &str, visit: &Visit) -> Vec<What> {
    let path = visit.request.path().strip_prefix(base);
    path.map(|path| operation::alike(program, service, visit.request.method, path))
        .unwrap_or_default()
}
