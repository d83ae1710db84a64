//! JSON of values whose type nobody knows, and the parts of a JSON text.

use crate::{
    limit::{DEPTH_MAX, LIST_LENGTH_MAX, WRITTEN_BYTES_MAX},
    text::write_scalar,
};
use flowmesh_ir::{Name, Value, value::Fields};
use rust_decimal::Decimal;
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{fmt, fmt::Write};

/// Writes a value in the JSON that fits it best: decimals, times and durations as text, an enum's case by its name.
/// It stops in the midst of what [`crate::limit::check_value`] refuses; those who take values from elsewhere check the length.
pub fn write(out: &mut String, value: &Value) {
    write_at(out, value, 0);
}

fn write_at(out: &mut String, value: &Value, depth: usize) {
    if depth > DEPTH_MAX || out.len() > WRITTEN_BYTES_MAX {
        return;
    }
    match value {
        Value::None => out.push_str("null"),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => write_scalar(out, value),
        Value::Decimal(_) | Value::Time(_) | Value::Date(_) | Value::Duration(_) | Value::Bytes(_) => {
            out.push('"');
            write_scalar(out, value);
            out.push('"');
        }
        Value::String(text) => write_string(out, text),
        Value::List(values) => write_list(out, values, depth),
        Value::Record(fields) => write_fields(out, fields, depth),
        Value::Variant(variant) if variant.fields.is_empty() => write_string(out, &variant.name),
        Value::Variant(variant) => {
            out.push('{');
            write_string(out, &variant.name);
            out.push(':');
            write_fields(out, &variant.fields, depth);
            out.push('}');
        }
        Value::Json(raw) => out.push_str(raw),
    }
}

fn write_list(out: &mut String, values: &[Value], depth: usize) {
    out.push('[');
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_at(out, value, depth + 1);
    }
    out.push(']');
}

fn write_fields(out: &mut String, fields: &Fields, depth: usize) {
    out.push('{');
    let present = fields.iter().filter(|(_, value)| **value != Value::None);
    for (at, (name, value)) in present.enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_string(out, name);
        out.push(':');
        write_at(out, value, depth + 1);
    }
    out.push('}');
}

/// Writes a JSON string with its quotes.
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\') {
        let (plain, special) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut chars = special.chars();
        match chars.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(control) => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// The text that a JSON string holds; `None` where the JSON is something else.
#[must_use]
pub fn plain_string(raw: &str) -> Option<String> {
    if raw.starts_with('"') {
        serde_json::from_str(raw).ok()
    } else {
        None
    }
}

/// What a piece of JSON is to a program that knows no type for it: `null` is `none`, everything else stays JSON.
#[must_use]
pub fn wrap(raw: &str) -> Value {
    let raw = raw.trim_ascii();
    if raw == "null" || raw.is_empty() {
        Value::None
    } else {
        Value::Json(raw.into())
    }
}

/// A JSON scalar as the value that a program would write for it; `None` for objects and arrays.
#[must_use]
pub fn scalar(raw: &str) -> Option<Value> {
    match raw.trim_ascii() {
        "null" => Some(Value::None),
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        text if text.starts_with('"') => plain_string(text).map(|text| Value::string(&text)),
        text if text.starts_with(['{', '[']) => None,
        text => number(text),
    }
}

fn number(text: &str) -> Option<Value> {
    if let Ok(int) = text.parse() {
        return Some(Value::Int(int));
    }
    read_decimal(text).map(Value::Decimal)
}

/// A decimal from the text of a number, without loss; `None` where it has more digits than a decimal holds.
#[must_use]
pub fn read_decimal(text: &str) -> Option<Decimal> {
    let exact = if text.contains(['e', 'E']) {
        Decimal::from_scientific(text)
    } else {
        Decimal::from_str_exact(text)
    };
    exact
        .ok()
        .filter(|_| !text.starts_with('+') && !text.contains('_'))
}

/// The member of an object; `none` where there is none, or where the JSON is no object.
#[must_use]
pub fn member(raw: &str, name: &str) -> Value {
    let pick = Pick::Member(name);
    picked(raw, pick)
}

/// The element of an array; `none` where there is none, or where the JSON is no array.
#[must_use]
pub fn element(raw: &str, index: usize) -> Value {
    picked(raw, Pick::Element(index))
}

