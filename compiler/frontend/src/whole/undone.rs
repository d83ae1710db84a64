//! Calls that change something, are followed by something that can end the run in a failure, and are not undone then.
//!
//! What counts as a failure depends on whether the program knows a way back ([`back`]): with one, every later call that
//! can fail counts, as in any chain of steps that are undone together; without one, only what the program itself fails
//! with. Nothing is said of calls that are made because the run fails anyway, that are themselves a way back, whose results
//! other runs reuse, or for which the author says `undo none`.

mod back;
mod later;

use super::Whole;
use crate::{
    ast::{ExprKind, Statement, StatementKind, Tails},
    cure::tree,
};
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::{
    OperationId, ServiceId, StateId,
    flow::{Call, End, Flow, Lead},
    service::EffectKind,
    validate::{Strands, strands},
};
use later::{Failure, Later};
use std::collections::BTreeSet;

pub(super) fn check(whole: &mut Whole<'_>) {
    let undoing = undoing(whole);
    for (_, flow) in whole.flows() {
        let states = (0u32..).map(StateId).zip(&flow.states);
        let open = states.filter_map(|(at, state)| match &state.end {
            End::Call(call) if is_open(call) && changes(whole, call, &undoing) => Some((at, &**call)),
            _ => None,
        });
        let open: Vec<(StateId, &Call)> = open.collect();
        if open.is_empty() {
            continue;
        }
        let Some(strands) = strands(flow) else { continue };
        for (at, call) in open {
            self::call(whole, flow, &strands, at, call);
        }
    }
}

/// Whether it is not undone, and may be: a result that other runs reuse stays.
fn is_open(call: &Call) -> bool {
    call.undo.is_none() && call.cache.is_none()
}

/// The operations with which something is undone somewhere in the program.
fn undoing(whole: &Whole<'_>) -> BTreeSet<(ServiceId, OperationId)> {
    let states = whole.program.flows.iter().flat_map(|flow| &flow.states);
    let undo = states.filter_map(|state| match &state.end {
        End::Call(call) => call.undo.as_ref(),
        End::Start(start) => start.undo.as_ref(),
        _ => None,
    });
    undo.map(|undo| (undo.target.service, undo.target.operation))
        .collect()
}

/// Whether a call leaves something behind.
fn changes(whole: &Whole<'_>, call: &Call, undoing: &BTreeSet<(ServiceId, OperationId)>) -> bool {
    let (service, operation) = (call.target.service, call.target.operation);
    let found = whole.operation(service, operation);
    let changes = found.is_some_and(|found| found.effect != EffectKind::Read && !back::takes_back(found));
    changes && !undoing.contains(&(service, operation))
}

fn call(whole: &mut Whole<'_>, flow: &Flow, strands: &Strands, at: StateId, call: &Call) {
    // What is done last of all cleans up, and does not need it.
    let last = strands
        .of(at)
        .is_some_and(|strand| strands.lead(strand) == Lead::Finally);
    let Some(span) = whole.state_span(flow, at).filter(|_| !last) else {
        return;
    };
    let later = Later::after(whole, flow, strands, at, call.next);
    let Some(failure) = later.failure().filter(|_| later.may_end_well()) else {
        return;
    };
    let statement = tree::statement(whole.resolved, span).filter(|statement| statement.span == span);
    if statement.and_then(tails).is_some_and(is_meant) {
        return;
    }
    let way = back::way(whole, call, statement);
    if matches!(failure, Failure::Own(..)) || way.is_some() {
        report(whole, flow, (at, span), call, failure, way);
    }
}

fn tails(statement: &Statement) -> Option<&Tails> {
    match &statement.kind {
        StatementKind::Let { tails, .. }
        | StatementKind::Assign { tails, .. }
        | StatementKind::Expr { tails, .. }
        | StatementKind::Return { tails, .. } => Some(tails),
        _ => None,
    }
}

/// `undo none`
fn is_meant(tails: &Tails) -> bool {
    let undo = tails.undo.as_ref().map(|(_, undo)| &undo.kind);
    matches!(undo, Some(ExprKind::None))
}

fn report(
    whole: &mut Whole<'_>,
    flow: &Flow,
    (at, span): (StateId, Span),
    call: &Call,
    failure: Failure,
    way: Option<back::Way>,
) {
    let name = whole.operation_name(call.target.service, call.target.operation);
    let message = format!("`{name}` stays done when `{}` fails later", flow.name);
    let mut diagnostic = whole.made_for(flow, Diagnostic::warning(Code(607), span, message));
    let (failing, with) = match failure {
        Failure::Own(place, error) => (place, format!("with `{}`", whole.error_name(error))),
        Failure::Any(place) => (place, "as every call can".to_owned()),
    };
    let text = if failing == at {
        format!("a later round of this can fail, {with}")
    } else {
        format!("this can fail, {with}")
    };
    if let Some(place) = whole.state_span(flow, failing) {
        diagnostic = diagnostic.and(place, text);
    }
    let declared = way
        .as_ref()
        .and_then(|way| whole.said_of(way.service, way.operation));
    if let Some(place) = declared {
        diagnostic = diagnostic.and(place, "this takes it back");
    }
    let how = way.as_ref().map_or_else(
        || "undo it with a call that takes it back".to_owned(),
        |way| format!("add `undo {}`", way.title),
    );
    diagnostic = diagnostic.help(format!(
        "{how}, make this call last, or write `undo none` if it may stay"
    ));
    diagnostic.fix = way.and_then(|way| way.fix);
    whole.report(diagnostic);
}
