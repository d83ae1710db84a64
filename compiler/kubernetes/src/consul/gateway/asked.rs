//! What is asked of the tokens of visitors: of all routes alike by the listeners, which no route can lessen; else by each route
//! itself, since what listeners ask beyond that would hold instead.

use super::{Front, led::Way};
use crate::{
    consul::claims::{Claims, Tokens, asked},
    problem::Problem,
    setting::Setting,
};
use flowmesh_ir::{
    GatewayId, ServiceId,
    access::{Rule, rules},
};
use serde::Serialize;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Asked {
    pub(super) jwt: Tokens,
}

/// What is asked of claims on all ways, where that is the same.
pub(super) fn alike(ways: &[Way]) -> Option<Option<&[Claims]>> {
    let mut each = ways.iter().map(|way| way.asked.as_deref());
    let first = each.next().unwrap_or_default();
    each.all(|other| other == first).then_some(first)
}

impl Front<'_, '_> {
    /// What is asked of the claims of those who are led to a service; nothing where something was reported.
    pub(super) fn asked(&mut self, service: ServiceId, place: &str) -> Option<Option<Vec<Claims>>> {
        let asked = self.asked_of(&rules(self.program), service);
        if asked.is_none() {
            let (setting, reason) = (Setting::Access, "this route would let in whom the rules keep out");
            self.report(&Problem::Here { setting, reason }, place);
        }
        asked
    }

    /// How many providers are named, by routes or by what is said of services.
    pub(super) fn providers(&self) -> usize {
        let all = rules(self.program);
        let services = (0..).map(ServiceId).zip(&self.program.services);
        let named = services.filter_map(|(id, _)| Some(self.asked_of(&all, id)??.len()));
        named.max().unwrap_or(1)
    }

    fn asked_of(&self, rules: &[Rule], service: ServiceId) -> Option<Option<Vec<Claims>>> {
        let mut gateways = (0..).map(GatewayId).zip(&self.program.gateways);
        let own = gateways.find(|(_, known)| known.name == self.gateway.name);
        let own = own.filter(|(_, known)| known.jwt.is_some());
        let asked = own.map(|(id, _)| asked(self.program, self.options, rules, (id, service)));
        asked.transpose().ok().map(Option::flatten)
    }
}
