//! Fills in what is missing: arms of a match, arguments of a call, fields of a record; and values to begin with.

use super::{Action, ActionKind, Ask, action, edit};
use crate::{
    ast::{Argument, Expr, ExprArm, ExprKind, Part, Pattern, PatternKind, StatementArm, StatementKind},
    check::{FactKind, FieldInfo, Ty},
    resolve::Def,
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{EventId, TypeId};

/// How deep a record of records is written out.
const DEEPEST: u32 = 4;

pub(super) fn actions(ask: &Ask<'_>) -> Vec<Action> {
    let mut found = Vec::new();
    found.extend(arms(ask));
    for part in ask.around().into_iter().rev() {
        if let Part::Expr(expr) = part
            && let ExprKind::Call(callee, arguments) = &expr.kind
        {
            found.extend(filled(ask, expr, callee, arguments));
            found.extend(named(ask, callee, arguments));
            break;
        }
    }
    found
}

/// A value of a type that an author can begin with.
pub(super) fn sample(ask: &Ask<'_>, ty: &Ty, depth: u32) -> Option<String> {
    let globals = &ask.snapshot.analysis.checked.globals;
    Some(match ty {
        Ty::Bool => "false".to_owned(),
        Ty::Int | Ty::Decimal => "0".to_owned(),
        Ty::Float => "0.0".to_owned(),
        Ty::String => "\"\"".to_owned(),
        Ty::Duration => "0s".to_owned(),
        Ty::Url => "\"http://127.0.0.1:1\"".to_owned(),
        Ty::Date => "date(\"2026-01-01\")".to_owned(),
        Ty::Time => "time(\"2026-01-01T00:00:00Z\")".to_owned(),
        Ty::Optional(_) => "none".to_owned(),
        Ty::List(_) => "[]".to_owned(),
        Ty::Map(_) => "{}".to_owned(),
        Ty::Json => "\"\".to_json()".to_owned(),
        Ty::Named(id) if depth < DEEPEST => {
            let unfolded = globals.unfold(ty);
            if unfolded != *ty {
                return sample(ask, &unfolded, depth + 1);
            }
            let name = super::names::type_text(ask, ty)?;
            if let Some((_, fields)) = globals.record(ty) {
                let fields = values(ask, fields, depth)?;
                return Some(format!("{name}({fields})"));
            }
            let (_, cases) = globals.cases(&Ty::Named(*id))?;
            let plain = cases
                .iter()
                .find(|case| case.fields.is_empty())
                .or(cases.first())?;
            match plain.fields.is_empty() {
                true => format!("{name}.{}", plain.name),
                false => format!("{name}.{}({})", plain.name, values(ask, &plain.fields, depth)?),
            }
        }
        _ => return None,
    })
}

/// `name: value` for each field that has to be there.
pub(super) fn values(ask: &Ask<'_>, fields: &[FieldInfo], depth: u32) -> Option<String> {
    let globals = &ask.snapshot.analysis.checked.globals;
    let needed = fields
        .iter()
        .filter(|field| !globals.unfold(&field.ty).is_optional());
    let values: Option<Vec<String>> = needed
        .map(|field| Some(format!("{}: {}", field.name, sample(ask, &field.ty, depth + 1)?)))
        .collect();
    Some(values?.join(", "))
}

/// The cases that no arm fits.
fn arms(ask: &Ask<'_>) -> Option<Action> {
    let mut around = ask.around();
    around.reverse();
    for part in around {
        let (subject, patterns, whole, value) = match part {
            Part::Statement(statement) => match &statement.kind {
                StatementKind::Match { subject, arms } => {
                    let patterns: Vec<Option<&Pattern>> = arms
                        .iter()
                        .map(|arm: &StatementArm| arm.pattern.as_ref())
                        .collect();
                    (subject, patterns, statement.span, false)
                }
                _ => continue,
            },
            Part::Expr(expr) => match &expr.kind {
                ExprKind::Match(subject, arms) => {
                    let patterns = arms.iter().map(|arm: &ExprArm| arm.pattern.as_ref()).collect();
                    (&**subject, patterns, expr.span, true)
                }
                _ => continue,
            },
            Part::Block(_) => continue,
        };
        return missing(ask, subject, &patterns, (whole, value));
    }
    None
}

fn missing(
    ask: &Ask<'_>,
    subject: &Expr,
    patterns: &[Option<&Pattern>],
    (whole, value): (Span, bool),
) -> Option<Action> {
    if patterns.iter().any(Option::is_none) {
        return None;
    }
    let ty = type_of(ask, subject)?;
    let globals = &ask.snapshot.analysis.checked.globals;
    let (_, cases) = globals.cases(ty.present())?;
    let known: Vec<String> = patterns
        .iter()
        .flatten()
        .filter_map(|pattern| case_of(pattern))
        .collect();
    let open = cases
        .iter()
        .filter(|case| !known.iter().any(|name| case.name == *name));
    let arms: Vec<String> = open
        .map(|case| {
            let fields: Vec<&str> = case.fields.iter().map(|field| field.name.as_str()).collect();
            let bound = if fields.is_empty() {
                String::new()
            } else {
                format!("({})", fields.join(", "))
            };
            let body = if value {
                given(ask, whole)
            } else {
                "{ }".to_owned()
            };
            format!("when {}{bound} -> {body}", case.name)
        })
        .collect();
    if arms.is_empty() {
        return None;
    }
    let close = whole.end.saturating_sub(1);
    let one_line = !ask.slice(whole).contains('\n');
    let text = match one_line {
        true => format!(" {} ", arms.join("  ")),
        false => arms.iter().map(|arm| format!("  {arm}\n")).collect(),
    };
    Some(action(
        ActionKind::Fix,
        "add the missing arms",
        vec![edit(ask.spot(close), text)],
    ))
}

/// What the other arms give, as something that can stand there for now: the value of the first.
fn given(ask: &Ask<'_>, whole: Span) -> String {
    let text = ask.slice(whole);
    let first = text.split("->").nth(1).map(|rest| {
        rest.split(['\n', '}'])
            .next()
            .unwrap_or("")
            .split(" when ")
            .next()
            .unwrap_or("")
            .trim()
    });
    let plain = first.filter(|first| first.starts_with(|c: char| c == '"' || c.is_ascii_digit()));
    match plain {
        Some(text) if text.starts_with('"') => "\"\"".to_owned(),
        Some(_) => "0".to_owned(),
        None => first
            .filter(|first| !first.is_empty())
            .unwrap_or("none")
            .to_owned(),
    }
}

fn case_of(pattern: &Pattern) -> Option<String> {
    match &pattern.kind {
        PatternKind::Name(name) => Some(name.text.to_string()),
        PatternKind::Path(words) | PatternKind::Case(words, _) => {
            words.last().map(|word| word.text.to_string())
        }
        _ => None,
    }
}

/// The type of an expression that ends with a name, as it was noted there.
pub(super) fn type_of(ask: &Ask<'_>, expr: &Expr) -> Option<Ty> {
    let span = match &expr.kind {
        ExprKind::Name(_) => expr.span,
        ExprKind::Field(_, name) => name.span,
        _ => return None,
    };
    let facts = &ask.snapshot.analysis.checked.facts;
    let fact = facts.iter().find(|fact| fact.span == span)?;
    match &fact.kind {
        FactKind::Local(_, ty) | FactKind::Field(_, ty) => Some(ty.clone()),
        FactKind::Def(Def::Config(id)) => ask
            .snapshot
            .analysis
            .checked
            .globals
            .configs
            .get(*id as usize)
            .cloned(),
        _ => None,
    }
}

/// What a call takes.
fn params<'a>(ask: &Ask<'a>, callee: &Expr) -> Option<&'a [FieldInfo]> {
    let name = match &callee.kind {
        ExprKind::Name(_) => callee.span,
        ExprKind::Field(_, name) => name.span,
        _ => return None,
    };
    let checked = &ask.snapshot.analysis.checked;
    let globals = &checked.globals;
    let fact = checked.facts.iter().find(|fact| fact.span == name)?;
    Some(match &fact.kind {
        FactKind::Operation(service, operation, _) => {
            let service = globals.services.get(service.index())?;
            service
                .operations
                .get(*operation as usize)?
                .signature
                .params
                .as_slice()
        }
        FactKind::Def(Def::Function(id)) => globals.functions.get(*id as usize)?.params.as_slice(),
        FactKind::Def(Def::Flow(id)) => globals.flows.get(*id as usize)?.params.as_slice(),
        FactKind::Def(Def::Error(id)) => globals.errors.get(*id as usize)?.params.as_slice(),
        FactKind::Def(Def::Type(id)) => globals.record(&Ty::Named(TypeId(*id)))?.1,
        FactKind::Def(Def::Event(id)) => globals.record(&Ty::Named(globals.event(EventId(*id))?))?.1,
        FactKind::Case(ty, name) => {
            let (_, cases) = globals.cases(ty)?;
            cases.iter().find(|case| case.name == *name)?.fields.as_slice()
        }
        _ => return None,
    })
}

