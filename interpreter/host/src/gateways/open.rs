//! What a deployment wants of its gateways, and how their doors are opened.

use super::{GatewayError, GatewaysOptions, Open, Setting, inside::Inside, known::ways};
use crate::{driver::Live, engine::Deployment};
use flowmesh_ir::{
    GatewayId, Name, Program, Value,
    expr::Expr,
    gateway::{Gateway, Target},
    traffic::Workload,
};
use flowmesh_machine::{Context, evaluate};
use flowmesh_mesh::gateway::{Certificate, Door, Listener, Plan, Rules, Side};
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, PoisonError},
};
use tokio::sync::watch;

/// What cannot change while a gateway is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    name: Name,
    /// Where it listens, and whether with TLS.
    listen: Vec<(SocketAddr, bool)>,
    shows: Option<Shows>,
    /// Whether who shows no certificate is let in, too.
    permissive: bool,
}

/// What it shows, and whom of its visitors it believes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shows {
    /// What is in files.
    Files {
        certificate: PathBuf,
        key: PathBuf,
        visitors: Option<PathBuf>,
    },
    /// What an agent of SPIFFE gives.
    Agent { workload: Workload, mutual: bool },
}

/// The gateways that are to be opened.
pub(super) fn gateways<'p>(setting: &Setting, program: &'p Program) -> Vec<(GatewayId, &'p Gateway)> {
    let all = (0u32..).map(GatewayId).zip(&program.gateways);
    match setting
        .sides
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .as_ref()
    {
        None => all.collect(),
        Some((sides, _)) => all
            .filter(|(id, _)| sides.iter().any(|(known, _)| known == id))
            .collect(),
    }
}

/// Where a gateway stands, and whether who shows no certificate is let in.
fn side(setting: &Setting, id: GatewayId) -> (Side, bool) {
    let sides = setting.sides.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((sides, permissive)) = sides.as_ref() else {
        return (Side::Front, false);
    };
    let found = sides.iter().find(|(known, _)| *known == id);
    found.map_or((Side::Front, false), |(_, side)| {
        let inbound = matches!(side, Side::Inbound(_));
        (side.clone(), inbound && *permissive)
    })
}

/// Says what a gateway wants, and what it does.
pub(super) fn prepare(
    setting: &Setting,
    live: &Live,
    id: GatewayId,
) -> Result<(Wanted, Arc<Rules>), GatewayError> {
    let deployment = &live.deployment;
    let missing = |what| GatewayError::NotYet {
        gateway: Name::default(),
        what,
    };
    let gateway = deployment
        .program
        .gateways
        .get(id.index())
        .ok_or_else(|| missing("gateway"))?;
    let mesh = live.caller.mesh().ok_or_else(|| missing("gateway"))?;
    if !setting.place.has_runs() {
        has_no_flow(&deployment.program, gateway)?;
    }
    let (side, permissive) = side(setting, id);
    let wanted = Wanted {
        permissive,
        ..Wanted::new(deployment, gateway, &setting.options)?
    };
    let ways = ways(live, gateway, &setting.options)?;
    let inside = Inside::new(setting.place.clone(), live);
    let program = deployment.program.clone();
    let plan = match side {
        Side::Front => Plan::new(program, id),
        side => Plan::beside(program, id, side),
    };
    let rules = plan.and_then(|plan| Rules::of(plan, mesh, Arc::new(inside), ways));
    let rules = rules.ok_or_else(|| missing("gateway"))?;
    Ok((wanted, Arc::new(rules)))
}

impl Wanted {
    fn new(
        deployment: &Deployment,
        gateway: &Gateway,
        options: &GatewaysOptions,
    ) -> Result<Self, GatewayError> {
        let name = &gateway.name;
        let listen = gateway.listen.iter().map(|expr| address(deployment, name, expr));
        let listen = listen.collect::<Result<Vec<_>, _>>()?;
        let not_yet = |what| GatewayError::NotYet {
            gateway: name.clone(),
            what,
        };
        let mut shows = None;
        if let Some(tls) = &gateway.tls {
            let agent = tls.workload.is_some();
            if tls.mutual && tls.authority.is_none() && !agent {
                return Err(not_yet("`tls: mutual` without an `authority`"));
            }
            let visitors = tls.authority.as_ref().filter(|_| tls.mutual);
            let visitors = visitors.map(|file| options.directory.join(file));
            if let (Some(certificate), Some(key)) = (&tls.certificate, &tls.key) {
                shows = Some(Shows::Files {
                    certificate: options.directory.join(certificate),
                    key: options.directory.join(key),
                    visitors,
                });
            }
            if let Some(workload) = tls.workload.clone() {
                let mutual = tls.mutual;
                shows = Some(Shows::Agent { workload, mutual });
            }
        }
        Ok(Self {
            name: name.clone(),
            listen,
            shows,
            permissive: false,
        })
    }

