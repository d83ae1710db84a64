//! Types of texts, numbers and truths by their formats.

use super::{
    rule,
    schema::{Typed, json, ruled},
};
use crate::outside::document::Node;
use flowmesh_diagnostics::Span;

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
