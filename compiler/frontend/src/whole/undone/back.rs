//! The way back from a call: an operation of the same service that takes back what it did, and with which arguments.

use crate::{
    ast::{ExprKind, Statement, StatementKind},
    cure::{text, tree},
    whole::Whole,
};
use flowmesh_diagnostics::{Edit, Fix, Source, Span};
use flowmesh_ir::{
    OperationId, Program, ServiceId,
    expr::Expr,
    flow::Call,
    service::{Method, Operation, Piece},
    ty::{Field, Shape, Type},
};

/// Words with which operations begin that take something back.
const BACK: [&str; 18] = [
    "cancel",
    "delete",
    "release",
    "refund",
    "remove",
    "revoke",
    "rollback",
    "undo",
    "void",
    "withdraw",
    "unlock",
    "unbook",
    "deregister",
    "unregister",
    "unsubscribe",
    "reverse",
    "discard",
    "abort",
];

/// A way back.
pub(super) struct Way {
    pub(super) service: ServiceId,
    pub(super) operation: OperationId,
    /// `payments.refund(receipt.id)`, with `...` where the arguments are not known.
    pub(super) title: String,
    pub(super) fix: Option<Fix>,
}

/// Where an argument comes from.
enum From {
    /// A parameter of the call, by its number.
    Argument(usize),
    /// A part of such a parameter.
    Part(usize, String),
    /// The result.
    Result,
    /// A part of the result.
    Field(String),
}

/// Whether an operation takes back what others did.
pub(super) fn takes_back(operation: &Operation) -> bool {
    operation.method == Method::Delete || BACK.iter().any(|word| begins_with(&operation.name, word))
}

/// `cancel_order` begins with `cancel`, and `cancellation` does not.
fn begins_with(name: &str, word: &str) -> bool {
    name.strip_prefix(word)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

/// The way back from a call whose arguments all come from the call itself.
pub(super) fn way(whole: &Whole<'_>, call: &Call, statement: Option<&Statement>) -> Option<Way> {
    let (service, done) = (call.target.service, call.target.operation);
    let forth = whole.operation(service, done)?;
    let operations = &whole.program.service(service)?.operations;
    let all = (0u32..).map(OperationId).zip(operations);
    let fits = |(id, operation): &(OperationId, &Operation)| {
        *id != done && operation.effect.repeatable() && takes_back(operation) && concerns(operation, forth)
    };
    let (operation, found, from) = all.filter(fits).find_map(|(id, operation)| {
        let from = operation
            .params
            .iter()
            .map(|param| source(whole.program, forth, param));
        Some((id, operation, from.collect::<Option<Vec<From>>>()?))
    })?;
    let name = whole.operation_name(service, operation);
    let written = statement.and_then(|statement| written(whole, call, statement, found, &from));
    let (title, fix) = match written {
        Some((title, fix)) => (title, Some(fix)),
        None => (format!("{name}(...)"), None),
    };
    Some(Way {
        service,
        operation,
        title,
        fix,
    })
}

/// Whether one operation is about what another made: its name is a word alone, or shares one, or its path leads on.
fn concerns(back: &Operation, forth: &Operation) -> bool {
    let alone = BACK.contains(&back.name.as_str());
    let words = |name: &str| name.split('_').map(str::to_owned).collect::<Vec<_>>();
    let shared = words(&back.name).iter().skip(1).any(|word| {
        words(&forth.name)
            .iter()
            .any(|known| known.starts_with(word.as_str()) || word.starts_with(known.as_str()))
    });
    let (path, other) = (literals(back), literals(forth));
    let leads_on = back.method == Method::Delete && !other.is_empty() && path.starts_with(&other);
    alone || shared || leads_on
}

/// The literal pieces of a path, one after the other.
fn literals(operation: &Operation) -> String {
    let literal = operation.path.iter().filter_map(|piece| match piece {
        Piece::Literal(text) => Some(text.trim_end_matches('/')),
        Piece::Value(_) => None,
    });
    literal.collect()
}

/// Where the value of a parameter comes from: what the call was given under its name, what it gave, or a part of either.
fn source(program: &Program, forth: &Operation, param: &Field) -> Option<From> {
    let same = |field: &Field| field.name == param.name && field.ty == param.ty;
    if let Some(at) = forth.params.iter().position(same) {
        return Some(From::Argument(at));
    }
    let short = param.name.rsplit('_').next().unwrap_or(&param.name);
    let of_record = |ty: &Type| {
        let fields = fields(program, ty)?;
        let named = |name: &str| {
            fields
                .iter()
                .find(|field| field.name == name && field.ty == param.ty)
        };
        named(&param.name)
            .or_else(|| named(short))
            .map(|field| field.name.to_string())
    };
    if let Some(field) = of_record(&forth.result) {
        return Some(From::Field(field));
    }
    // A text that is given back names what was made.
    if forth.result == param.ty && short == "id" {
        return Some(From::Result);
    }
    let mut params = forth.params.iter().enumerate();
    params.find_map(|(at, given)| Some(From::Part(at, of_record(&given.ty)?)))
}

fn fields<'p>(program: &'p Program, ty: &Type) -> Option<&'p [Field]> {
    let Type::Named(id) = ty else { return None };
    match &program.types.get(id.index())?.shape {
        Shape::Record(fields) => Some(fields),
        _ => None,
    }
}

