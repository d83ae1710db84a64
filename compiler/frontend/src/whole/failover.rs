//! Failovers that can take nothing: back to the service that has nobody, or to one that speaks otherwise.

use super::Whole;
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::{
    GatewayId, OperationId, PolicyId, Program, ServiceId, StateId,
    gateway::Target,
    service::{Binding, Operation},
    traffic::Onward,
    worst,
};
use std::{collections::HashSet, slice};

/// How a service is spoken to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speech {
    Http,
    Grpc,
    /// It is reached by no address.
    Local,
}

/// What goes elsewhere: a request as it comes, or a call.
#[derive(Clone, Copy)]
enum Sent {
    AsItIs(ServiceId),
    Call(ServiceId, OperationId),
}

pub(super) fn check(whole: &mut Whole<'_>) {
    let mut seen = HashSet::new();
    let mut found = declared(whole);
    found.extend(called(whole));
    found.extend(led(whole));
    for (sent, policy, span) in found {
        let Some(span) = span else {
            continue;
        };
        if let Some(why) = wrong(whole.program, sent, policy)
            && seen.insert((span, why.clone()))
        {
            let help = "name another service that takes the same requests, or a subset of this one";
            whole.report(Diagnostic::error(Code(556), span, why).help(help));
        }
    }
}

type Said = (Sent, PolicyId, Option<Span>);

/// What services and their operations say.
fn declared(whole: &Whole<'_>) -> Vec<Said> {
    let mut all = Vec::new();
    for (id, service) in (0u32..).map(ServiceId).zip(&whole.program.services) {
        let place = |part: &str| whole.span(&format!("service/{}{part}", service.name));
        if service.operations.is_empty() {
            let own = place("@failover").or_else(|| place("@policy"));
            all.push((Sent::AsItIs(id), service.policy, own));
        }
        for (number, operation) in (0u32..).map(OperationId).zip(&service.operations) {
            let said = whole.said(id, number, "failover");
            all.push((Sent::Call(id, number), operation.policy, said));
        }
    }
    all
}

/// What calls say themselves.
fn called(whole: &Whole<'_>) -> Vec<Said> {
    let mut all = Vec::new();
    for (_, flow) in whole.flows() {
        for (at, state) in (0u32..).map(StateId).zip(&flow.states) {
            let Some(target) = worst::target(&state.end) else {
                continue;
            };
            let declared = whole.operation(target.service, target.operation);
            if same(whole, declared.map(|declared| declared.policy), target.policy) {
                continue;
            }
            let sent = Sent::Call(target.service, target.operation);
            all.push((sent, target.policy, whole.state_span(flow, at)));
        }
    }
    all
}

/// What routes of gateways say.
fn led(whole: &Whole<'_>) -> Vec<Said> {
    let mut all = Vec::new();
    for (id, gateway) in (0u32..).map(GatewayId).zip(&whole.program.gateways) {
        for (at, route) in gateway.routes.iter().enumerate() {
            let Some(policy) = route.policy.or(gateway.policy) else {
                continue;
            };
            if same(whole, route.target.policy(whole.program), policy) {
                continue;
            }
            let sent = match route.target {
                Target::Service { service, .. } => Sent::AsItIs(service),
                Target::Operation {
                    service, operation, ..
                } => Sent::Call(service, operation),
                Target::Flow { .. } | Target::Redirect { .. } => continue,
            };
            all.push((sent, policy, whole.route_span(id, at)));
        }
    }
    all
}

/// Whether a policy sends requests where they are sent anyway, of which was told where that is said.
fn same(whole: &Whole<'_>, declared: Option<PolicyId>, policy: PolicyId) -> bool {
    let failover = |id: PolicyId| whole.program.policy(id).and_then(|policy| policy.failover);
    declared.is_some_and(|declared| failover(declared) == failover(policy))
}

/// What is wrong with where a policy sends something else.
fn wrong(program: &Program, sent: Sent, policy: PolicyId) -> Option<String> {
    let Onward::Service(to) = program.policy(policy)?.failover? else {
        return None;
    };
    let (Sent::AsItIs(from) | Sent::Call(from, _)) = sent;
    let (from, other) = (program.service(from)?, program.service(to)?);
    if from.name == other.name {
        return Some(format!("`failover` of `{}` leads back to it", from.name));
    }
    let spoken = match sent {
        Sent::AsItIs(_) => from.operations.as_slice(),
        Sent::Call(_, operation) => slice::from_ref(from.operations.get(operation.index())?),
    };
    // What is reached by no address is not sent by the mesh at all.
    let spoken: Vec<Speech> = speeches(spoken)
        .filter(|speech| *speech != Speech::Local)
        .collect();
    let others: Vec<Speech> = speeches(&other.operations).collect();
    let (one, speech) = (spoken.first(), others.first()?);
    let nowhere = others.iter().all(|speech| *speech == Speech::Local);
    if !nowhere && (one.is_none() || spoken.iter().any(|one| others.contains(one))) {
        return None;
    }
    let own = one.map_or_else(String::new, |one| format!(", which is {},", one.words()));
    let (from, other, words) = (&from.name, &other.name, speech.words());
    Some(format!(
        "`failover` of `{from}`{own} leads to `{other}`, which is {words}"
    ))
}

fn speeches(operations: &[Operation]) -> impl Iterator<Item = Speech> {
    operations.iter().map(speech)
}

fn speech(operation: &Operation) -> Speech {
    match operation.binding {
        Binding::Http => Speech::Http,
        Binding::Grpc { .. } => Speech::Grpc,
        Binding::Run { .. } | Binding::Worker { .. } => Speech::Local,
    }
}

impl Speech {
    fn words(self) -> &'static str {
        match self {
            Self::Http => "called by HTTP",
            Self::Grpc => "called by gRPC",
            Self::Local => "reached by no address",
        }
    }
}
