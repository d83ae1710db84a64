//! Values without a type, as the language reads and writes them.

use crate::{
    name::quoted,
    node::{Node, Value},
};

/// A step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Field(String),
    Index(i64),
    /// Every element.
    Each,
}

/// A read value as text, and whether it may be missing.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) text: String,
    pub(crate) may_miss: bool,
}

impl Read {
    /// As `json` that is there: what is missing is `null`.
    pub(crate) fn json(&self) -> String {
        match self.may_miss {
            true => format!("({} ?? none as json)", self.text),
            false => self.text.clone(),
        }
    }

    /// As a value of a type; what does not fit fails.
    pub(crate) fn of(&self, ty: &str) -> String {
        format!("({} as {ty})", self.text)
    }
}

/// Reads a part of a value.
pub(crate) fn get(of: &str, steps: &[Step]) -> Read {
    let mut read = Read {
        text: of.to_owned(),
        may_miss: false,
    };
    for (at, step) in steps.iter().enumerate() {
        read = match step {
            Step::Field(name) if is_word(name) => {
                let dot = if read.may_miss { "?." } else { "." };
                Read {
                    text: format!("{}{dot}{name}", read.text),
                    may_miss: true,
                }
            }
            Step::Field(name) => Read {
                text: format!("{}[{}]", read.json(), quoted(name)),
                may_miss: true,
            },
            Step::Index(index) => Read {
                text: format!("{}.items()[{index}]", read.json()),
                may_miss: true,
            },
            Step::Each => {
                let inner = get("each", steps.get(at + 1..).unwrap_or_default());
                let text = format!("{}.items().map(each => {}).to_json()", read.json(), inner.json());
                return Read {
                    text,
                    may_miss: false,
                };
            }
        };
    }
    read
}

/// The value with another part.
pub(crate) fn set(of: &str, steps: &[Step], value: &str) -> Option<String> {
    let (step, first, rest) = match steps.split_first() {
        None => return Some(value.to_owned()),
        Some((step @ Step::Field(first), rest)) => (step, first, rest),
        Some(_) => return None,
    };
    let inner = match rest.is_empty() {
        true => value.to_owned(),
        false => {
            let part = get(of, std::slice::from_ref(step));
            set(&format!("({} ?? ({{}}))", part.text), rest, value)?
        }
    };
    Some(format!(
        "({of} as {{string: json}}).with({}, {inner}).to_json()",
        quoted(first)
    ))
}

/// Whether a name can be a field as it is.
pub(crate) fn is_word(name: &str) -> bool {
    let inner = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    name.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '_') && name.chars().all(inner)
}

/// An object of fields that are written already.
pub(crate) fn object(fields: &[(String, String)]) -> String {
    let (plain, odd): (Vec<_>, Vec<_>) = fields.iter().partition(|(name, _)| is_word(name));
    let each: Vec<String> = plain
        .iter()
        .map(|(name, text)| format!("{name}: {text}"))
        .collect();
    let mut text = format!("{{ {} }}", each.join(", "));
    if each.is_empty() {
        text = "({})".to_owned();
    }
    if odd.is_empty() {
        return text;
    }
    let mut map = format!("({text} as json as {{string: json}})");
    for (name, value) in odd {
        map += &format!(".with({}, {value})", quoted(name));
    }
    format!("{map}.to_json()")
}

/// A value that was read, as a literal.
pub(crate) fn literal(node: &Node) -> String {
    match &node.value {
        Value::Null => "none as json".to_owned(),
        Value::Bool(it) => it.to_string(),
        Value::Int(it) => it.to_string(),
        Value::Float(it) => number(*it),
        Value::Text(it) => quoted(it),
        Value::List(all) => list(&all.iter().map(literal).collect::<Vec<_>>()),
        Value::Object(all) => {
            let fields: Vec<(String, String)> = all
                .iter()
                .map(|(name, node)| (name.clone(), literal(node)))
                .collect();
            object(&fields)
        }
    }
}

/// A list; each element is `json`, so that they may differ.
pub(crate) fn list(all: &[String]) -> String {
    let each = all.iter().map(|text| format!("({text}) as json"));
    match all {
        [] => "([] as [json]).to_json()".to_owned(),
        _ => format!("[{}].to_json()", each.collect::<Vec<_>>().join(", ")),
    }
}

/// A number with a fraction, as far as a decimal has it.
fn number(it: f64) -> String {
    let text = format!("{it}");
    let plain = text
        .chars()
        .all(|sign| sign.is_ascii_digit() || "-.".contains(sign));
    let short = text.len() <= 25;
    match (plain && short, text.contains('.')) {
        (true, true) => text,
        (true, false) => format!("{text}.0"),
        (false, _) => format!("{}.parse_json()", quoted(&format!("{it:e}"))),
    }
}
