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
