//! Where else calls may go: to other services that get copies of them, or take what nobody of the first could.

use super::What;
use crate::{
    PolicyId, Program,
    flow::End,
    gateway::{Gateway, Target},
    traffic::Onward,
};

/// The other services that requests may go to under a policy.
pub fn under(program: &Program, policy: PolicyId) -> impl Iterator<Item = What> + use<> {
    let policy = program.policy(policy);
    let copies = policy.and_then(|policy| policy.mirror).map(|mirror| mirror.to);
    let failover = policy.and_then(|policy| policy.failover);
    let all = [copies, failover].into_iter().flatten();
    all.filter_map(|to| match to {
        Onward::Service(service) => Some(What::Service(service)),
        Onward::Subset(_) => None,
    })
}

/// The other services that what the end of a state calls may go to.
pub fn of_state(program: &Program, end: &End) -> impl Iterator<Item = What> + use<> {
    let (called, undo) = match end {
        End::Call(call) => (Some(call.target.policy), call.undo.as_ref()),
        End::Stream(stream) => (Some(stream.target.policy), None),
        End::Start(start) => (None, start.undo.as_ref()),
        _ => (None, None),
    };
    let policies = [called, undo.map(|undo| undo.target.policy)];
    let each = policies.into_iter().flatten();
    let all: Vec<What> = each.flat_map(|policy| under(program, policy)).collect();
    all.into_iter()
}

/// The other services that what a gateway leads to may go to.
pub fn of_gateway(program: &Program, gateway: &Gateway) -> impl Iterator<Item = What> + use<> {
    let routes = gateway.routes.iter().filter_map(|route| {
        let own = route.policy.or(gateway.policy);
        own.or_else(|| route.target.policy(program))
    });
    let passes = gateway.passes.iter().filter_map(|pass| {
        let own = pass.policy.or(gateway.policy);
        own.or_else(|| Some(program.service(pass.service)?.policy))
    });
    let each = routes.chain(passes);
    let all: Vec<What> = each.flat_map(|policy| under(program, policy)).collect();
    all.into_iter()
}

impl Target {
    /// What holds for it, where nothing else is said.
    #[must_use]
    pub fn policy(&self, program: &Program) -> Option<PolicyId> {
        match self {
            Self::Service { service, .. } => Some(program.service(*service)?.policy),
            Self::Operation {
                service, operation, ..
            } => {
                let operations = &program.service(*service)?.operations;
                Some(operations.get(operation.index())?.policy)
            }
            Self::Flow { .. } | Self::Redirect { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::under;
    use crate::{
        FlowId, PolicyId, Program, ServiceId, SubsetId,
        access::{Mode, What, Who, rules},
        sample,
        traffic::{Mirror, Onward},
    };
    use std::sync::Arc;

    /// The shop, all of whose policies send requests to a second service, and copies to a subset.
    fn elsewhere() -> Program {
        let mut shop = sample::shop();
        let mut other = (*shop.services[0]).clone();
        other.name = "other".into();
        shop.services.push(Arc::new(other));
        let at = u32::try_from(shop.services.len() - 1).unwrap();
        for policy in &mut shop.policies {
            policy.failover = Some(Onward::Service(ServiceId(at)));
            policy.mirror = Some(Mirror {
                to: Onward::Subset(SubsetId(0)),
                percent: 1,
                writes: false,
            });
        }
        shop.mesh.access = Mode::Derived;
        shop
    }

    #[test]
    fn a_subset_is_of_the_service_that_is_called() {
        let program = elsewhere();
        let other = ServiceId(u32::try_from(program.services.len() - 1).unwrap());
        let found: Vec<What> = under(&program, PolicyId(0)).collect();
        assert_eq!(found, [What::Service(other)]);
    }

    #[test]
    fn where_calls_may_go_elsewhere_is_what_they_need() {
        let program = elsewhere();
        let other = ServiceId(u32::try_from(program.services.len() - 1).unwrap());
        let needed = |program: &Program| {
            let all = rules(program);
            all.iter().any(|rule| {
                rule.allow && rule.who == [Who::Flow(FlowId(0))] && rule.what.contains(&What::Service(other))
            })
        };
        assert!(needed(&program));
        let mut without = program.clone();
        without
            .policies
            .iter_mut()
            .for_each(|policy| policy.failover = None);
        assert!(!needed(&without));
    }
}