/// The arguments that are missing.
fn filled(ask: &Ask<'_>, call: &Expr, callee: &Expr, arguments: &[Argument]) -> Option<Action> {
    let params = params(ask, callee)?;
    let globals = &ask.snapshot.analysis.checked.globals;
    let given = |at: usize, field: &FieldInfo| match arguments.get(at) {
        Some(argument) if argument.name.is_none() => true,
        _ => arguments
            .iter()
            .any(|argument| argument.name.as_ref().is_some_and(|name| name.text == field.name)),
    };
    let open = params
        .iter()
        .enumerate()
        .filter(|(at, field)| !given(*at, field) && !globals.unfold(&field.ty).is_optional());
    let open: Option<Vec<String>> = open
        .map(|(_, field)| Some(format!("{}: {}", field.name, sample(ask, &field.ty, 0)?)))
        .collect();
    let open = open?;
    if open.is_empty() {
        return None;
    }
    let close = ask.spot(call.span.end.saturating_sub(1));
    let text = ask.slice(call.span);
    let inner = text.strip_suffix(')')?.trim_end();
    let gap = if inner.ends_with(['(', ',']) { "" } else { ", " };
    Some(action(
        ActionKind::Fix,
        "fill in the missing arguments",
        vec![edit(close, format!("{gap}{}", open.join(", ")))],
    ))
}

/// Arguments with their names.
fn named(ask: &Ask<'_>, callee: &Expr, arguments: &[Argument]) -> Option<Action> {
    let params = params(ask, callee)?;
    let plain = arguments
        .iter()
        .enumerate()
        .filter(|(_, argument)| argument.name.is_none());
    let edits: Option<Vec<_>> = plain
        .map(|(at, argument)| {
            let start = ask.spot(argument.value.span.start);
            Some(edit(start, format!("{}: ", params.get(at)?.name)))
        })
        .collect();
    let edits = edits?;
    (!edits.is_empty()).then(|| action(ActionKind::Rewrite, "name the arguments", edits))
}
