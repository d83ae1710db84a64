//! Types of texts, numbers and truths by their formats, and of values that are listed.

use super::{
    rule,
    schema::{Shape, Typed, json, ruled},
};
use crate::{
    ast::Case,
    outside::{document::Node, name::is_word, tree},
};
use flowmesh_diagnostics::Span;
use std::rc::Rc;

/// The type of a scalar schema.
pub(super) fn typed(node: &Node, kind: &str) -> Typed {
    let span = node
        .entry("type")
        .map_or(node.span, |entry| entry.span.to(entry.value.span));
    match kind {
        "string" => of_text(node, span),
        "integer" => ruled("int", span, rule::of_number(node, true)),
        "number" => Typed {
            note: (node.str("format") == Some("decimal")).then(|| {
                "`float`, since the service takes a number here and a `decimal` is sent as a text".to_owned()
            }),
            ..ruled("float", span, rule::of_number(node, false))
        },
        "boolean" => ruled("bool", span, None),
        other => json(span, Some(format!("`{other}` is no type of a schema"))),
    }
}

fn of_text(node: &Node, span: Span) -> Typed {
    let encoded = node.str("contentEncoding") == Some("base64");
    let name = match node.str("format") {
        Some("date-time") => "time",
        Some("date") => "date",
        Some("decimal") => "decimal",
        Some("uri" | "url") => "url",
        Some("byte") => "bytes",
        _ if encoded => "bytes",
        _ => "string",
    };
    if name != "string" {
        return ruled(name, span, None);
    }
    let (rule, note) = rule::of_text(node);
    Typed {
        note,
        ..ruled(name, span, rule)
    }
}

/// An enum where every value can be written as a case, else a rule that lists the values.
pub(super) fn enumerated(values: &Rc<Node>) -> Shape {
    let one = std::slice::from_ref(values);
    let items = if values.items().is_empty() {
        one
    } else {
        values.items()
    };
    one_of_values(items, values.span)
}

/// The same of values from several places.
pub(super) fn one_of_values(items: &[Rc<Node>], span: Span) -> Shape {
    let items: Vec<&Rc<Node>> = items.iter().filter(|item| !item.is_null()).collect();
    let texts: Vec<&str> = items.iter().filter_map(|item| item.text()).collect();
    let numbers: Option<Vec<i64>> = texts.iter().map(|text| text.parse().ok()).collect();
    if texts.len() != items.len() || texts.is_empty() {
        return Shape::Plain(json(
            span,
            Some("it is one of some values that are not texts".to_owned()),
        ));
    }
    if let Some(numbers) = numbers {
        let numbers = numbers
            .into_iter()
            .filter_map(|value| rule::signed(value, span))
            .collect();
        return Shape::Plain(ruled("int", span, Some(rule::one_of(numbers, span))));
    }
    let mut unique = texts.clone();
    unique.sort_unstable();
    unique.dedup();
    let words = texts.iter().all(|text| is_word(text)) && unique.len() == texts.len();
    if words && texts.len() > 1 {
        let case = |item: &&Rc<Node>| Case {
            name: tree::ident(item.text().unwrap_or_default(), item.span),
            wire: None,
            fields: Vec::new(),
        };
        return Shape::Enum(None, items.iter().map(case).collect());
    }
    let texts = unique.into_iter().map(|text| tree::text(text, span)).collect();
    Shape::Plain(ruled("string", span, Some(rule::one_of(texts, span))))
}
