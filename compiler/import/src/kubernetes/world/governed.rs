//! How callers go about each service.

use super::World;
use crate::{
    found::Found,
    kubernetes::destination_rule::{Rule, Traffic},
};

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
                if service.settings.is_empty() && service.idle_ms.is_none() && service.budget.is_none() {
                    service.settings.clone_from(&rule.traffic.settings);
                    service.idle_ms = rule.traffic.idle_ms;
                    service.budget = rule.traffic.budget;
                    service.notes.extend(rule.notes.clone());
                } else if service.settings != rule.traffic.settings {
                    found.lost(&rule.node, &format!("settings for `{}` alone", rule.host.0));
                }
                for subset in &rule.subsets {
                    if subset.traffic != Traffic::default() && subset.traffic != rule.traffic {
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