    /// Opens it.
    pub(super) async fn open(self, rules: Arc<Rules>, setting: &Setting) -> Result<Open, GatewayError> {
        let certificate = match &self.shows {
            None => None,
            Some(Shows::Files {
                certificate,
                key,
                visitors,
            }) => Some(Certificate::load(certificate, key, visitors.as_deref())),
            Some(Shows::Agent { workload, mutual }) => Some(Certificate::of_agent(workload, *mutual).await),
        };
        let certificate = certificate
            .transpose()
            .map_err(|error| GatewayError::Certificate {
                gateway: self.name.clone(),
                error,
            })?;
        let (seed, options) = (setting.place.draw(), &setting.options);
        let door = Door::new(rules, options.limits, certificate, options.log.clone(), seed);
        let door = if self.permissive { door.permissive() } else { door };
        self.listen_at(Arc::new(door)).await
    }

    /// Listens at its addresses.
    pub(super) async fn listen_at(self, door: Arc<Door>) -> Result<Open, GatewayError> {
        let (stop, stopped) = watch::channel(false);
        let mut listeners = Vec::new();
        for (address, secure) in &self.listen {
            let listener = Listener::bind(*address, *secure, door.clone()).await;
            listeners.push(listener.map_err(|error| GatewayError::Listen {
                gateway: self.name.clone(),
                error,
            })?);
        }
        let addresses = listeners.iter().map(Listener::address).collect();
        let serve = |listener: Listener| {
            let mut stopped = stopped.clone();
            tokio::spawn(listener.serve(async move { drop(stopped.wait_for(|stopped| *stopped).await) }))
        };
        Ok(Open {
            listening: listeners.into_iter().map(serve).collect(),
            wanted: self,
            door,
            addresses,
            stop,
        })
    }
}

/// Who keeps no runs can lead nobody to one.
fn has_no_flow(program: &Program, gateway: &Gateway) -> Result<(), GatewayError> {
    let flows = gateway.routes.iter().filter_map(|route| match route.target {
        Target::Flow { flow, .. } => program.flow(flow),
        _ => None,
    });
    match flows.map(|flow| flow.name.clone()).next() {
        Some(flow) => Err(GatewayError::NoRuns {
            gateway: gateway.name.clone(),
            flow,
        }),
        None => Ok(()),
    }
}

/// `http://HOST:PORT`, where the host is an address of this machine; `https://` and `tls://` are listened to for TLS.
fn address(deployment: &Deployment, gateway: &Name, expr: &Expr) -> Result<(SocketAddr, bool), GatewayError> {
    let wrong = |found: String| GatewayError::Address {
        gateway: gateway.clone(),
        found,
    };
    let text = text(deployment, expr).ok_or_else(|| wrong("no value".to_owned()))?;
    let found = || wrong(format!("`{text}`"));
    let (rest, secure) = match text.split_once("://") {
        Some(("http", rest)) => (rest, false),
        Some(("https" | "tls", rest)) => (rest, true),
        _ => return Err(found()),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let rest = rest.replace("localhost:", "127.0.0.1:");
    let address = rest.parse().map_err(|_| found())?;
    Ok((address, secure))
}

/// The value of a text over configs.
pub(super) fn text(deployment: &Deployment, expr: &Expr) -> Option<String> {
    let (program, settings) = (&deployment.program, &deployment.settings);
    match evaluate(program, settings, expr, &mut Vec::new(), &mut Context::default()) {
        Ok(Value::String(text)) => Some(text.to_string()),
        _ => None,
    }
}
