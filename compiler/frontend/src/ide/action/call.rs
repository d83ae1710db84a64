//! Calls of operations: undone, caught, tried again, run beside, given a deadline.

use super::{Action, ActionKind, Ask, action, edit, fill::sample, names::type_text};
use crate::{
    ast::{Statement, StatementKind, Tails},
    check::{FactKind, OperationInfo, ServiceInfo, Ty, time},
    syntax::SyntaxKind as K,
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{PolicyId, service::EffectKind, worst};
use std::sync::Arc;

/// Beginnings of names of operations that take back what another did.
const UNDOING: [&str; 10] = [
    "undo",
    "un",
    "release",
    "refund",
    "cancel",
    "delete",
    "remove",
    "give_back",
    "recall",
    "revoke",
];

/// A call at the cursor.
struct Called<'a> {
    service: &'a ServiceInfo,
    operation: &'a OperationInfo,
    policy: PolicyId,
    /// The name of the operation, and the whole call.
    name: Span,
    whole: Span,
    statement: &'a Statement,
    tails: Option<&'a Tails>,
}

pub(super) fn actions(ask: &Ask<'_>) -> Vec<Action> {
    let Some(called) = called(ask) else {
        return Vec::new();
    };
    let offers = [
        undone(ask, &called),
        caught(ask, &called),
        caught_any(ask, &called),
        tried_again(ask, &called),
        beside(ask, &called),
        deadline(ask, &called),
    ];
    offers.into_iter().flatten().collect()
}

/// The whole call whose brackets touch an offset, or whose name stands there.
pub(super) fn call_at(ask: &Ask<'_>, offset: u32) -> Option<Span> {
    let token = ask.snapshot.tokens_at(ask.id, offset).1?;
    let operand = token.parent_ancestors().find(|node| node.kind() == K::Operand)?;
    let range = operand.text_range();
    Some(Span::new(ask.id, range.start().into(), range.end().into()))
}

fn called<'a>(ask: &Ask<'a>) -> Option<Called<'a>> {
    let statement = ask.statement()?;
    let (value, tails) = match &statement.kind {
        StatementKind::Let { value, tails, .. }
        | StatementKind::Assign { value, tails, .. }
        | StatementKind::Expr { value, tails } => (value.span, Some(tails)),
        StatementKind::Return {
            value: Some(value),
            tails,
        } => (value.span, Some(tails)),
        _ => return None,
    };
    if !value.touches(ask.span.start) {
        return None;
    }
    let checked = &ask.snapshot.analysis.checked;
    let mut facts = checked.facts.iter().filter(|fact| fact.span.source == ask.id);
    let fact = facts.find(|fact| {
        matches!(fact.kind, FactKind::Operation(..))
            && value.start <= fact.span.start
            && fact.span.end <= value.end
    })?;
    let FactKind::Operation(service, operation, policy) = &fact.kind else {
        return None;
    };
    let owner = checked.globals.services.get(service.index())?;
    Some(Called {
        service: owner,
        operation: owner.operations.get(*operation as usize)?,
        policy: *policy,
        name: fact.span,
        whole: value,
        statement,
        tails,
    })
}

/// How the call is undone, by the operation of the service that looks like it.
fn undone(ask: &Ask<'_>, called: &Called<'_>) -> Option<Action> {
    let writes = called.operation.effect != EffectKind::Read;
    if !writes || called.tails?.undo.is_some() || called.operation.stream {
        return None;
    }
    let by = undoing(called)?;
    let prefix = ask.slice(Span {
        end: called.name.start,
        ..called.whole
    });
    let mut arguments = Vec::new();
    for param in by.signature.params.iter().filter(|param| !param.ty.is_optional()) {
        arguments.push(argument(ask, called, &param.name, &param.ty)?);
    }
    let text = format!("\n  undo {prefix}{}({})", by.signature.name, arguments.join(", "));
    let title = format!("undo it with `{}`", by.signature.name);
    Some(action(
        ActionKind::Rewrite,
        title,
        vec![edit(ask.spot(called.whole.end), text)],
    ))
}

fn undoing<'a>(called: &Called<'a>) -> Option<&'a Arc<OperationInfo>> {
    let own = &called.operation.signature.name;
    let takes_back = |name: &str| {
        let begins = UNDOING.iter().any(|word| name.starts_with(word));
        begins || name == format!("un{own}")
    };
    let others = called.service.operations.iter().filter(|other| {
        other.signature.name != *own
            && other.effect != EffectKind::Once
            && !other.stream
            && takes_back(&other.signature.name)
    });
    others.min_by_key(|other| !other.signature.name.contains(own.as_str()))
}

/// What the undoing is given: a field of what the call gave, or what the call was given.
fn argument(ask: &Ask<'_>, called: &Called<'_>, name: &str, ty: &Ty) -> Option<String> {
    let globals = &ask.snapshot.analysis.checked.globals;
    if let StatementKind::Let { name: bound, .. } = &called.statement.kind {
        let result = &called.operation.signature.result;
        if let Some((_, fields)) = globals.record(result) {
            let field = fields
                .iter()
                .find(|field| field.name == name && globals.fits(&field.ty, ty).is_some());
            if let Some(field) = field {
                return Some(format!("{}.{}", bound.text, field.name));
            }
        }
        if globals.fits(result, ty).is_some() {
            return Some(bound.text.to_string());
        }
    }
    let at = called
        .operation
        .signature
        .params
        .iter()
        .position(|param| param.name == name)?;
    let call = ask.slice(called.whole);
    let open = call.find('(')?;
    let inner = call.get(open + 1..)?.strip_suffix(')')?;
    let plain = !inner.contains(['(', '[', '{', ':', '"']);
    inner
        .split(',')
        .nth(at)
        .map(str::trim)
        .filter(|given| plain && !given.is_empty())
        .map(str::to_owned)
}

