//! What a policy is for: the services whose pods it picks, and gateways.

use crate::kubernetes::{
    access::policy::Policy,
    front::{Front, picks_gateways},
    host::Host,
    objects::ROOT,
    world::{Service, World, beside},
};
use std::collections::BTreeSet;

/// What a policy is for, by numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Picked {
    pub(super) fronts: Vec<usize>,
    /// Services of which it picks all pods.
    pub(super) whole: Vec<usize>,
    /// Services of which it may pick some pods.
    pub(super) part: Vec<usize>,
    /// Of services of which it picks all pods of some subsets, these subsets.
    split: Vec<(usize, BTreeSet<usize>)>,
}

/// How much of the pods of a service a policy picks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Share {
    None,
    /// None of its labels is among those of the Service, and none is against them.
    Unknown,
    Some,
    All,
}

impl Picked {
    pub(super) fn is_empty(&self) -> bool {
        [&self.fronts, &self.whole, &self.part]
            .iter()
            .all(|it| it.is_empty())
    }

    /// All services, and of which of them it picks all pods.
    pub(super) fn services(&self) -> impl Iterator<Item = (usize, bool)> + use<'_> {
        let whole = self.whole.iter().map(|it| (*it, true));
        whole.chain(self.part.iter().map(|it| (*it, false)))
    }
}

/// What each policy is for.
pub(super) fn all(policies: &[Policy], world: &World, fronts: &[Front]) -> Vec<Picked> {
    let picked: Vec<Picked> = policies.iter().map(|it| pick(it, world, fronts)).collect();
    let rules = |policy: &'_ Policy| {
        policy
            .rules
            .iter()
            .map(|rule| rule.node.clone())
            .collect::<Vec<_>>()
    };
    let mut all = Vec::new();
    for (policy, own) in policies.iter().zip(&picked) {
        let mut own = own.clone();
        for (service, subsets) in std::mem::take(&mut own.split) {
            // Policies that say the same of one subset each say it of the service.
            let same = policies.iter().zip(&picked).filter(|(other, _)| {
                other.allow == policy.allow
                    && other.rules.len() == policy.rules.len()
                    && rules(other) == rules(policy)
            });
            let others = same
                .flat_map(|(_, it)| &it.split)
                .filter(|(at, _)| *at == service);
            let told: BTreeSet<usize> = others.flat_map(|(_, it)| it).chain(&subsets).copied().collect();
            let whole = world.services.get(service).map_or(0, |it| it.subsets.len()) == told.len();
            if whole { &mut own.whole } else { &mut own.part }.push(service);
        }
        all.push(own);
    }
    all
}

/// What a policy is for.
fn pick(policy: &Policy, world: &World, fronts: &[Front]) -> Picked {
    let everywhere = policy.labels.is_empty() && policy.namespace == ROOT;
    let own = picks_gateways(&policy.labels, &policy.namespace);
    let named = |front: &Front| match &policy.targets {
        Some(targets) => targets.gateways.contains(&front.key),
        None => own || everywhere,
    };
    let mut picked = Picked {
        fronts: numbers(fronts, named),
        ..Picked::default()
    };
    if own && !picked.fronts.is_empty() {
        return picked;
    }
    let shares: Vec<Vec<Share>> = world
        .services
        .iter()
        .map(|it| shares(policy, world, it))
        .collect();
    let most = |all: &Vec<Share>| all.iter().copied().max().unwrap_or(Share::None);
    picked.whole = numbers(&shares, |all| {
        !all.is_empty() && all.iter().all(|it| *it == Share::All)
    });
    for (at, all) in shares.iter().enumerate() {
        if most(all) == Share::All && !picked.whole.contains(&at) {
            let subsets = numbers(all, |share| *share == Share::All);
            picked.split.push((at, subsets.into_iter().collect()));
        }
    }
    // Where nothing else is picked, what nothing speaks against may be.
    let none = picked.whole.is_empty() && picked.split.is_empty();
    let least = shares
        .iter()
        .map(most)
        .filter(|it| none && *it != Share::None)
        .max();
    let least = least.unwrap_or(Share::Some);
    picked.part = numbers(&shares, |all| most(all) >= least && most(all) < Share::All);
    picked
}

fn numbers<T>(all: &[T], is: impl Fn(&T) -> bool) -> Vec<usize> {
    let each = all.iter().enumerate().filter(|(_, it)| is(it));
    each.map(|(at, _)| at).collect()
}

/// How much of each subset of a service a policy picks.
fn shares(policy: &Policy, world: &World, service: &Service) -> Vec<Share> {
    let each = service.subsets.iter().map(|subset| &subset.place.host);
    each.map(|host| share(policy, world, host)).collect()
}

/// How much of the pods of a Service a policy picks.
fn share(policy: &Policy, world: &World, host: &Host) -> Share {
    let Some((name, namespace)) = host.parts() else {
        return Share::None;
    };
    if let Some(targets) = &policy.targets {
        let is = policy.namespace == namespace && targets.services.iter().any(|it| it == name);
        return if is { Share::All } else { Share::None };
    }
    if policy.namespace != namespace && policy.namespace != ROOT {
        return Share::None;
    }
    of_labels(&policy.labels, &pods(world, host, name))
}

/// The labels that the pods of a Service have; those of a subset that has to be one have some more.
fn pods(world: &World, host: &Host, name: &str) -> Vec<(String, String)> {
    let of = |host: &Host| {
        let known = world.known(host).map(|known| known.selector.clone());
        known.filter(|it| !it.is_empty())
    };
    let made = || {
        let subsets = world
            .rules
            .iter()
            .flat_map(|rule| rule.subsets.iter().map(move |it| (rule, it)));
        let (rule, subset) = subsets
            .into_iter()
            .find(|(rule, it)| beside(&rule.host, &it.name) == *host)?;
        let base = of(&rule.host).unwrap_or_else(|| usual(rule.host.parts().map_or("", |it| it.0)).into());
        Some([base, subset.labels.clone()].concat())
    };
    of(host).or_else(made).unwrap_or_else(|| usual(name).into())
}

/// The labels that pods of a Service have where nobody says them.
fn usual(name: &str) -> [(String, String); 2] {
    ["app", "app.kubernetes.io/name"].map(|label| (label.to_owned(), name.to_owned()))
}

/// How many of the pods that a Service picks have some labels.
fn of_labels(labels: &[(String, String)], selector: &[(String, String)]) -> Share {
    let against = |(name, value): &(String, String)| {
        selector
            .iter()
            .any(|(known, other)| known == name && other != value)
    };
    let among = |label: &(String, String)| selector.contains(label);
    if labels.iter().any(against) {
        return Share::None;
    }
    match (labels.iter().all(among), labels.iter().any(among)) {
        (true, _) => Share::All,
        (false, true) => Share::Some,
        (false, false) => Share::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::{Share, of_labels};

    #[test]
    fn labels_pick_all_some_or_none() {
        let labels = |all: &[&str]| {
            let each = all.iter().filter_map(|text| text.split_once('='));
            each.map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect::<Vec<_>>()
        };
        let selector = labels(&["app=a", "tier=back"]);
        let is = |all: &[&str], share| of_labels(&labels(all), &selector) == share;
        assert!(is(&[], Share::All) && is(&["app=a"], Share::All));
        assert!(is(&["app=a", "version=v2"], Share::Some));
        assert!(is(&["version=v2"], Share::Unknown));
        assert!(is(&["app=b"], Share::None) && is(&["tier=back", "app=b"], Share::None));
    }
}