fn picked(raw: &str, pick: Pick<'_>) -> Value {
    let mut reader = serde_json::Deserializer::from_str(raw);
    pick.deserialize(&mut reader)
        .ok()
        .flatten()
        .map_or(Value::None, |raw| wrap(raw.get()))
}

/// The members of an object in their order; empty for anything else.
#[must_use]
pub fn members(raw: &str) -> Vec<(Name, Value)> {
    let mut reader = serde_json::Deserializer::from_str(raw);
    let mut all = Vec::new();
    let _ = All {
        members: &mut all,
        elements: &mut Vec::new(),
    }
    .deserialize(&mut reader);
    all
}

/// The elements of an array; empty for anything else.
#[must_use]
pub fn elements(raw: &str) -> Vec<Value> {
    let mut reader = serde_json::Deserializer::from_str(raw);
    let mut all = Vec::new();
    let _ = All {
        members: &mut Vec::new(),
        elements: &mut all,
    }
    .deserialize(&mut reader);
    all
}

/// Finds one part without building the others.
#[derive(Clone, Copy)]
enum Pick<'a> {
    Member(&'a str),
    Element(usize),
}

impl<'de> DeserializeSeed<'de> for Pick<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Pick<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            match self {
                // The last of equal names wins, as it does nearly everywhere.
                Self::Member(name) if key == name => found = Some(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let Self::Element(index) = self else {
            return Ok(None);
        };
        for _ in 0..index {
            if list.next_element::<IgnoredAny>()?.is_none() {
                return Ok(None);
            }
        }
        list.next_element()
    }
}

/// Gathers all parts.
struct All<'a> {
    members: &'a mut Vec<(Name, Value)>,
    elements: &'a mut Vec<Value>,
}

impl<'de> DeserializeSeed<'de> for All<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for All<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((key, raw)) = map.next_entry::<std::borrow::Cow<'_, str>, &RawValue>()? {
            self.members.push((Name::new(&key), wrap(raw.get())));
            enough(self.members.len())?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(raw) = list.next_element::<&RawValue>()? {
            self.elements.push(wrap(raw.get()));
            enough(self.elements.len())?;
        }
        Ok(())
    }
}

/// Stops one past what a list may hold, so that whoever asked sees that it is too long.
fn enough<E: Error>(length: usize) -> Result<(), E> {
    if length > LIST_LENGTH_MAX {
        Err(E::custom("too long"))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{element, elements, member, members, read_decimal, scalar, write};
    use flowmesh_ir::Value;

    #[test]
    fn a_part_of_json_stays_as_it_came() {
        let raw = r#"{"a": {"n": 10.10}, "b": null, "\u0063": "é"}"#;
        assert_eq!(member(raw, "a"), Value::Json(r#"{"n": 10.10}"#.into()));
        assert_eq!(member(raw, "b"), Value::None);
        assert_eq!(member(raw, "c"), Value::Json(r#""é""#.into()));
        assert_eq!(member("[1]", "a"), Value::None);
        assert_eq!(element("[1, [2]]", 1), Value::Json("[2]".into()));
        assert_eq!(element("[1]", 7), Value::None);
        assert_eq!(elements("[1, null]"), [Value::Json("1".into()), Value::None]);
        assert_eq!(members("3"), []);
    }

    #[test]
    fn scalars_become_values_without_a_float() {
        let text = |raw| scalar(raw).map(|value| crate::text(&value));
        assert_eq!(text("10.10").as_deref(), Some("10.10"));
        assert_eq!(text("1e2").as_deref(), Some("100"));
        assert_eq!(text(r#""a\n""#).as_deref(), Some("a\n"));
        assert_eq!(text("[]"), None);
    }

    #[test]
    fn a_decimal_that_would_lose_digits_is_refused() {
        assert!(read_decimal("0.1234567890123456789012345678").is_some());
        assert!(read_decimal("0.12345678901234567890123456789012").is_none());
        assert!(read_decimal("1_0").is_none());
    }

    #[test]
    fn strings_are_escaped() {
        let mut out = String::new();
        write(&mut out, &Value::string("a\"\\\n\u{1}é"));
        assert_eq!(out, r#""a\"\\\n\u0001é""#);
    }
}
