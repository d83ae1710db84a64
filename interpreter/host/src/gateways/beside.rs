//! A proxy beside a service: a gateway for those who call it, and one for what it calls. Both are added to the program as
//! gateways, so that everything else is done as for any other.

use flowmesh_ir::{
    FlowId, GatewayId, Name, PolicyId, Program, ServiceId, SubsetId, Value,
    access::{Mode, Mtls, Who, derived},
    expr::Expr,
    gateway::{Gateway, Route, Segment, Target},
    policy::Policy,
    service::{Route as Split, Service, Subset},
    traffic::Tls,
};
use flowmesh_machine::{Context, Settings, evaluate};
use flowmesh_mesh::{
    Own,
    gateway::{Inbound, Outbound, Side},
};
use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::Arc,
};

/// The gateway for those who call the service.
const INBOUND: &str = "inbound";
/// The gateway for what the service calls.
const OUTBOUND: &str = "outbound";

/// A proxy beside a service.
#[derive(Clone, Debug)]
pub struct Beside {
    /// The service.
    pub service: Name,
    /// Where it listens on this machine.
    pub app: SocketAddr,
    /// Where those who call it come in; `None` where nobody does.
    pub inbound: Option<SocketAddr>,
    /// Where it calls others; `None` where it does not.
    pub outbound: Option<SocketAddr>,
    /// Who it is, and whom it believes.
    pub own: Option<Own>,
}

/// The program with the gateways beside a service, and where each of them stands.
pub(super) struct Placed {
    pub(super) program: Program,
    pub(super) sides: Vec<(GatewayId, Side)>,
}

impl Beside {
    /// What the service is called as which it is reached on this machine.
    #[must_use]
    pub fn app_name(service: &str) -> Name {
        Name::new(format!("{service} here"))
    }

    /// Adds the two gateways to a program; `None` where it has no such service.
    pub(super) fn place(&self, mut program: Program, settings: &Settings) -> Option<Placed> {
        let at = program.services.iter().position(|it| it.name == self.service)?;
        let service = ServiceId(u32::try_from(at).ok()?);
        if program.mesh.access == Mode::Derived {
            let needed = derived(&program);
            program.access.extend(needed);
        }
        let known = self.known(&program);
        let bases = bases(&program, settings, program.services.get(at)?);
        let mut sides = Vec::new();
        if let Some(inbound) = self.inbound {
            let here = self.app(&mut program, at)?;
            let strict = program.mesh.mtls == Some(Mtls::Strict) || self.own.is_some();
            let scheme = if strict { "https" } else { "http" };
            let mut gateway = gateway(INBOUND, scheme, inbound, vec![route(here)]);
            gateway.tls = self.own.as_ref().map(shown);
            let side = Side::Inbound(Inbound {
                service,
                bases,
                known,
            });
            sides.push((add(&mut program, gateway)?, side));
        }
        if let Some(outbound) = self.outbound {
            let hosts = hosts(&program, settings);
            let all = (0u32..).map(ServiceId).zip(&program.services);
            let routes = all.map(|(id, _)| route(id)).collect();
            let gateway = gateway(OUTBOUND, "http", outbound, routes);
            let side = Side::Outbound(Outbound { own: service, hosts });
            sides.push((add(&mut program, gateway)?, side));
        }
        Some(Placed { program, sides })
    }

    /// By which identity each is known: as its `tls` says, else by its place in our trust domain.
    fn known(&self, program: &Program) -> BTreeMap<Who, String> {
        let mut known = BTreeMap::new();
        let Some(own) = &self.own else {
            return known;
        };
        for (id, _) in (0u32..).map(FlowId).zip(&program.flows) {
            known.insert(Who::Flow(id), own.other("flows"));
        }
        for (id, gateway) in (0u32..).map(GatewayId).zip(&program.gateways) {
            known.insert(Who::Gateway(id), own.other(&format!("gateway/{}", gateway.name)));
        }
        for (id, service) in (0u32..).map(ServiceId).zip(&program.services) {
            let policy = program.policy(service.policy);
            let said = policy.and_then(|policy| policy.tls.as_ref()?.identity.clone());
            let place = || own.other(&format!("service/{}", service.name));
            known.insert(Who::Service(id), said.unwrap_or_else(place));
        }
        known
    }