/// A `catch` for each error that the call fails with and nobody catches.
fn caught(ask: &Ask<'_>, called: &Called<'_>) -> Option<Action> {
    let globals = &ask.snapshot.analysis.checked.globals;
    let tails = called.tails?;
    let known: Vec<&str> = tails
        .catch
        .iter()
        .map(|catch| catch.error.text.as_str())
        .collect();
    let fails = called
        .operation
        .signature
        .fails
        .iter()
        .filter_map(|(id, _)| globals.error(*id));
    let open: Vec<&str> = fails
        .map(|error| error.name.as_str())
        .filter(|name| !known.contains(name))
        .collect();
    if open.is_empty() || known.contains(&"any") {
        return None;
    }
    let body = handler(ask, called)?;
    let text: String = open
        .iter()
        .map(|name| format!("\n  catch {name} -> {body}"))
        .collect();
    let title = format!("catch {}", open.join(", "));
    Some(action(
        ActionKind::Rewrite,
        title,
        vec![edit(ask.spot(tails_end(called)), text)],
    ))
}

fn caught_any(ask: &Ask<'_>, called: &Called<'_>) -> Option<Action> {
    let tails = called.tails?;
    if tails.catch.iter().any(|catch| catch.error.text == "any") {
        return None;
    }
    let text = format!("\n  catch any -> {}", handler(ask, called)?);
    Some(action(
        ActionKind::Rewrite,
        "catch every error",
        vec![edit(ask.spot(tails_end(called)), text)],
    ))
}

/// What a `catch` gives or does: a plain value of the result, or a line in the log.
fn handler(ask: &Ask<'_>, called: &Called<'_>) -> Option<String> {
    let bound = matches!(
        called.statement.kind,
        StatementKind::Let { .. } | StatementKind::Assign { .. } | StatementKind::Return { .. }
    );
    match (bound, &called.operation.signature.result) {
        (true, Ty::Unit) | (false, _) => Some(format!("log \"{} failed\"", called.operation.signature.name)),
        (true, ty) => sample(ask, ty, 0),
    }
}

/// Where the statement ends.
fn tails_end(called: &Called<'_>) -> u32 {
    let tails = called
        .tails
        .map(|tails| tails.with.is_some() || tails.cache.is_some())
        .unwrap_or_default();
    if tails {
        called.whole.end
    } else {
        called.statement.span.end
    }
}

/// A policy of its own for the call, whose retries are bounded by a budget.
fn tried_again(ask: &Ask<'_>, called: &Called<'_>) -> Option<Action> {
    let policy = ask
        .snapshot
        .analysis
        .checked
        .policies
        .get(called.policy.index())?;
    let repeatable = called.operation.effect != EffectKind::Once && !called.operation.stream;
    if !repeatable || policy.retry.is_some() || called.tails?.with.is_some() {
        return None;
    }
    let retry = "{ attempts: 3, on: [connect, timeout, 5xx, 429], backoff: exponential(100ms, max: 2s), budget: 20% }";
    let text = format!("\n  with {{ retry: {retry} }}");
    Some(action(
        ActionKind::Rewrite,
        "try it again, within a budget",
        vec![edit(ask.spot(called.statement.span.end), text)],
    ))
}

/// `spawn`: it runs beside what follows.
fn beside(ask: &Ask<'_>, called: &Called<'_>) -> Option<Action> {
    let tails = called.tails?;
    let alone = matches!(called.statement.kind, StatementKind::Expr { .. });
    if !alone || !tails.is_empty() || called.operation.stream {
        return None;
    }
    let name = ask.free(&["task"]);
    let start = ask.spot(called.statement.span.start);
    let text = format!("let {name} = spawn ");
    let wait = edit(ask.spot(called.statement.span.end), format!("\nawait {name}"));
    Some(action(
        ActionKind::Rewrite,
        "run it beside, and await it",
        vec![edit(start, text), wait],
    ))
}

/// `within`, as long as the call can take at the worst, so that it is never cut short by chance.
fn deadline(ask: &Ask<'_>, called: &Called<'_>) -> Option<Action> {
    if matches!(
        called.statement.kind,
        StatementKind::Let { .. } | StatementKind::Return { .. }
    ) || called.operation.stream
    {
        return None;
    }
    let policy = ask
        .snapshot
        .analysis
        .checked
        .policies
        .get(called.policy.index())?;
    let ms = worst::call_ms(policy);
    let own = crate::cure::text::dedented(ask.source, called.statement.span);
    let inner = own.replace('\n', "\n  ");
    let text = format!("within {} {{\n  {inner}\n}}", time(ms));
    let title = format!("give it {} and no longer", time(ms));
    Some(action(
        ActionKind::Rewrite,
        title,
        vec![edit(called.statement.span, text)],
    ))
}

/// The type of a call's result as it is written; nothing where it has none.
pub(super) fn result_text(ask: &Ask<'_>, ty: &Ty) -> Option<String> {
    match ty {
        Ty::Unit => None,
        ty => type_text(ask, ty),
    }
}
