//! Calls that change something, are followed by something that can fail, and are not undone then.

use super::Whole;
use flowmesh_diagnostics::{Code, Diagnostic};
use flowmesh_ir::{
    StateId,
    flow::{Call, End, Flow},
    service::{EffectKind, Method, Operation},
};
use std::collections::BTreeSet;

pub(super) fn check(whole: &mut Whole<'_>) {
    for (_, flow) in whole.flows() {
        // A flow that undoes nothing has decided so; one that undoes some of what it does may have forgotten the rest.
        let undoes = flow
            .states
            .iter()
            .any(|state| matches!(&state.end, End::Call(call) if call.undo.is_some()));
        if !undoes {
            continue;
        }
        for (at, state) in (0u32..).map(StateId).zip(&flow.states) {
            if let End::Call(call) = &state.end
                && call.undo.is_none()
            {
                self::call(whole, flow, at, call);
            }
        }
    }
}

fn call(whole: &mut Whole<'_>, flow: &Flow, at: StateId, call: &Call) {
    let Some(operation) = whole.operation(call.target.service, call.target.operation) else {
        return;
    };
    // What removes is what others are undone with.
    if operation.effect == EffectKind::Read || operation.method == Method::Delete {
        return;
    }
    let Some(fails) = failure(whole, flow, call.next) else {
        return;
    };
    let Some(span) = whole.state_span(flow, at) else {
        return;
    };
    let name = whole.operation_name(call.target.service, call.target.operation);
    let message = format!("`{name}` stays done when `{}` fails later", flow.name);
    let mut diagnostic = Diagnostic::warning(Code(607), span, message);
    let place = whole.state_span(flow, fails);
    diagnostic = place
        .into_iter()
        .fold(diagnostic, |d, place| d.and(place, "this can fail"));
    let service = whole.program.service(call.target.service);
    let undoing = service.and_then(|service| {
        let undoes = |known: &&Operation| known.method == Method::Delete && known.effect.repeatable();
        let found = service.operations.iter().find(undoes)?;
        Some(format!("{}.{}(...)", service.name, found.name))
    });
    let how = undoing.unwrap_or_else(|| "a call that takes it back".to_owned());
    whole.report(diagnostic.help(format!("add `undo {how}`, or make this call last")));
}

/// The first state from here on that ends the run with an error of the program's own.
fn failure(whole: &Whole<'_>, flow: &Flow, from: StateId) -> Option<StateId> {
    let mut open = std::collections::VecDeque::from([from]);
    let mut seen = BTreeSet::new();
    while let Some(at) = open.pop_front() {
        let Some(state) = flow.states.get(at.index()).filter(|_| seen.insert(at)) else {
            continue;
        };
        if can_fail(whole, &state.end) {
            return Some(at);
        }
        state.end.ways(|_, next| open.push_back(*next));
    }
    None
}

/// Errors that every call can end with are not counted: nearly everything could fail by them.
fn can_fail(whole: &Whole<'_>, end: &End) -> bool {
    match end {
        End::Fail(_) => true,
        End::Call(call) => {
            let operation = whole.operation(call.target.service, call.target.operation);
            operation.is_some_and(|operation| {
                let caught = |error| call.catch.iter().any(|catch| catch.error == error);
                operation.fails.iter().any(|error| !caught(*error))
            })
        }
        _ => false,
    }
}