    /// The service as it is here: it speaks as it does elsewhere, and nothing is tried twice.
    fn app(&self, program: &mut Program, at: usize) -> Option<ServiceId> {
        let policy = PolicyId(u32::try_from(program.policies.len()).ok()?);
        let plain = Policy {
            timeout: program.policy(program.services.get(at)?.policy)?.timeout,
            ..Policy::default()
        };
        program.policies.push(plain);
        let only = Subset {
            name: Name::default(),
            addresses: vec![Expr::Constant(Value::string(&format!("http://{}", self.app)))],
            zones: Vec::new(),
        };
        let service = program.services.get(at)?;
        let mut operations = service.operations.clone();
        for operation in &mut operations {
            operation.policy = policy;
            operation.address.clear();
        }
        let here = Service {
            name: Self::app_name(&self.service),
            subsets: vec![only],
            address_params: Vec::new(),
            routes: vec![Split {
                condition: None,
                split: vec![(SubsetId(0), 100)],
            }],
            policy,
            auth: None,
            operations,
            ..service.as_ref().clone()
        };
        let id = ServiceId(u32::try_from(program.services.len()).ok()?);
        program.services.push(Arc::new(here));
        Some(id)
    }
}

fn add(program: &mut Program, gateway: Gateway) -> Option<GatewayId> {
    let id = GatewayId(u32::try_from(program.gateways.len()).ok()?);
    program.gateways.push(gateway);
    Some(id)
}

fn shown(own: &Own) -> Tls {
    own.towards(String::new())
}

fn gateway(name: &str, scheme: &str, at: SocketAddr, routes: Vec<Route>) -> Gateway {
    Gateway {
        name: name.into(),
        listen: vec![Expr::Constant(Value::string(&format!("{scheme}://{at}")))],
        routes,
        ..Gateway::default()
    }
}

fn route(service: ServiceId) -> Route {
    Route {
        method: None,
        path: vec![Segment::Rest],
        host: None,
        patterns: Vec::new(),
        condition: None,
        target: Target::Service {
            service,
            subset: None,
        },
        policy: None,
        rewrite: None,
    }
}

/// The addresses of a service that are the same for all calls.
fn addresses(program: &Program, settings: &Settings, service: &Service) -> Vec<String> {
    let all = service.subsets.iter().flat_map(|subset| &subset.addresses);
    let text = |expr: &Expr| {
        let context = &mut Context::default();
        match evaluate(program, settings, expr, &mut Vec::new(), context) {
            Ok(Value::String(text)) => Some(text.to_string()),
            _ => None,
        }
    };
    all.filter_map(text).collect()
}

/// What the paths of a service stand behind at its addresses, the longest first.
fn bases(program: &Program, settings: &Settings, service: &Service) -> Vec<String> {
    let base = |address: &String| {
        let rest = address.split_once("://").map_or("", |(_, rest)| rest);
        let base = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("");
        base.trim_end_matches('/').to_owned()
    };
    let mut bases: Vec<String> = addresses(program, settings, service).iter().map(base).collect();
    bases.push(String::new());
    bases.sort_by_key(|base| std::cmp::Reverse(base.len()));
    bases.dedup();
    bases
}

/// The route for each host that may be asked for: services by their names, and by the hosts of their addresses where no
/// other service is there too.
fn hosts(program: &Program, settings: &Settings) -> HashMap<String, usize> {
    let mut found: HashMap<String, Option<usize>> = HashMap::new();
    let mut names = HashMap::new();
    for (at, service) in program.services.iter().enumerate() {
        let name = service.name.to_lowercase();
        names.insert(name.replace('_', "-"), at);
        names.insert(name, at);
        for address in addresses(program, settings, service) {
            let rest = address.split_once("://").map_or("", |(_, rest)| rest);
            let authority = rest.split('/').next().unwrap_or_default();
            let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
            let known = found.entry(host.to_lowercase()).or_insert(Some(at));
            if *known != Some(at) {
                *known = None;
            }
        }
    }
    let hosts = found.into_iter().filter_map(|(host, at)| Some((host, at?)));
    hosts.chain(names).collect()
}
