//! Whom rules let in by a gateway, where nothing but its routes would hold them: a route lets in whoever comes to it.

use super::{Front, Placed};
use crate::{problem::Problem, setting::Setting};
use flowmesh_ir::{
    GatewayId, ServiceId,
    access::{Mode, Rule, What, Who, derived},
    gateway::{Route, Target},
    traffic::Onward,
};

/// Whether a rule says no more than what routes of gateways do: that their visitors may, all of them.
pub(crate) fn admits(rule: &Rule) -> bool {
    let gateway = |who: &Who| matches!(who, Who::Gateway(_));
    rule.allow && rule.condition.is_none() && rule.who.iter().all(gateway)
}

/// Whether a rule is about flows alone, which flowmesh holds itself wherever a route to one leads.
pub(crate) fn is_of_flows(rule: &Rule) -> bool {
    rule.what.iter().all(|what| matches!(what, What::Flow(_)))
}

impl<K: Placed> Front<'_, '_, K> {
    /// Reports routes to services, of those that nothing else stands before, by which visitors would come in whom the rules
    /// keep out.
    pub(crate) fn admitted(&mut self, unguarded: impl Fn(&K) -> bool) {
        let (program, gateway) = (self.program, self.gateway);
        let mut rules = program.access.clone();
        if program.mesh.access == Mode::Derived {
            rules.extend(derived(program));
        }
        let own = (0..).map(GatewayId).zip(&program.gateways);
        let mut own = own.filter_map(|(id, known)| (known.name == gateway.name).then_some(id));
        let Some(own) = own.next() else { return };
        let routed = gateway.routes.iter().enumerate().flat_map(|(at, route)| {
            let led = match route.target {
                Target::Service { service, .. } => Some(service),
                _ => None,
            };
            let copied = led.and_then(|service| self.copied(route, service));
            led.into_iter()
                .chain(copied)
                .map(move |service| (format!("/{at}"), service))
        });
        let passed = gateway.passes.iter().enumerate();
        let passed = passed.map(|(at, pass)| (format!("/tls/{at}"), pass.service));
        let shut = |(_, service): &(String, ServiceId)| {
            let known = self.known.get(service.index()).and_then(Option::as_ref);
            let what = What::Service(*service);
            known.is_some_and(&unguarded) && is_named(&rules, *service) && !is_open(&rules, own, what)
        };
        let shut: Vec<_> = routed.chain(passed).filter(shut).collect();
        for (place, _) in shut {
            let (setting, reason) = (Setting::Access, "this route would let in whom the rules keep out");
            self.report(&Problem::Here { setting, reason }, &place);
        }
    }
}

impl<K> Front<'_, '_, K> {
    /// The other service that copies of the requests of a route go to.
    fn copied(&self, route: &Route, service: ServiceId) -> Option<ServiceId> {
        let declared = self.program.service(service)?;
        let id = route.policy.or(self.gateway.policy).unwrap_or(declared.policy);
        match self.program.policy(id)?.mirror?.to {
            Onward::Service(to) => Some(to),
            Onward::Subset(_) => None,
        }
    }
}

fn is_named(rules: &[Rule], service: ServiceId) -> bool {
    let of_it = |what: &What| match what {
        What::Service(id) | What::Operation(id, _) => *id == service,
        What::Flow(_) => false,
    };
    rules.iter().flat_map(|rule| &rule.what).any(of_it)
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
        let touches = |known: &What| known.covers(what) || what.covers(*known);
        !rule.allow && rule.what.iter().any(touches)
    };
    rules.iter().any(opens) && !rules.iter().any(shuts)
}
