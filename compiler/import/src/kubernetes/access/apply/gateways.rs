//! Policies that stand at gateways.

use super::{Picked, Rule, Rules};
use crate::{
    found::Found,
    kubernetes::{
        access::{
            policy::{self, Policy},
            source::{Source, identity},
            target::Target,
        },
        condition::{joined, not},
        front::Front,
    },
};

impl Rules<'_> {
    /// The services that a gateway leads to.
    fn behind(&self, front: usize) -> (String, Vec<String>) {
        let Some(front) = self.fronts.get(front) else {
            return Default::default();
        };
        let all = self.world.services.iter().map(|service| service.name.clone());
        (
            format!("gateway {}", front.name),
            all.filter(|name| front.leads_to(name)).collect(),
        )
    }

    /// Those whom a gateway keeps out do not come by it to any service.
    pub(super) fn denied_at_gateways(
        &mut self,
        fronts: &[usize],
        policy: &Policy,
        mut notes: Vec<String>,
        found: &mut Found,
    ) {
        for rule in &policy.rules {
            let tokens = rule.from.iter().all(|it| it.without_token) && !rule.from.is_empty();
            let tokens = tokens && rule.to.is_empty() && rule.when.is_empty();
            let asked = |front: &Front| tokens && front.jwt.is_some();
            for front in fronts {
                if let Some(front) = self.fronts.get_mut(*front).filter(|it| asked(it)) {
                    front.asks = true;
                }
            }
            // Where no tokens are looked at, nobody has one.
            let others = |at: &&usize| self.fronts.get(**at).is_some_and(|front| !asked(front));
            let fronts: Vec<usize> = fronts.iter().filter(others).copied().collect();
            if fronts.is_empty() {
                continue;
            }
            let (condition, whole) = said(rule);
            notes.extend(rule.notes.clone());
            if !whole {
                found.part(
                    &rule.node,
                    &format!("`{}` keeps out more: a condition is left out", policy.name),
                );
                notes.extend(found.notes());
            }
            for front in fronts {
                let (who, what) = self.behind(front);
                let who = vec![who];
                if what.is_empty() {
                    self.nowhere(policy, found);
                    notes.extend(found.notes());
                }
                self.opened(&what);
                self.add(Rule {
                    allow: false,
                    who,
                    what,
                    when: condition.clone(),
                    notes: std::mem::take(&mut notes),
                });
            }
        }
    }

    /// Whoever comes by a gateway and is not let in there does not come to any service.
    pub(super) fn let_in_at_gateways(&mut self, policies: &[(&Picked, &Policy)], found: &mut Found) {
        for front in 0..self.fronts.len() {
            let own: Vec<&Policy> = policies
                .iter()
                .filter(|(picked, _)| picked.fronts.contains(&front))
                .map(|(_, it)| *it)
                .collect();
            if own.is_empty() {
                continue;
            }
            let mut notes = Vec::new();
            let mut terms = Vec::new();
            let mut all = false;
            for rule in own.iter().flat_map(|policy| &policy.rules) {
                notes.extend(rule.notes.clone());
                match said(rule) {
                    (None, true) => all = true,
                    (Some(condition), true) => terms.push(condition),
                    (_, false) => {
                        found.part(&rule.node, "a gateway lets in fewer: a rule is left out");
                        notes.extend(found.notes());
                    }
                }
            }
            let with_token = own
                .iter()
                .flat_map(|policy| &policy.rules)
                .all(|rule| !rule.from.is_empty() && rule.from.iter().all(|it| it.with_token));
            let (who, what) = self.behind(front);
            if let Some(front) = self
                .fronts
                .get_mut(front)
                .filter(|front| front.jwt.is_some() && with_token)
            {
                front.asks = true;
            }
            if what.is_empty() {
                own.iter().for_each(|policy| self.nowhere(policy, found));
                notes.extend(found.notes());
                self.noted(false, notes);
                continue;
            }
            if all {
                continue;
            }
            self.opened(&what);
            let when = joined(&terms, "or").map(|it| not(&it));
            self.add(Rule {
                allow: false,
                who: vec![who],
                what,
                when,
                notes,
            });
        }
    }

    /// A policy at a gateway that leads nowhere, as one within a mesh does.
    fn nowhere(&self, policy: &Policy, found: &mut Found) {
        let words = format!(
            "the AuthorizationPolicy `{}` at a gateway that leads to no service; see who may call those that it is for",
            policy.name
        );
        found.lost(&policy.node, &words);
    }

    /// Services about which nothing is said but at gateways let everybody else in.
    fn opened(&mut self, services: &[String]) {
        for name in services {
            let closed = |at: &usize| self.world.services.get(*at).is_some_and(|it| it.name == *name);
            if !self.allowed.iter().any(closed) && !self.names(true, name) {
                self.add(Rule {
                    allow: true,
                    who: Vec::new(),
                    what: vec![name.clone()],
                    when: None,
                    notes: Vec::new(),
                });
            }
        }
    }
}

/// All that a rule asks for as one condition, and whether that is all of it.
fn said(rule: &policy::Rule) -> (Option<String>, bool) {
    let mut whole = true;
    let mut terms = Vec::new();
    let mut any = |alternatives: Vec<Vec<Option<String>>>| {
        let mut each = Vec::new();
        for one in &alternatives {
            whole &= one.iter().all(Option::is_some);
            let known: Vec<String> = one.iter().flatten().cloned().collect();
            match joined(&known, "and") {
                Some(condition) => each.push(condition),
                // One of the alternatives asks for nothing.
                None => return,
            }
        }
        terms.extend(joined(&each, "or"));
    };
    let who = |it: &Source| {
        let named = joined(&it.who.iter().map(|who| identity(who)).collect::<Vec<_>>(), "or").map(Some);
        named.into_iter().chain(it.terms.clone()).collect()
    };
    any(rule.from.iter().map(who).collect());
    any(rule.to.iter().map(Target::conditions).collect());
    for term in &rule.when {
        any(vec![vec![term.clone()]]);
    }
    (joined(&terms, "and"), whole)
}
