//! Requests, asks and undos by the numbers of the new program.

use crate::{
    Ask,
    run::{Undo, Way},
};
use flowmesh_ir::{
    FlowId, OperationId, PolicyId, Program, ServiceId, StepId, SubsetId,
    call::Request,
    diff::FlowPair,
    flow::{End, Flow, Target},
};
use std::sync::Arc;

/// Two programs, and what has one name in both.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) old: &'a Program,
    pub(super) new: &'a Program,
}

impl Names<'_> {
    pub(super) fn flow(self, flow: FlowId) -> Option<FlowId> {
        self.new.flow_named(&self.old.flow(flow)?.name)
    }

    pub(super) fn service(self, service: ServiceId) -> Option<ServiceId> {
        let name = &self.old.service(service)?.name;
        let at = self
            .new
            .services
            .iter()
            .position(|service| service.name == *name)?;
        u32::try_from(at).ok().map(ServiceId)
    }

    pub(super) fn operation(
        self,
        service: ServiceId,
        operation: OperationId,
    ) -> Option<(ServiceId, OperationId)> {
        let to = self.service(service)?;
        let name = &self.old.service(service)?.operations.get(operation.index())?.name;
        let operations = &self.new.service(to)?.operations;
        let at = operations.iter().position(|operation| operation.name == *name)?;
        Some((to, u32::try_from(at).ok().map(OperationId)?))
    }

    pub(super) fn subset(self, service: ServiceId, subset: SubsetId) -> Option<SubsetId> {
        let name = &self.old.service(service)?.subsets.get(subset.index())?.name;
        let subsets = &self.new.service(self.service(service)?)?.subsets;
        let at = subsets.iter().position(|subset| subset.name == *name)?;
        u32::try_from(at).ok().map(SubsetId)
    }

    /// The same request; it is sent as it was made, under the policy of what it is a request of by now.
    pub(super) fn request(self, request: &Arc<Request>, policy: Option<PolicyId>) -> Option<Arc<Request>> {
        let (service, operation) = self.operation(request.service, request.operation)?;
        let of_operation = || self.new.service(service)?.operations.get(operation.index());
        let policy = policy.or_else(|| of_operation().map(|operation| operation.policy))?;
        Some(Arc::new(Request {
            service,
            operation,
            policy,
            ..request.as_ref().clone()
        }))
    }

    pub(super) fn weights(self, service: ServiceId, all: &[(SubsetId, u32)]) -> Option<Vec<(SubsetId, u32)>> {
        let one = |(subset, weight): &(SubsetId, u32)| Some((self.subset(service, *subset)?, *weight));
        all.iter().map(one).collect()
    }

    pub(super) fn ask(self, ask: &Ask) -> Option<Ask> {
        Some(match ask {
            Ask::Start {
                flow,
                input,
                key,
                tie,
            } => Ask::Start {
                flow: self.flow(*flow)?,
                input: Arc::clone(input),
                key: key.clone(),
                tie: *tie,
            },
            Ask::Shift { service, weights } => Ask::Shift {
                service: self.service(*service)?,
                weights: self.weights(*service, weights)?,
            },
            Ask::Emit { .. }
            | Ask::Acquire { .. }
            | Ask::Probe { .. }
            | Ask::Recall(_)
            | Ask::Admit(_)
            | Ask::Debounce(_) => ask.clone(),
        })
    }

    /// What undoes something, where the new flow has a step for it.
    pub(super) fn undo(self, pair: &FlowPair<'_>, undo: &Undo) -> Option<Undo> {
        let (old, new) = pair.flows();
        let step = pair.step(undo.step)?;
        let way = match &undo.way {
            Way::Call(request) => {
                let target = undone_by(new, step)?;
                let request = self.request(request, Some(target.policy))?;
                let same = (request.service, request.operation) == (target.service, target.operation);
                Way::Call(same.then_some(request)?)
            }
            Way::Shift(service, weights) => {
                undone_by_shift(old, undo.step)?;
                undone_by_shift(new, step)?;
                Way::Shift(self.service(*service)?, self.weights(*service, weights)?)
            }
        };
        Some(Undo {
            order: undo.order,
            step,
            way,
        })
    }
}

/// What a step of a flow undoes something by.
fn undone_by(flow: &Flow, step: StepId) -> Option<&Target> {
    let undos = flow.states.iter().filter_map(|state| match &state.end {
        End::Call(call) => call.undo.as_ref(),
        End::Start(start) => start.undo.as_ref(),
        _ => None,
    });
    undos
        .filter(|undo| undo.step == step)
        .map(|undo| &undo.target)
        .next()
}

fn undone_by_shift(flow: &Flow, step: StepId) -> Option<()> {
    let is = |end: &End| matches!(end, End::Shift(shift) if shift.undo == step);
    flow.states.iter().any(|state| is(&state.end)).then_some(())
}
