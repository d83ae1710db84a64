//! Operations of a document, written out in the service that names it: for those who want to say more of one.

use super::{Action, ActionKind, Ask, action, edit};
use crate::ast::{Argument, Expr, ExprKind, Field, ItemKind, Operation, Service, TextPart, Type, TypeKind};

pub(super) fn actions(ask: &Ask<'_>) -> Vec<Action> {
    let Some(item) = ask.item() else { return Vec::new() };
    let ItemKind::Service(service) = &item.kind else {
        return Vec::new();
    };
    let Some(from) = service
        .from
        .as_ref()
        .filter(|from| ask.touches(from.span) || ask.touches(service.name.span))
    else {
        return Vec::new();
    };
    let resolved = &ask.snapshot.analysis.resolved;
    let declared = resolved
        .tables
        .services
        .iter()
        .find(|known| known.name.span == service.name.span);
    let Some(described) = declared.and_then(|declared| resolved.described(declared)) else {
        return Vec::new();
    };
    let missing = described
        .operations
        .iter()
        .filter(|operation| !has(service, operation));
    let texts: Option<Vec<String>> = missing.map(operation).collect();
    let Some(texts) = texts.filter(|texts| !texts.is_empty()) else {
        return Vec::new();
    };
    let close = ask.spot(item.span.end.saturating_sub(1));
    let lines: String = texts.iter().map(|text| format!("\n  {text}")).collect();
    let title = format!("write out the operations of {}", ask.slice(from.span));
    vec![action(
        ActionKind::Generate,
        title,
        vec![edit(close, format!("{lines}\n"))],
    )]
}

fn has(service: &Service, operation: &Operation) -> bool {
    service
        .operations
        .iter()
        .any(|own| own.name.text == operation.name.text)
}

/// An operation as its author would have written it.
fn operation(operation: &Operation) -> Option<String> {
    let params: Option<Vec<String>> = operation.params.iter().map(param).collect();
    let result = match &operation.result {
        Some(ty) if operation.stream => format!(" -> stream {}", ty_text(ty)?),
        Some(ty) => format!(" -> {}", ty_text(ty)?),
        None => String::new(),
    };
    let fails: Vec<&str> = operation.fails.iter().map(|error| error.text.as_str()).collect();
    let fails = if fails.is_empty() {
        String::new()
    } else {
        format!(" fails {}", fails.join(", "))
    };
    let settings = operation.settings.iter();
    let settings =
        settings.map(|setting| Some(format!("{}: {}", setting.name.text, written(&setting.value)?)));
    let on = operation.on.iter();
    let on = on.map(|on| Some(format!("on {}: {}", written(&on.status)?, written(&on.value)?)));
    let body: Option<Vec<String>> = settings.chain(on).collect();
    let body = match body?.as_slice() {
        [] => String::new(),
        [only] => format!(" {{ {only} }}"),
        all => format!(" {{\n    {}\n  }}", all.join("\n    ")),
    };
    let path = written(&operation.path)?;
    Some(format!(
        "op {}({}){result}{fails} = {} {path}{body}",
        operation.name.text,
        params?.join(", "),
        operation.binding.text
    ))
}

fn param(field: &Field) -> Option<String> {
    let rule = match &field.rule {
        Some(rule) => format!(" where {}", written(rule)?),
        None => String::new(),
    };
    Some(format!("{}: {}{rule}", field.name.text, ty_text(&field.ty)?))
}

/// An expression of a document, as an author would have written it; nothing where it has no such form.
fn written(expr: &Expr) -> Option<String> {
    Some(match &expr.kind {
        ExprKind::Int(value) => value.to_string(),
        ExprKind::Decimal(value) => value.to_string(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::None => "none".to_owned(),
        ExprKind::StatusClass(class) => format!("{class}xx"),
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Field(base, name) => format!("{}.{}", written(base)?, name.text),
        ExprKind::Text(parts) => {
            let parts: Option<String> = parts.iter().map(piece).collect();
            format!("\"{}\"", parts?)
        }
        ExprKind::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(written).collect();
            format!("[{}]", items?.join(", "))
        }
        ExprKind::Record(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| Some(format!("{}: {}", name.text, written(value)?)));
            let fields: Option<Vec<String>> = fields.collect();
            format!("{{ {} }}", fields?.join(", "))
        }
        ExprKind::Call(callee, arguments) => {
            let arguments: Option<Vec<String>> = arguments.iter().map(argument).collect();
            format!("{}({})", written(callee)?, arguments?.join(", "))
        }
        ExprKind::Binary(sign, _, left, right) => {
            format!(
                "{} {} {}",
                written(left)?,
                crate::check::symbol(*sign),
                written(right)?
            )
        }
        _ => return None,
    })
}

fn argument(argument: &Argument) -> Option<String> {
    let value = written(&argument.value)?;
    Some(match &argument.name {
        Some(name) => format!("{}: {value}", name.text),
        None => value,
    })
}

fn piece(part: &TextPart) -> Option<String> {
    Some(match part {
        TextPart::Literal(text) => text
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('{', "\\{"),
        TextPart::Expr(expr) => format!("{{{}}}", written(expr)?),
    })
}

fn ty_text(ty: &Type) -> Option<String> {
    Some(match &ty.kind {
        TypeKind::Name(words) => words
            .iter()
            .map(|word| word.text.as_str())
            .collect::<Vec<_>>()
            .join("."),
        TypeKind::Optional(inner) => format!("{}?", ty_text(inner)?),
        TypeKind::List(inner) => format!("[{}]", ty_text(inner)?),
        TypeKind::Map(_, value) => format!("{{string: {}}}", ty_text(value)?),
        _ => return None,
    })
}
