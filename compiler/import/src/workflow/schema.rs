//! Types from JSON Schema, as far as the language has them.

use super::Shared;
use crate::{
    json::is_word,
    node::{Node, Value},
};

/// How deep types are followed.
const MAX_DEPTH: u32 = 12;

/// A type for a schema: a record is declared, what is not known is `json`.
pub(super) fn ty(schema: &Node, name: &str, shared: &mut Shared) -> String {
    of(schema, name, MAX_DEPTH, shared)
}

fn of(schema: &Node, name: &str, deeper: u32, shared: &mut Shared) -> String {
    let kind = schema.get("type").and_then(Node::text).unwrap_or_default();
    let format = schema.get("format").and_then(Node::text).unwrap_or_default();
    match (kind.as_str(), format.as_str()) {
        ("string", "date-time") => "time".to_owned(),
        ("string", "date") => "date".to_owned(),
        ("string", "uri") => "url".to_owned(),
        ("string", _) => "string".to_owned(),
        ("integer", _) => "int".to_owned(),
        ("number", _) => "decimal".to_owned(),
        ("boolean", _) => "bool".to_owned(),
        ("array", _) if deeper > 0 => {
            let item = schema.get("items").map_or("json".to_owned(), |it| {
                of(it, &format!("{name} item"), deeper - 1, shared)
            });
            format!("[{item}]")
        }
        ("object", _) if deeper > 0 => record(schema, name, deeper, shared),
        _ => "json".to_owned(),
    }
}

fn record(schema: &Node, name: &str, deeper: u32, shared: &mut Shared) -> String {
    let Some(Value::Object(all)) = schema.get("properties").map(|it| &it.value) else {
        return "json".to_owned();
    };
    let words = all.iter().all(|(name, _)| is_word(name));
    if !words || all.is_empty() {
        return "json".to_owned();
    }
    let required: Vec<String> = schema
        .get("required")
        .map_or(&[][..], Node::items)
        .iter()
        .filter_map(Node::text)
        .collect();
    let mut lines = Vec::new();
    for (field, node) in all {
        let ty = of(node, &format!("{name} {field}"), deeper - 1, shared);
        let optional = if required.contains(field) || ty.ends_with('?') {
            ""
        } else {
            "?"
        };
        lines.push(format!("{field}: {ty}{optional}"));
    }
    let own = shared.callees.types.fresh_type(name);
    shared
        .declared
        .push(format!("type {own} {{\n{}\n}}\n", lines.join("\n")));
    own
}
