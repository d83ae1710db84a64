//! Policies as rules over services, operations and gateways.

mod gateways;
mod pick;

use super::policy::{self, Policy};
use crate::{
    found::Found,
    kubernetes::{
        condition::joined,
        fold::Operation,
        front::Front,
        objects::ROOT,
        world::{Service, Subset, World},
        write::called,
    },
    name::quoted,
    node::Node,
};
use pick::Picked;
use std::collections::BTreeSet;

/// A rule as it will be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) allow: bool,
    /// As the language names them; none is anyone.
    who: Vec<String>,
    what: Vec<String>,
    when: Option<String>,
    pub(crate) notes: Vec<String>,
}

/// Who Istio's own gateways are.
const GATEWAYS: &str = "istio-ingressgateway-service-account";

/// Whether an identity, perhaps with an open end, is that of a gateway.
fn is_gateway(identity: &str, front: &Front) -> bool {
    let (namespace, name) = front.key.split_once('/').unwrap_or_default();
    let own = [
        format!("spiffe://cluster.local/ns/{ROOT}/sa/{GATEWAYS}"),
        format!("spiffe://cluster.local/ns/{namespace}/sa/{name}-istio"),
    ];
    match identity.strip_suffix('*') {
        Some(begin) => own.iter().any(|it| it.starts_with(begin)),
        None => identity.ends_with(&format!("/{GATEWAYS}")) || own.iter().any(|it| it == identity),
    }
}

impl Rule {
    /// As the language writes it.
    pub(crate) fn text(&self) -> Option<String> {
        if self.what.is_empty() {
            return None;
        }
        let who = if self.who.is_empty() {
            "anyone".to_owned()
        } else {
            self.who.join(", ")
        };
        let word = if self.allow { "allow" } else { "deny" };
        let when = self
            .when
            .as_ref()
            .map(|it| format!(" when {it}"))
            .unwrap_or_default();
        Some(format!("{word} {who} to {}{when}", self.what.join(", ")))
    }
}

/// Rules on their way.
struct Rules<'a> {
    world: &'a mut World,
    fronts: &'a mut [Front],
    /// The services that policies let only some in to.
    allowed: BTreeSet<usize>,
    /// The services of which it was said that their ports are supposed.
    supposed: BTreeSet<usize>,
    all: Vec<Rule>,
}

/// The rules of some policies.
pub(super) fn rules(
    policies: &[Policy],
    world: &mut World,
    fronts: &mut [Front],
    found: &mut Found,
) -> Vec<Rule> {
    let picked = pick::all(policies, world, fronts);
    let of = |allow: bool| {
        let all = policies
            .iter()
            .zip(&picked)
            .filter(move |(policy, _)| policy.allow == allow);
        all.flat_map(|(_, it)| it.whole.iter().chain(&it.part).copied())
    };
    let mut rules = Rules {
        world,
        fronts,
        allowed: of(true).collect(),
        supposed: BTreeSet::new(),
        all: Vec::new(),
    };
    let mut at_gateways: Vec<(&Picked, &Policy)> = Vec::new();
    for (policy, picked) in policies.iter().zip(&picked) {
        let notes = rules.at_services(policy, picked, found);
        if policy.allow {
            at_gateways.push((picked, policy));
        } else {
            rules.denied_at_gateways(&picked.fronts, policy, notes, found);
        }
    }
    rules.let_in_at_gateways(&at_gateways, found);
    // Where nobody may, somebody has to be told so; and where only some may not, the others may.
    for service in rules.allowed.clone() {
        rules.closed(service);
    }
    let denied: BTreeSet<usize> = of(false).collect();
    for service in denied.difference(&rules.allowed.clone()) {
        rules.open(*service);
    }
    rules.all
}

