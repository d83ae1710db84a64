//! Payload templates: objects of which fields that end with `.$` are computed.

use super::{intrinsic, path::Base};
use crate::{
    found::Found,
    json::{literal, object},
    node::{Node, Value},
};

/// How deep templates are followed.
const MAX_DEPTH: u32 = 60;

/// The value of a template.
pub(crate) fn value(node: &Node, base: &Base, found: &mut Found) -> String {
    filled(node, base, MAX_DEPTH, found)
}

fn filled(node: &Node, base: &Base, deeper: u32, found: &mut Found) -> String {
    match &node.value {
        Value::Object(all) if deeper > 0 => {
            let one = |(name, node): &(String, Node)| match name.strip_suffix(".$") {
                Some(name) => (name.to_owned(), computed(node, base, found)),
                None => (name.clone(), filled(node, base, deeper - 1, found)),
            };
            let fields: Vec<(String, String)> = all.iter().map(one).collect();
            object(&fields)
        }
        Value::List(all) if deeper > 0 => {
            let each: Vec<String> = all
                .iter()
                .map(|node| filled(node, base, deeper - 1, found))
                .collect();
            crate::json::list(&each)
        }
        Value::Text(text) if text.starts_with("{%") => jsonata(node, text, base, found),
        _ => literal(node),
    }
}

/// The value of a path or of a function.
pub(crate) fn computed(node: &Node, base: &Base, found: &mut Found) -> String {
    let Some(text) = node.text() else {
        found.bad_value(node, "a field that ends with `.$`", "a path or a function");
        return "none as json".to_owned();
    };
    let known = match text.starts_with('$') {
        true => base.read(&text).map(|read| read.json()),
        false => intrinsic::call(&text, base),
    };
    known.unwrap_or_else(|| {
        found.expression(node, &text);
        "none as json".to_owned()
    })
}

/// An expression of JSONata, as far as it is a path into what a state is given.
fn jsonata(node: &Node, text: &str, base: &Base, found: &mut Found) -> String {
    let inside = text.trim_start_matches("{%").trim_end_matches("%}").trim();
    let path = inside
        .strip_prefix("$states.input")
        .or_else(|| inside.strip_prefix("$states.result"));
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "_.".contains(sign);
    let known = path.filter(|path| path.chars().all(plain) && (path.is_empty() || path.starts_with('.')));
    match known.and_then(|path| base.read(&format!("${path}"))) {
        Some(read) => read.json(),
        None => {
            found.expression(node, inside);
            "none as json".to_owned()
        }
    }
}

/// The part of the data that a path names: everything where nothing is said, nothing where it is `null`.
pub(crate) fn part(node: Option<&Node>, base: &Base, found: &mut Found) -> String {
    match node.map(|node| (&node.value, node)) {
        None => base.data.clone(),
        Some((Value::Null, _)) => "({})".to_owned(),
        Some((_, node)) => computed(node, base, found),
    }
}
