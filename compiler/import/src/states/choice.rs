//! The conditions of a `Choice`.

use super::path::Base;
use crate::{
    found::Found,
    json::Read,
    kubernetes::condition::{self, joined, not},
    name::quoted,
    node::{Node, Value},
    uses::Typed,
};

/// How deep `And`, `Or` and `Not` stand in each other.
const MAX_DEPTH: u32 = 20;

/// What is known of paths that read what has a type.
pub(crate) type Types<'a> = &'a dyn Fn(&str) -> Option<Typed>;

/// A rule as a condition; one that cannot be said never holds, and is said to be lost.
pub(crate) fn condition(rule: &Node, base: &Base, types: Types<'_>, found: &mut Found) -> String {
    holds(rule, base, types, MAX_DEPTH).unwrap_or_else(|| {
        let words = rule.get("Condition").and_then(Node::text);
        found.expression(rule, words.as_deref().unwrap_or("a rule of a Choice"));
        "false".to_owned()
    })
}

fn holds(rule: &Node, base: &Base, types: Types<'_>, deeper: u32) -> Option<String> {
    let Value::Object(all) = &rule.value else {
        return None;
    };
    if deeper == 0 {
        return None;
    }
    let each = |node: &Node| -> Option<Vec<String>> {
        node.items()
            .iter()
            .map(|it| holds(it, base, types, deeper - 1))
            .collect()
    };
    for (word, name) in [("And", "and"), ("Or", "or")] {
        if let Some(node) = rule.get(word) {
            return joined(&each(node)?, name);
        }
    }
    if let Some(node) = rule.get("Not") {
        return Some(not(&holds(node, base, types, deeper - 1)?));
    }
    let path = rule.get("Variable")?.text()?;
    let read = base.read(&path)?;
    let (operator, node) = all
        .iter()
        .find(|(name, _)| !matches!(name.as_str(), "Variable" | "Next" | "Comment"))?;
    let known = types(&path).and_then(|typed| by_type(&typed, operator, node));
    known.or_else(|| compared(&read, operator, node, base))
}

fn compared(read: &Read, operator: &str, node: &Node, base: &Base) -> Option<String> {
    let says = |it: bool| Some(it).filter(|_| matches!(node.value, Value::Bool(_)));
    let yes = matches!(node.value, Value::Bool(true));
    let whether = |condition: String| if yes { condition } else { not(&condition) };
    let kind = |word: &str| whether(format!("{}.kind() == {}", read.json(), quoted(word)));
    match operator {
        "IsPresent" => {
            return says(true).map(|_| format!("{} {} none", read.text, if yes { "!=" } else { "==" }));
        }
        "IsNull" => return says(true).map(|_| kind("null")),
        "IsString" => return says(true).map(|_| kind("string")),
        "IsNumeric" => return says(true).map(|_| kind("number")),
        "IsBoolean" => return says(true).map(|_| kind("bool")),
        "IsTimestamp" => {
            let form = quoted("^[0-9]{4}-[0-9]{2}-[0-9]{2}T.*$");
            let text = format!(
                "({}.kind() == \"string\" and {} matches {form})",
                read.json(),
                read.of("string")
            );
            return says(true).map(|_| whether(text));
        }
        "StringMatches" => {
            let text = format!(
                "({}.kind() == \"string\" and {} matches {})",
                read.json(),
                read.of("string"),
                quoted(&glob(&node.text()?))
            );
            return Some(text);
        }
        _ => {}
    }
    if let ("StringEquals", Value::Text(_)) | ("BooleanEquals", Value::Bool(_)) = (operator, &node.value) {
        return Some(format!("{} == {} as json", read.text, crate::json::literal(node)));
    }
    // What is compared is of one type, or the rule does not hold.
    let (ty, word) = [
        ("string", "String"),
        ("decimal", "Numeric"),
        ("bool", "Boolean"),
        ("time", "Timestamp"),
    ]
    .into_iter()
    .find_map(|(ty, word)| Some((ty, operator.strip_prefix(word)?)))?;
    let (word, other) = match word.strip_suffix("Path") {
        Some(word) => (word, base.read(&node.text()?)?.of(ty)),
        None => (word, literal(ty, node)?),
    };
    let sign = sign(word)?;
    let kind = match ty {
        "decimal" => "number",
        "time" => "string",
        ty => ty,
    };
    let is = format!("{}.kind() == {}", read.json(), quoted(kind));
    Some(format!("({is} and {} {sign} {other})", read.of(ty)))
}

/// A comparison of what has a type: it holds where all that may be missing is there.
fn by_type(typed: &Typed, operator: &str, node: &Node) -> Option<String> {
    let (word, ty) = match typed.ty {
        "string" => ("String", "string"),
        "bool" => ("Boolean", "bool"),
        "time" => ("Timestamp", "time"),
        _ => ("Numeric", "decimal"),
    };
    let sign = sign(operator.strip_prefix(word)?)?;
    let condition = format!("{} {sign} {}", typed.text, literal(ty, node)?);
    let all: Vec<String> = typed.tests.iter().cloned().chain([condition]).collect();
    Some(format!("({})", all.join(" and ")))
}

/// The operator of a comparison.
fn sign(word: &str) -> Option<&'static str> {
    Some(match word {
        "Equals" => "==",
        "LessThan" => "<",
        "GreaterThan" => ">",
        "LessThanEquals" => "<=",
        "GreaterThanEquals" => ">=",
        _ => return None,
    })
}

fn literal(ty: &str, node: &Node) -> Option<String> {
    match (ty, &node.value) {
        ("string", _) => Some(quoted(&node.text()?)),
        ("decimal", Value::Int(_) | Value::Float(_)) => {
            Some(crate::json::literal(node)).filter(|text| !text.contains("parse"))
        }
        ("bool", Value::Bool(it)) => Some(it.to_string()),
        ("time", _) => Some(format!("({} as json as time)", quoted(&node.text()?))),
        _ => None,
    }
}

/// A pattern in which `*` is any text, as a regular expression.
fn glob(pattern: &str) -> String {
    let mut regex = String::from("^");
    let mut signs = pattern.chars();
    while let Some(sign) = signs.next() {
        let literal = match sign {
            '*' => {
                regex.push_str(".*");
                continue;
            }
            '\\' => signs.next().unwrap_or('\\'),
            sign => sign,
        };
        regex.push_str(&condition::literal(literal.encode_utf8(&mut [0; 4])));
    }
    regex.push('$');
    regex
}