impl Rules<'_> {
    /// The rules of a policy for services; comments that found no place.
    fn at_services(&mut self, policy: &Policy, picked: &Picked, found: &mut Found) -> Vec<String> {
        let mut notes = policy.notes.clone();
        if picked.is_empty() {
            let words = format!(
                "the AuthorizationPolicy `{}`, which is for nothing that is here",
                policy.name
            );
            found.lost(&policy.node, &words);
        }
        for (service, whole) in picked.services() {
            if !whole {
                self.partly(policy, service, found);
                notes.extend(found.notes());
            }
            // Those whom some of the pods let in may not come to the others.
            for rule in policy.rules.iter().filter(|_| whole || !policy.allow) {
                self.rule(service, policy, rule, std::mem::take(&mut notes), found);
            }
        }
        if picked.fronts.is_empty() && !notes.is_empty() {
            self.noted(policy.allow, std::mem::take(&mut notes));
        }
        notes
    }

    /// A policy may be for some of the pods of a service, and rules are for all of them.
    fn partly(&self, policy: &Policy, service: usize, found: &mut Found) {
        let Some(service) = self.world.services.get(service) else {
            return;
        };
        let does = if policy.allow {
            "lets in fewer"
        } else {
            "keeps out more"
        };
        let words = format!(
            "`{}` {does}: the AuthorizationPolicy `{}` may be for some of its pods",
            service.name, policy.name
        );
        found.part(&policy.node, &words);
    }

    /// One alternative of a policy, for one service.
    fn rule(
        &mut self,
        at: usize,
        policy: &Policy,
        rule: &policy::Rule,
        notes: Vec<String>,
        found: &mut Found,
    ) {
        let Some(service) = self.world.services.get(at).cloned() else {
            return;
        };
        let mut notes = [notes, rule.notes.clone()].concat();
        let (any, every) = (Default::default(), Default::default());
        let from = if rule.from.is_empty() {
            std::slice::from_ref(&any)
        } else {
            rule.from.as_slice()
        };
        let to = if rule.to.is_empty() {
            std::slice::from_ref(&every)
        } else {
            rule.to.as_slice()
        };
        for source in from {
            for target in to {
                let ports = self.has_ports(&service, &target.ports);
                if ports == Some(false) {
                    found.lost(
                        &rule.node,
                        &format!("a rule for other ports than that of `{}`", service.name),
                    );
                    notes.extend(found.notes());
                    continue;
                }
                if !target.ports.is_empty() && ports.is_some() {
                    self.supposes(at, &service, &rule.node, found);
                    notes.extend(found.notes());
                }
                let ports = ports.is_none().then_some(&None);
                let terms = source.terms.iter().chain(&target.terms).chain(&rule.when);
                let terms = terms.chain(ports);
                let known: Vec<String> = terms.clone().flatten().cloned().collect();
                if terms.clone().any(Option::is_none) && policy.allow {
                    // Who is allowed by what cannot be said is not.
                    found.part(
                        &rule.node,
                        &format!("`{}` lets in fewer: a rule is left out", service.name),
                    );
                    notes.extend(found.notes());
                    continue;
                }
                if terms.clone().any(Option::is_none) {
                    found.part(
                        &rule.node,
                        &format!("`{}` keeps out more: a condition is left out", service.name),
                    );
                    notes.extend(found.notes());
                }
                let what = match &target.operation {
                    Some((method, path)) => self.operation(at, method, path),
                    None => service.name.clone(),
                };
                self.add(Rule {
                    allow: policy.allow,
                    who: self.who(&source.who, &service.name),
                    what: vec![what],
                    when: joined(&known, "and"),
                    notes: std::mem::take(&mut notes),
                });
            }
        }
        if !notes.is_empty() {
            self.noted(policy.allow, notes);
        }
    }

    /// Says once that pods are called at the port of a Service that is not here.
    fn supposes(&mut self, at: usize, service: &Service, node: &Node, found: &mut Found) {
        let here = |subset: &Subset| self.world.known(&subset.place.host).is_some();
        if !service.subsets.iter().all(here) && self.supposed.insert(at) {
            let words = format!(
                "pods of `{}` that are called at the port of their Service, which is not here",
                service.name
            );
            found.part(node, &words);
        }
    }

    /// Comments without a rule.
    fn noted(&mut self, allow: bool, notes: Vec<String>) {
        self.add(Rule {
            allow,
            who: Vec::new(),
            what: Vec::new(),
            when: None,
            notes,
        });
    }

    /// Whether the pods of a service are called at one of some ports; nothing where that cannot be told.
    fn has_ports(&self, service: &Service, ports: &[u16]) -> Option<bool> {
        if ports.is_empty() {
            return Some(true);
        }
        let behind = |subset: &Subset| {
            let port = subset.place.port;
            match self.world.known(&subset.place.host) {
                Some(known) => known.behind(port),
                // Where nobody says it, pods are called at the port of their Service.
                None => Some(port).filter(|port| ports.contains(port)),
            }
        };
        let own: Option<BTreeSet<bool>> = service
            .subsets
            .iter()
            .map(|subset| behind(subset).map(|port| ports.contains(&port)))
            .collect();
        match own?.into_iter().collect::<Vec<_>>().as_slice() {
            [all] => Some(*all),
            _ => None,
        }
    }

    /// An operation of a service: one that is there, or a new one.
    fn operation(&mut self, at: usize, method: &str, path: &[Option<String>]) -> String {
        let Some(service) = self.world.services.get_mut(at) else {
            return String::new();
        };
        let all = &mut service.folded.operations;
        if !all.iter().any(|it| it.method == method && it.path == path) {
            all.push(Operation::new(method.to_owned(), path.to_vec()));
        }
        let mut names = crate::name::Names::default();
        let mut name = String::new();
        for operation in all.iter() {
            let own = names.fresh(&called(operation));
            if operation.method == method && operation.path == path {
                name = own;
            }
        }
        format!("{}.{name}", service.name)
    }

    /// Who that is to the program. Gateways have no identity there, and are named.
    fn who(&self, identities: &[String], service: &str) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for identity in identities {
            let leading = self.fronts.iter().filter(|front| front.leads_to(service));
            let fronts: Vec<String> = leading
                .filter(|front| is_gateway(identity, front))
                .map(|front| format!("gateway {}", front.name))
                .collect();
            let others = fronts.is_empty() || identity.ends_with('*');
            all.extend(fronts);
            all.extend(others.then(|| quoted(identity)));
        }
        let mut seen = BTreeSet::new();
        all.retain(|it| seen.insert(it.clone()));
        all
    }

    fn add(&mut self, rule: Rule) {
        let same = |known: &Rule| {
            (known.allow, &known.who, &known.what, &known.when)
                == (rule.allow, &rule.who, &rule.what, &rule.when)
        };
        match self.all.iter_mut().find(|known| same(known)) {
            Some(known) => known.notes.extend(rule.notes),
            None => self.all.push(rule),
        }
    }

    /// Whether a rule of this kind names a service.
    fn names(&self, allow: bool, service: &str) -> bool {
        let of = |what: &String| what.split('.').next() == Some(service);
        self.all
            .iter()
            .any(|rule| rule.allow == allow && rule.what.iter().any(of))
    }

    /// A service that policies let somebody into, and no rule does.
    fn closed(&mut self, at: usize) {
        let Some(service) = self.world.services.get(at) else {
            return;
        };
        let name = service.name.clone();
        if !self.names(true, &name) {
            self.add(Rule {
                allow: false,
                who: Vec::new(),
                what: vec![name],
                when: None,
                notes: Vec::new(),
            });
        }
    }

    /// A service that some may not call, and all others may.
    fn open(&mut self, at: usize) {
        let Some(service) = self.world.services.get(at) else {
            return;
        };
        self.add(Rule {
            allow: true,
            who: Vec::new(),
            what: vec![service.name.clone()],
            when: None,
            notes: Vec::new(),
        });
    }
}
