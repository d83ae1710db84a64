//! `where` rules from what a schema demands of a value.

use crate::{
    ast::{Expr, ExprKind},
    outside::{
        document::{Entry, Node},
        tree,
    },
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::expr::{Binary, Unary};
use rust_decimal::Decimal;

/// The rules of a text.
pub(super) fn of_text(schema: &Node) -> (Option<Expr>, Option<String>) {
    let mut rules = length(schema, "minLength", "maxLength");
    let mut note = None;
    if let Some(entry) = schema.entry("pattern")
        && let Some(pattern) = entry.value.text()
    {
        // The language knows no look-around and no back references; such a pattern is not checked here.
        if flowmesh_stdlib::pattern(pattern).is_ok() {
            let span = place(entry);
            rules.push(tree::binary(Binary::Matches, it(span), tree::text(pattern, span)));
        } else {
            note = Some(format!("the pattern `{pattern}` is not checked"));
        }
    }
    if schema.str("format") == Some("uuid")
        && let Some(entry) = schema.entry("format")
    {
        let span = place(entry);
        let pattern = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";
        rules.push(tree::binary(Binary::Matches, it(span), tree::text(pattern, span)));
    }
    (all(rules), note)
}

/// The rules of a number. Limits that are no number are not checked.
pub(super) fn of_number(schema: &Node, whole: bool) -> Option<Expr> {
    let mut rules = Vec::new();
    for (key, exclusive, open, closed) in [
        (
            "minimum",
            "exclusiveMinimum",
            Binary::Greater,
            Binary::GreaterEqual,
        ),
        ("maximum", "exclusiveMaximum", Binary::Less, Binary::LessEqual),
    ] {
        // In 3.0 `exclusiveMinimum` is a truth beside `minimum`, in 3.1 a limit of its own.
        let sign = if schema.is_true(exclusive) { open } else { closed };
        rules.extend(limit(schema, key, sign, whole));
        rules.extend(limit(schema, exclusive, open, whole));
    }
    if let (true, Some(entry)) = (whole, schema.entry("multipleOf"))
        && let Some(step) = entry.value.text().and_then(|text| text.parse::<i64>().ok())
        && step > 0
    {
        let span = place(entry);
        let rest = tree::binary(Binary::Remainder, it(span), tree::int(step, span));
        rules.push(tree::binary(Binary::Equal, rest, tree::int(0, span)));
    }
    all(rules)
}

/// The rules of a list.
pub(super) fn of_list(schema: &Node) -> Option<Expr> {
    all(length(schema, "minItems", "maxItems"))
}

/// The value is one of these.
pub(super) fn one_of(items: Vec<Expr>, span: Span) -> Expr {
    let list = tree::of_kind(ExprKind::List(items), span);
    tree::binary(Binary::In, it(span), list)
}

fn limit(schema: &Node, key: &str, sign: Binary, whole: bool) -> Option<Expr> {
    let entry = schema.entry(key)?;
    let span = place(entry);
    let text = entry.value.text()?;
    let value = if whole {
        signed(text.parse().ok()?, span)?
    } else {
        let value: Decimal = text
            .parse()
            .ok()
            .or_else(|| Decimal::from_scientific(text).ok())?;
        let size = tree::of_kind(ExprKind::Decimal(value.abs()), span);
        if value.is_sign_negative() {
            minus(size)
        } else {
            size
        }
    };
    Some(tree::binary(sign, it(span), value))
}

fn length(schema: &Node, least: &str, most: &str) -> Vec<Expr> {
    let rule = |key: &str, sign: Binary| {
        let entry = schema.entry(key)?;
        let span = place(entry);
        let size: i64 = entry.value.text()?.parse().ok().filter(|size| *size >= 0)?;
        let len = tree::call(tree::field(it(span), "len"), Vec::new());
        Some(tree::binary(sign, len, tree::int(size, span)))
    };
    let least = rule(least, Binary::GreaterEqual);
    least.into_iter().chain(rule(most, Binary::LessEqual)).collect()
}

/// A number as an author writes it: a sign before it, not in it.
pub(super) fn signed(value: i64, span: Span) -> Option<Expr> {
    let size = tree::int(value.checked_abs()?, span);
    Some(if value < 0 { minus(size) } else { size })
}

fn minus(size: Expr) -> Expr {
    let span = size.span;
    tree::of_kind(ExprKind::Unary(Unary::Negate, Box::new(size)), span)
}

/// All of them; nothing where there are none.
pub(super) fn all(rules: Vec<Expr>) -> Option<Expr> {
    rules.into_iter().reduce(|a, b| tree::binary(Binary::And, a, b))
}

pub(super) fn it(span: Span) -> Expr {
    tree::word("it", span)
}

fn place(entry: &Entry) -> Span {
    entry.span.to(entry.value.span)
}
