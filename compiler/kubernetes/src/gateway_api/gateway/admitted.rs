//! Whom rules let in by a gateway: a route of Gateway API lets in whoever comes to it.

use crate::{front::Front, problem::Problem, setting::Setting};
use flowmesh_ir::{
    GatewayId,
    access::{Rule, What, Who},
};

/// Whether a rule says no more than what routes of gateways do: that their visitors may, all of them.
pub(in crate::gateway_api) fn admits(rule: &Rule) -> bool {
    let gateway = |who: &Who| matches!(who, Who::Gateway(_));
    rule.allow && rule.condition.is_none() && rule.who.iter().all(gateway)
}

impl Front<'_, '_> {
    /// Reports routes by which visitors would come in whom the rules keep out.
    pub(super) fn admitted(&mut self) {
        let (program, gateway) = (self.program, self.gateway);
        let Some(own) = (0..)
            .map(GatewayId)
            .zip(&program.gateways)
            .find_map(|(id, known)| (known.name == gateway.name).then_some(id))
        else {
            return;
        };
        for (at, route) in gateway.routes.iter().enumerate() {
            let shut = |what: What| is_named(&program.access, what) && !is_open(&program.access, own, what);
            if route.target.what().is_some_and(shut) {
                let (setting, reason) = (Setting::Access, "this route would let in whom the rules keep out");
                self.report(&Problem::Reason { setting, reason }, &format!("/{at}"));
            }
        }
    }
}

fn is_named(rules: &[Rule], what: What) -> bool {
    let service = |what| match what {
        What::Service(id) | What::Operation(id, _) => Some(id),
        What::Flow(_) => None,
    };
    let same = |known: &What| *known == what || (service(what).is_some() && service(*known) == service(what));
    rules.iter().flat_map(|rule| &rule.what).any(same)
}

/// Whether all visitors of a gateway may.
fn is_open(rules: &[Rule], gateway: GatewayId, what: What) -> bool {
    let who = |who: &Who| matches!(who, Who::Anyone) || *who == Who::Gateway(gateway);
    let opens = |rule: &Rule| {
        rule.allow
            && rule.condition.is_none()
            && rule.who.iter().any(who)
            && rule.what.iter().any(|known| known.covers(what))
    };
    let shuts = |rule: &Rule| {
        !rule.allow
            && rule
                .what
                .iter()
                .any(|known| known.covers(what) || what.covers(*known))
    };
    rules.iter().any(opens) && !rules.iter().any(shuts)
}
