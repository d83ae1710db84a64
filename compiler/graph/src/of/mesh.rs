//! The mesh: who may call which service, where its requests go, and what holds for them.

use super::{calls::asked, flow::shortened};
use crate::{Direction, Graph, Kind, Way};
use flowmesh_ir::{
    GatewayId, Program, ServiceId, SubsetId, Value,
    access::{Rule, What, Who, derived, rules},
    expr::Expr,
    gateway,
    policy::Policy,
    print,
    service::Service,
    traffic::Onward,
};
use std::collections::BTreeMap;

/// The mesh of a program.
#[must_use]
pub fn mesh(program: &Program) -> Graph {
    let mut mesh = Mesh {
        program,
        graph: Graph {
            title: format!("mesh of {}", program.name),
            direction: Direction::Right,
            ..Graph::default()
        },
        callers: BTreeMap::new(),
        services: BTreeMap::new(),
        parts: BTreeMap::new(),
    };
    mesh.services();
    mesh.gateways();
    mesh.access();
    mesh.onward();
    mesh.graph
}

struct Mesh<'a> {
    program: &'a Program,
    graph: Graph,
    callers: BTreeMap<Who, usize>,
    services: BTreeMap<ServiceId, usize>,
    parts: BTreeMap<(ServiceId, SubsetId), usize>,
}

