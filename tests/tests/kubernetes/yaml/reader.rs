//! A reader of YAML 1.1, as clusters and their tools have it: what plain texts mean there, written down by its type repository
//! (yaml.org/type) and by what common readers take beside that, independently of what writes manifests.

use granit_parser::{Event, Parser, ScalarStyle};
use regex::Regex;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// The only document of a text.
///
/// # Errors
/// Why it is none, or what in it no manifest may have: anchors, tags, times, merges, keys that are no texts or stand twice.
pub(crate) fn read(text: &str) -> Result<Value, String> {
    let (mut open, mut root): (Vec<Part>, _) = (Vec::new(), None);
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| error.to_string())?;
        let done = match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) | Event::DocumentEnd => continue,
            Event::Scalar(_, _, anchor, tag) if anchor != 0 || tag.is_some() => {
                return Err("an anchor or a tag".to_owned());
            }
            Event::Scalar(text, ScalarStyle::Plain, ..) => plain(&text)?,
            Event::Scalar(text, ..) => Value::String(text.into_owned()),
            Event::SequenceStart(..) => {
                open.push(Part::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Part::Map(Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop().ok_or("an end of nothing")? {
                Part::List(items) => Value::Array(items),
                Part::Map(map, None) => Value::Object(map),
                Part::Map(_, Some(key)) => return Err(format!("the key {key} has no value")),
            },
            other => return Err(format!("unexpected {other:?}")),
        };
        match open.last_mut() {
            Some(part) => part.take(done)?,
            None if root.is_none() => root = Some(done),
            None => return Err("two documents".to_owned()),
        }
    }
    root.ok_or_else(|| "no document".to_owned())
}

enum Part {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

impl Part {
    fn take(&mut self, value: Value) -> Result<(), String> {
        match (self, value) {
            (Self::List(items), value) => items.push(value),
            (Self::Map(_, key @ None), Value::String(text)) => *key = Some(text),
            (Self::Map(_, None), other) => return Err(format!("the key {other} is no text")),
            (Self::Map(map, key), value) => {
                let key = key.take().unwrap_or_default();
                if map.insert(key.clone(), value).is_some() {
                    return Err(format!("the key {key} stands twice"));
                }
            }
        }
        Ok(())
    }
}

/// What kind of thing a plain text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Int,
    Float,
    Time,
    Merge,
    Default,
    Text,
}

/// The types in the order in which they are tried: the type repository, and `1e3`, `0o7`, `0X1F` and `08`, which readers of Go take.
const TYPES: [(Kind, &str); 7] = [
    (Kind::Null, "~|null|Null|NULL|"),
    (
        Kind::Bool,
        "y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
    ),
    (
        Kind::Int,
        "[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0[xX][0-9a-fA-F_]+|[-+]?0B[01_]+|[-+]?0O[0-7_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+",
    ),
    (
        Kind::Float,
        r"[-+]?(?:[0-9][0-9_]*)?\.[0-9_.]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|[-+]?0[0-9]*[89][0-9]*",
    ),
    (
        Kind::Time,
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?",
    ),
    (Kind::Merge, "<<"),
    (Kind::Default, "="),
];

/// What kind of thing a plain text is.
pub(crate) fn kind(text: &str) -> Kind {
    static TRIED: LazyLock<Vec<(Kind, Regex)>> = LazyLock::new(|| {
        let whole = |pattern: &str| Regex::new(&format!("^(?:{pattern})$")).expect("a pattern");
        TYPES
            .iter()
            .map(|(kind, pattern)| (*kind, whole(pattern)))
            .collect()
    });
    TRIED
        .iter()
        .find(|(_, pattern)| pattern.is_match(text))
        .map_or(Kind::Text, |(kind, _)| *kind)
}

fn plain(text: &str) -> Result<Value, String> {
    let value = match kind(text) {
        Kind::Null => Value::Null,
        Kind::Bool => json!(matches!(
            text.to_lowercase().as_str(),
            "y" | "yes" | "true" | "on"
        )),
        Kind::Int => int(text)
            .map(|number| json!(number))
            .ok_or_else(|| format!("{text} is too large"))?,
        // A manifest has decimal ones alone; the others would not be what was written.
        Kind::Float => json!(
            text.replace('_', "")
                .parse::<f64>()
                .map_err(|error| format!("{text}: {error}"))?
        ),
        Kind::Text => json!(text),
        kind @ (Kind::Time | Kind::Merge | Kind::Default) => return Err(format!("{text} is a {kind:?}")),
    };
    Ok(value)
}

/// Octal, binary, hexadecimal, and by sixties.
fn int(text: &str) -> Option<i64> {
    let text = text.replace('_', "");
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(&text)),
    };
    let number = match digits.get(..2).map(str::to_lowercase).as_deref() {
        Some("0x") => i64::from_str_radix(&digits[2..], 16).ok()?,
        Some("0b") => i64::from_str_radix(&digits[2..], 2).ok()?,
        Some("0o") => i64::from_str_radix(&digits[2..], 8).ok()?,
        Some(octal) if octal.starts_with('0') => i64::from_str_radix(digits, 8).ok()?,
        _ => digits.split(':').try_fold(0_i64, |sum, part| {
            sum.checked_mul(60)?.checked_add(part.parse().ok()?)
        })?,
    };
    Some(sign * number)
}
