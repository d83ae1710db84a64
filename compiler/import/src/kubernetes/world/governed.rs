//! How callers go about each service.

use super::{Subset, World};
use crate::{
    found::Found,
    kubernetes::{
        destination_rule::{Rule, Traffic},
        host::Host,
    },
};
use std::collections::BTreeSet;

impl World {
    /// How callers go about each service: what rules say of the Services that it is made of.
    pub(crate) fn governed(&mut self, found: &mut Found) {
        let mut used = vec![false; self.rules.len()];
        for service in &mut self.services {
            let of = |rule: &&(usize, &Rule)| {
                rule.1.host == service.host
                    || service
                        .subsets
                        .iter()
                        .any(|subset| subset.place.host == rule.1.host)
            };
            let numbered: Vec<(usize, &Rule)> = self.rules.iter().enumerate().collect();
            let rules: Vec<&(usize, &Rule)> = numbered.iter().filter(of).collect();
            for (number, rule) in &rules {
                if let Some(used) = used.get_mut(*number) {
                    *used = true;
                }
                let called = called(&service.subsets, &rule.host);
                for port in rule.ports.iter().filter(|port| !called.contains(&port.number)) {
                    let words = format!(
                        "settings for the port {} of `{}`, which nothing calls",
                        port.number, rule.host.0
                    );
                    found.lost(&port.node, &words);
                }
                let Some(traffic) = rule.at(&called) else {
                    let words = format!(
                        "settings for `{}`, of which several ports are called that differ",
                        rule.host.0
                    );
                    found.lost(&rule.node, &words);
                    continue;
                };
                if service.settings.is_empty() && service.idle_ms.is_none() && service.budget.is_none() {
                    service.settings.clone_from(&traffic.settings);
                    service.idle_ms = traffic.idle_ms;
                    service.budget = traffic.budget;
                    service.notes.extend(rule.notes.clone());
                } else if service.settings != traffic.settings {
                    found.lost(&rule.node, &format!("settings for `{}` alone", rule.host.0));
                }
                for subset in &rule.subsets {
                    if subset.traffic != Traffic::default() && subset.traffic != *traffic {
                        found.lost(
                            &subset.node,
                            &format!("settings for the subset `{}` alone", subset.name),
                        );
                    }
                }
            }
            service.notes.extend(found.notes());
        }
        for (rule, used) in self.rules.iter().zip(used) {
            if !used {
                found.lost(
                    &rule.node,
                    &format!("a DestinationRule for `{}`, which nothing leads to", rule.host.0),
                );
            }
        }
    }
}

/// The ports at which a host is called; those of all places where it is none of them, and stands before them.
fn called(subsets: &[Subset], host: &Host) -> BTreeSet<u16> {
    let own = subsets.iter().filter(|subset| subset.place.host == *host);
    let own: BTreeSet<u16> = own.map(|subset| subset.place.port).collect();
    match own.is_empty() {
        true => subsets.iter().map(|subset| subset.place.port).collect(),
        false => own,
    }
}
