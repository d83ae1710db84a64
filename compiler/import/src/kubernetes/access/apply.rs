//! Policies as rules over services, operations and gateways.

mod gateways;

use super::policy::{self, Policy};
use crate::{
    found::Found,
    kubernetes::{
        condition::joined,
        fold::Operation,
        front::{Front, picks_gateways},
        objects::ROOT,
        world::World,
        write::called,
    },
    name::quoted,
};

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
    all: Vec<Rule>,
}

/// The rules of some policies.
pub(super) fn rules(
    policies: &[Policy],
    world: &mut World,
    fronts: &mut [Front],
    found: &mut Found,
) -> Vec<Rule> {
    let mut rules = Rules {
        world,
        fronts,
        all: Vec::new(),
    };
    let (mut allowed, mut denied) = (Vec::new(), Vec::new());
    let mut at_gateways: Vec<(Vec<usize>, &Policy)> = Vec::new();
    for policy in policies {
        let mut notes = policy.notes.clone();
        let fronts = rules.gateways(policy);
        if !fronts.is_empty() {
            if policy.allow {
                at_gateways.push((fronts, policy));
            } else {
                rules.denied_at_gateways(&fronts, policy, notes, found);
            }
            continue;
        }
        let services = rules.services(policy);
        if services.is_empty() {
            found.lost(
                &policy.node,
                &format!(
                    "the AuthorizationPolicy `{}`, whose pods no Service has",
                    policy.name
                ),
            );
        }
        for service in services {
            let list = if policy.allow { &mut allowed } else { &mut denied };
            if !list.contains(&service) {
                list.push(service);
            }
            for rule in &policy.rules {
                rules.rule(service, policy, rule, std::mem::take(&mut notes), found);
            }
        }
    }
    rules.let_in_at_gateways(&at_gateways, found);
    // Where nobody may, somebody has to be told so; and where only some may not, the others may.
    for service in &allowed {
        rules.closed(*service);
    }
    for service in denied.iter().filter(|service| !allowed.contains(service)) {
        rules.open(*service);
    }
    rules.all
}

impl Rules<'_> {
    /// The gateways that a policy stands at.
    fn gateways(&self, policy: &Policy) -> Vec<usize> {
        let picked = picks_gateways(&policy.labels, &policy.namespace);
        let named = |front: &Front| picked || policy.gateways.contains(&front.key);
        self.fronts
            .iter()
            .enumerate()
            .filter(|(_, front)| named(front))
            .map(|(at, _)| at)
            .collect()
    }

    /// The services that have pods which a policy picks.
    fn services(&self, policy: &Policy) -> Vec<usize> {
        let picks = |name: &str, namespace: &str| {
            if !policy.services.is_empty() {
                return policy.services.iter().any(|it| it == name) && policy.namespace == namespace;
            }
            if policy.namespace != namespace && policy.namespace != ROOT {
                return false;
            }
            let known = self
                .world
                .known
                .iter()
                .find(|known| known.host.parts() == Some((name, namespace)));
            let selector = known
                .map(|known| known.selector.as_slice())
                .filter(|it| !it.is_empty());
            policy.labels.iter().all(|label| match selector {
                Some(selector) => selector.contains(label),
                None => matches!(label.0.as_str(), "app" | "app.kubernetes.io/name") && label.1 == name,
            })
        };
        let one = |service: &crate::kubernetes::world::Service| {
            let mut hosts = service
                .subsets
                .iter()
                .map(|subset| &subset.place.host)
                .chain([&service.host]);
            hosts.any(|host| {
                host.parts()
                    .is_some_and(|(name, namespace)| picks(name, namespace))
            })
        };
        let all = self.world.services.iter().enumerate();
        all.filter(|(_, service)| one(service))
            .map(|(at, _)| at)
            .collect()
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
                let ports = service
                    .subsets
                    .iter()
                    .all(|subset| target.ports.contains(&subset.place.port));
                if !target.ports.is_empty() && !ports {
                    found.lost(
                        &rule.node,
                        &format!("a rule for other ports than that of `{}`", service.name),
                    );
                    notes.extend(found.notes());
                    continue;
                }
                let terms = source.terms.iter().chain(&target.terms).chain(&rule.when);
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
            self.add(Rule {
                allow: policy.allow,
                who: Vec::new(),
                what: Vec::new(),
                when: None,
                notes,
            });
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

    /// Who that is to the program.
    fn who(&self, identities: &[String], service: &str) -> Vec<String> {
        let mut all = Vec::new();
        for identity in identities {
            let leading = self.fronts.iter().filter(|front| front.leads_to(service));
            let fronts: Vec<String> = leading.map(|front| format!("gateway {}", front.name)).collect();
            match identity.ends_with(&format!("/{GATEWAYS}")) && !fronts.is_empty() {
                true => all.extend(fronts),
                false => all.push(quoted(identity)),
            }
        }
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
