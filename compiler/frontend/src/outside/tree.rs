//! Makes the trees that an author would have written, with the places of the document.

use crate::ast::{Argument, Expr, ExprKind, Ident, TextPart, Type, TypeKind};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{Name, expr::Binary};

pub(super) fn ident(text: impl Into<Name>, span: Span) -> Ident {
    Ident {
        text: text.into(),
        span,
    }
}

pub(super) fn named(text: impl Into<Name>, span: Span) -> Type {
    let kind = TypeKind::Name(vec![ident(text, span)]);
    Type { span, kind }
}

pub(super) fn optional(ty: Type) -> Type {
    match ty.kind {
        TypeKind::Optional(_) => ty,
        _ => Type {
            span: ty.span,
            kind: TypeKind::Optional(Box::new(ty)),
        },
    }
}

pub(super) fn list(ty: Type) -> Type {
    Type {
        span: ty.span,
        kind: TypeKind::List(Box::new(ty)),
    }
}

pub(super) fn map(ty: Type) -> Type {
    let span = ty.span;
    let key = Box::new(named("string", span));
    Type {
        span,
        kind: TypeKind::Map(key, Box::new(ty)),
    }
}

pub(super) fn word(name: impl Into<Name>, span: Span) -> Expr {
    Expr {
        span,
        kind: ExprKind::Name(name.into()),
    }
}

pub(super) fn text(text: impl Into<String>, span: Span) -> Expr {
    Expr {
        span,
        kind: ExprKind::Text(vec![TextPart::Literal(text.into())]),
    }
}

pub(super) fn int(value: i64, span: Span) -> Expr {
    Expr {
        span,
        kind: ExprKind::Int(value),
    }
}

pub(super) fn field(base: Expr, name: &'static str) -> Expr {
    let span = base.span;
    let name = ident(Name::new_static(name), span);
    Expr {
        span,
        kind: ExprKind::Field(Box::new(base), name),
    }
}

pub(super) fn call(callee: Expr, arguments: Vec<Argument>) -> Expr {
    Expr {
        span: callee.span,
        kind: ExprKind::Call(Box::new(callee), arguments),
    }
}

pub(super) fn binary(operator: Binary, left: Expr, right: Expr) -> Expr {
    let span = left.span;
    Expr {
        span,
        kind: ExprKind::Binary(operator, span, Box::new(left), Box::new(right)),
    }
}

pub(super) fn of_kind(kind: ExprKind, span: Span) -> Expr {
    Expr { span, kind }
}

/// A rule that came from a document, as an author would write it.
pub(crate) fn written(expr: &Expr) -> String {
    let operator = |operator: Binary| crate::check::symbol(operator);
    match &expr.kind {
        ExprKind::Int(value) => value.to_string(),
        ExprKind::Decimal(value) => value.to_string(),
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Text(parts) => parts.iter().map(literal).collect(),
        ExprKind::Field(base, name) => format!("{}.{}", written(base), name.text),
        ExprKind::Call(callee, _) => format!("{}()", written(callee)),
        ExprKind::List(items) => {
            let items: Vec<String> = items.iter().map(written).collect();
            format!("[{}]", items.join(", "))
        }
        ExprKind::Unary(_, inner) => format!("-{}", written(inner)),
        ExprKind::Binary(sign, _, left, right) => {
            format!("{} {} {}", written(left), operator(*sign), written(right))
        }
        _ => String::new(),
    }
}

fn literal(part: &TextPart) -> String {
    match part {
        TextPart::Literal(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        TextPart::Expr(_) => String::new(),
    }
}