/// The call that undoes as it is written, and the change that adds it to a statement.
fn written(
    whole: &Whole<'_>,
    call: &Call,
    statement: &Statement,
    back: &Operation,
    from: &[From],
) -> Option<(String, Fix)> {
    let (bound, value) = match &statement.kind {
        StatementKind::Let { name, value, .. } => (Some(name.text.to_string()), value),
        StatementKind::Expr { value, .. } => (None, value),
        _ => return None,
    };
    let source = whole.sources.get(statement.span.source)?;
    let ExprKind::Call(callee, given) = &value.kind else {
        return None;
    };
    let ExprKind::Field(service, _) = &callee.kind else {
        return None;
    };
    let needs_name = from
        .iter()
        .any(|from| matches!(from, From::Result | From::Field(_)));
    let around = tree::item(whole.resolved, statement.span)?.span;
    let name = match bound {
        Some(name) => name,
        None if needs_name => text::free_name(source, around, &[&back_name(whole, call)])?,
        None => String::new(),
    };
    let forth = whole.operation(call.target.service, call.target.operation)?;
    let argument = |at: usize| {
        let param = forth.params.get(at)?;
        let named = given
            .iter()
            .find(|given| given.name.as_ref().is_some_and(|name| name.text == param.name));
        let placed = given.get(at).filter(|given| given.name.is_none());
        let value = &named.or(placed)?.value;
        // What is computed anew could come out otherwise.
        is_stable(call.target.arguments.get(at)?).then(|| source.slice(value.span).to_owned())
    };
    let values = from.iter().map(|from| match from {
        From::Argument(at) => argument(*at),
        From::Part(at, part) => Some(format!("{}.{part}", argument(*at)?)),
        From::Result => Some(name.clone()),
        From::Field(field) => Some(format!("{name}.{field}")),
    });
    let values = values.collect::<Option<Vec<_>>>()?;
    let title = format!(
        "{}.{}({})",
        source.slice(service.span),
        back.name,
        values.join(", ")
    );
    let bind = (needs_name && matches!(statement.kind, StatementKind::Expr { .. })).then(|| name.clone());
    Some((
        title.clone(),
        fix(source, statement, value.span, &title, bind.as_deref())?,
    ))
}

fn fix(source: &Source, statement: &Statement, value: Span, title: &str, bind: Option<&str>) -> Option<Fix> {
    let alone = text::line_before(source, statement.span).trim().is_empty();
    let rest = source.text.get(value.end as usize..)?.lines().next()?.trim();
    let tail = if rest.is_empty() {
        format!("\n  undo {title}")
    } else {
        format!(" undo {title}")
    };
    let mut edits = vec![Edit {
        span: text::span_at(value, value.end as usize),
        text: tail,
    }];
    if let Some(bind) = bind {
        edits.push(Edit {
            span: text::span_at(value, value.start as usize),
            text: format!("let {bind} = "),
        });
    }
    alone.then(|| Fix {
        title: format!("add `undo {title}`"),
        edits,
    })
}

/// What to call the result of a call that nobody has named.
fn back_name(whole: &Whole<'_>, call: &Call) -> String {
    let operation = whole.operation(call.target.service, call.target.operation);
    operation.map_or_else(
        || "done".to_owned(),
        |operation| format!("{}_done", operation.name),
    )
}

/// Whether an argument is what it was after the call: names, their parts and constants.
fn is_stable(expr: &Expr) -> bool {
    match expr {
        Expr::Constant(_) | Expr::Slot(_) | Expr::Config(_) => true,
        Expr::Field(of, _) => is_stable(of),
        Expr::Text(parts) => parts.iter().all(is_stable),
        _ => false,
    }
}