impl Mesh<'_> {
    fn services(&mut self) {
        let program = self.program;
        for (id, service) in (0u32..).map(ServiceId).zip(&program.services) {
            let span = program.origins.span(&format!("service/{}", service.name));
            let mut lines = vec![shortened(&service.name)];
            lines.extend(program.policy(service.policy).into_iter().flat_map(holds));
            let alone = service.subsets.len() <= 1;
            if alone {
                lines.extend(service.subsets.iter().flat_map(|subset| at(&subset.addresses)));
            }
            let node = self
                .graph
                .add(format!("service {}", service.name), Kind::Service, lines, span);
            self.services.insert(id, node);
            if !alone {
                self.parts_of(id, service, node);
            }
        }
    }

    fn parts_of(&mut self, id: ServiceId, service: &Service, node: usize) {
        for (number, subset) in (0u32..).map(SubsetId).zip(&service.subsets) {
            let mut lines = vec![shortened(&format!("{}.{}", service.name, subset.name))];
            lines.extend(at(&subset.addresses));
            let name = format!("service {}.{}", service.name, subset.name);
            let part = self.graph.add(name, Kind::Service, lines, None);
            self.parts.insert((id, number), part);
        }
        for route in &service.routes {
            for (subset, weight) in &route.split {
                let share = if route.split.len() > 1 {
                    format!("{weight}%")
                } else {
                    String::new()
                };
                let label = match &route.condition {
                    Some(_) if share.is_empty() => "when …".to_owned(),
                    Some(_) => format!("when … {share}"),
                    None => share,
                };
                if let Some(part) = self.parts.get(&(id, *subset)) {
                    self.graph.connect(node, *part, &label, Way::Next);
                }
            }
        }
    }

    fn gateways(&mut self) {
        let program = self.program;
        for (id, gateway) in (0u32..).map(GatewayId).zip(&program.gateways) {
            let from = self.caller(&Who::Gateway(id));
            for route in &gateway.routes {
                let to = match &route.target {
                    gateway::Target::Service { service, .. } | gateway::Target::Operation { service, .. } => {
                        self.services.get(service).copied()
                    }
                    gateway::Target::Flow { flow, .. } => Some(self.caller(&Who::Flow(*flow))),
                    gateway::Target::Redirect { .. } => None,
                };
                if let Some(to) = to {
                    self.graph.connect(from, to, &shortened(&asked(route)), Way::Next);
                }
            }
            for pass in &gateway.passes {
                if let Some(to) = self.services.get(&pass.service) {
                    self.graph
                        .connect(from, *to, &shortened(&format!("tls {}", pass.name)), Way::Next);
                }
            }
        }
    }

    /// What rules say; and the program's own calls of what no rule names, which is open.
    fn access(&mut self) {
        let written = rules(self.program);
        let named = |what: What| {
            let mut all = written.iter().flat_map(|rule| &rule.what);
            all.any(|known| known.covers(what) || what.covers(*known))
        };
        let open = derived(self.program).into_iter().map(|mut rule| {
            rule.what.retain(|what| !named(*what));
            rule
        });
        for rule in written.iter().cloned().chain(open) {
            for who in &rule.who {
                for what in &rule.what {
                    self.may(&rule, who, *what);
                }
            }
        }
    }

    fn may(&mut self, rule: &Rule, who: &Who, what: What) {
        let to = match what {
            What::Flow(id) => Some(self.caller(&Who::Flow(id))),
            What::Service(id) | What::Operation(id, _) => self.services.get(&id).copied(),
        };
        let Some(to) = to else { return };
        let from = self.caller(who);
        let of = match what {
            What::Operation(..) => print::what(self.program, what)
                .rsplit('.')
                .next()
                .map(str::to_owned),
            What::Flow(_) | What::Service(_) => None,
        };
        let when = rule.condition.as_ref().map(|_| "when …".to_owned());
        let words: Vec<String> = of.into_iter().chain(when).collect();
        let kind = if rule.allow { Way::Next } else { Way::Denied };
        // A gateway's own routes say more.
        if matches!(who, Who::Gateway(_))
            && rule.allow
            && self
                .graph
                .edges
                .iter()
                .any(|edge| (edge.from, edge.to) == (from, to))
        {
            return;
        }
        self.graph.connect(from, to, &shortened(&words.join(" ")), kind);
    }

    /// Where requests go when a service fails, and where copies go.
    fn onward(&mut self) {
        let program = self.program;
        for (id, service) in (0u32..).map(ServiceId).zip(&program.services) {
            let Some(policy) = program.policy(service.policy) else {
                continue;
            };
            let Some(from) = self.services.get(&id).copied() else {
                continue;
            };
            if let Some(to) = policy.failover.and_then(|to| self.onto(id, to)) {
                self.graph.connect(from, to, "failover", Way::Caught);
            }
            if let Some(mirror) = &policy.mirror
                && let Some(to) = self.onto(id, mirror.to)
            {
                self.graph
                    .connect(from, to, &format!("mirror {}%", mirror.percent), Way::Beside);
            }
        }
    }

    fn onto(&self, id: ServiceId, to: Onward) -> Option<usize> {
        match to {
            Onward::Subset(subset) => self.parts.get(&(id, subset)).copied(),
            Onward::Service(service) => self.services.get(&service).copied(),
        }
    }

    fn caller(&mut self, who: &Who) -> usize {
        if let Who::Service(id) = who
            && let Some(node) = self.services.get(id)
        {
            return *node;
        }
        if let Some(node) = self.callers.get(who) {
            return *node;
        }
        let program = self.program;
        let of = |kind: Kind, name: Option<&str>| (kind, name.unwrap_or("?").to_owned());
        let (kind, name) = match who {
            Who::Flow(id) => of(Kind::Flow, program.flow(*id).map(|flow| flow.name.as_str())),
            Who::Gateway(id) => of(
                Kind::Gateway,
                program.gateway(*id).map(|gateway| gateway.name.as_str()),
            ),
            Who::Service(_) => of(Kind::Service, None),
            Who::Anyone => of(Kind::Outside, Some("anyone")),
            Who::Identity(identity) => of(Kind::Outside, Some(identity)),
        };
        let span = program.origins.span(&format!("{}/{name}", kind.name()));
        let id = format!("{} {name}", kind.name());
        let node = self.graph.add(id, kind, vec![shortened(&name)], span);
        self.callers.insert(who.clone(), node);
        node
    }
}

/// What holds for requests, in a few words.
fn holds(policy: &Policy) -> Vec<String> {
    let mut words = vec![format!("timeout {}", time(policy.timeout.total_ms))];
    if let Some(retry) = policy.retry.as_ref().filter(|retry| retry.attempts > 1) {
        words.push(format!("{} attempts", retry.attempts));
    }
    for (word, is) in [
        ("breaker", policy.breaker.is_some()),
        ("limit", policy.limit.is_some()),
        ("tls", policy.tls.is_some()),
    ] {
        if is {
            words.push(word.to_owned());
        }
    }
    vec![shortened(&words.join(", "))]
}

fn time(ms: u64) -> String {
    match ms {
        ms if ms % 60_000 == 0 && ms > 0 => format!("{}m", ms / 60_000),
        ms if ms % 1_000 == 0 => format!("{}s", ms / 1_000),
        ms => format!("{ms}ms"),
    }
}

/// Where it is, as far as that stands in the program.
fn at(addresses: &[Expr]) -> Vec<String> {
    let known = addresses.iter().filter_map(|address| match address {
        Expr::Constant(Value::String(text)) => Some(shortened(text)),
        _ => None,
    });
    known.take(2).collect()
}
