//! Looks at the program as a whole, at flows and mesh together, and says what cannot work or will not work well.
//!
//! One file for each question: [`access`] who may call what; [`failover`] and [`onward`] what leads elsewhere in vain; [`time`] what cannot fit into its time; [`attempts`] how
//! retries multiply; [`locks`] and [`circle`] what waits for each other; [`fan`] what queues up; [`undone`] what stays
//! done when a flow fails; [`moved`] where migrations lead; [`products`] what begins when something was produced. Everything is asked of the program that was made; places
//! come from its origins.

mod access;
mod attempts;
mod circle;
mod failover;
mod fan;
mod link;
mod locks;
mod moved;
mod onward;
mod products;
mod time;
mod undone;

use crate::resolve::Resolved;
use flowmesh_diagnostics::{Diagnostic, Diagnostics, Sources, Span};
use flowmesh_ir::{
    ErrorId, FlowId, GatewayId, Name, OperationId, Program, ServiceId, StateId,
    flow::{End, Flow, Lead},
    service::Operation,
    worst::{self, FlowWorst},
};
use std::{cell::OnceCell, collections::BTreeSet, sync::Arc};

/// Asks every question.
pub(crate) fn check(resolved: &Resolved, sources: &Sources, program: &Program, found: &mut Diagnostics) {
    let mut whole = Whole {
        resolved,
        sources,
        program,
        again: attempts::again(resolved, program),
        backs: link::backs(program),
        worst: OnceCell::new(),
        found,
    };
    access::check(&mut whole);
    failover::check(&mut whole);
    onward::check(&mut whole);
    time::check(&mut whole);
    attempts::check(&mut whole);
    locks::check(&mut whole);
    circle::check(&mut whole);
    fan::check(&mut whole);
    undone::check(&mut whole);
    moved::check(&mut whole);
    products::check(&mut whole);
}

/// The program, its worst case, and what was found.
struct Whole<'a> {
    /// What was written, for changes that mend.
    resolved: &'a Resolved,
    sources: &'a Sources,
    program: &'a Program,
    /// Looked at by few questions, and of few programs.
    worst: OnceCell<Vec<FlowWorst>>,
    again: attempts::Again,
    backs: link::Backs,
    found: &'a mut Diagnostics,
}

impl<'a> Whole<'a> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.found.add(diagnostic);
    }

    /// Where a part of the program was written; what the compiler made is nowhere.
    fn span(&self, path: &str) -> Option<Span> {
        self.program.origins.span(path)
    }

    fn flows(&self) -> impl Iterator<Item = (FlowId, &'a Flow)> + use<'a> {
        let flows = self.program.flows.iter().map(Arc::as_ref);
        (0u32..).map(FlowId).zip(flows)
    }

    fn state_span(&self, flow: &Flow, state: StateId) -> Option<Span> {
        self.span(&format!("flow/{}/{state}", flow.name))
    }

    fn route_span(&self, gateway: GatewayId, route: usize) -> Option<Span> {
        let gateway = self.program.gateway(gateway)?;
        self.span(&format!("gateway/{}/{route}", gateway.name))
    }

    /// Of a flow that was made for what a call gives it, that call is involved as well.
    fn made_for(&self, flow: &Flow, diagnostic: Diagnostic) -> Diagnostic {
        let given = self.span(&format!("flow/{}/given", flow.name));
        let made = |d: Diagnostic, place| d.and(place, "the flow is made for what is given here");
        given.into_iter().fold(diagnostic, made)
    }

    fn operation(&self, service: ServiceId, operation: OperationId) -> Option<&'a Operation> {
        self.program.service(service)?.operations.get(operation.index())
    }

    /// `payments.charge`
    fn operation_name(&self, service: ServiceId, operation: OperationId) -> String {
        let service_name = self.program.service(service).map(|service| service.name.clone());
        let name = self.operation(service, operation).map(|found| found.name.clone());
        let part = |name: Option<Name>| name.unwrap_or_default();
        format!("{}.{}", part(service_name), part(name))
    }

    fn error_name(&self, error: ErrorId) -> Name {
        let found = self.program.errors.get(error.index());
        found.map(|error| error.name.clone()).unwrap_or_default()
    }

    /// Where an operation is declared.
    fn said_of(&self, service: ServiceId, operation: OperationId) -> Option<Span> {
        let service_name = &self.program.service(service)?.name;
        let name = &self.operation(service, operation)?.name;
        self.span(&format!("service/{service_name}/{name}"))
    }

    /// Where it was said what holds for an operation.
    fn said(&self, service: ServiceId, operation: OperationId, setting: &str) -> Option<Span> {
        let service_name = &self.program.service(service)?.name;
        let name = &self.operation(service, operation)?.name;
        self.span(&format!("said/{service_name}/{name}/{setting}"))
    }

    fn worst(&self, flow: FlowId) -> Option<&FlowWorst> {
        let all = self.worst.get_or_init(|| worst::flows(self.program));
        all.get(flow.index())
    }

    fn flow_time(&self, flow: FlowId) -> worst::Time {
        self.worst(flow).map(|worst| worst.time).unwrap_or_default()
    }
}

/// The states that run inside the region that a state begins.
fn inside(flow: &Flow, state: StateId) -> BTreeSet<StateId> {
    let mut open = Vec::new();
    if let Some(End::Region(_)) = flow.states.get(state.index()).map(|state| &state.end) {
        branches(flow, state, &mut open);
    }
    let mut seen = BTreeSet::new();
    while let Some(at) = open.pop() {
        let Some(state) = flow.states.get(at.index()) else {
            continue;
        };
        if seen.insert(at) {
            state.end.ways(|lead, next| {
                if !matches!(lead, Lead::Out(_)) {
                    open.push(*next);
                }
            });
        }
    }
    seen
}

/// Where the fibers of a region begin.
fn branches(flow: &Flow, state: StateId, open: &mut Vec<StateId>) {
    if let Some(state) = flow.states.get(state.index()) {
        state.end.ways(|lead, next| {
            if matches!(lead, Lead::Branch | Lead::Finally) {
                open.push(*next);
            }
        });
    }
}
