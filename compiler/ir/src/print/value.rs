//! Values as literals of the language, and as near to one as can be where it has none.

use crate::Value;
use base64::Engine as _;
use jiff::SignedDuration;

/// A value as an author would write it.
#[must_use]
pub fn value(value: &Value) -> String {
    match value {
        Value::None => "none".to_owned(),
        Value::Bool(bool) => bool.to_string(),
        Value::Int(int) => int.to_string(),
        Value::Float(float) => format!("{float:?} as float"),
        Value::Decimal(decimal) => format!("{decimal} as decimal"),
        Value::String(text) => quoted(text),
        Value::Bytes(bytes) => {
            format!(
                "\"{}\" as bytes",
                base64::engine::general_purpose::STANDARD.encode(bytes)
            )
        }
        Value::Time(time) => format!("\"{time}\" as time"),
        Value::Date(date) => format!("\"{date}\" as date"),
        Value::Duration(length) => duration(*length),
        Value::List(values) => format!("[{}]", joined(values.iter().map(self::value))),
        Value::Record(fields) => record(fields),
        Value::Variant(variant) if variant.fields.is_empty() => variant.name.to_string(),
        Value::Variant(variant) => format!("{}({})", variant.name, named(&variant.fields)),
        Value::Json(text) => format!("{} as json", quoted(text)),
    }
}

/// Whether a value is written with `as`, and so needs parentheses inside other expressions.
pub(super) fn is_cast(value: &Value) -> bool {
    matches!(
        value,
        Value::Float(_)
            | Value::Decimal(_)
            | Value::Bytes(_)
            | Value::Time(_)
            | Value::Date(_)
            | Value::Json(_)
    )
}

/// `1h30m`; a negative one has a minus sign before it.
pub(super) fn duration(length: SignedDuration) -> String {
    const UNITS: [(&str, u128); 7] = [
        ("d", 86_400_000_000_000),
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
        ("ns", 1),
    ];
    let mut rest = length.as_nanos().unsigned_abs();
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = if length.is_negative() {
        "-".to_owned()
    } else {
        String::new()
    };
    for (unit, size) in UNITS {
        if rest >= size {
            text += &format!("{}{unit}", rest / size);
            rest %= size;
        }
    }
    text
}

/// A number of milliseconds as a duration.
pub(crate) fn millis(ms: u64) -> String {
    duration(SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX)))
}

/// A text in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// A text as it stands between quotes: what would end it, begin an expression or hide in a terminal is escaped.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '"' | '\\' | '{' | '}' => out.extend(['\\', char]),
            '\n' => out += "\\n",
            '\r' => out += "\\r",
            '\t' => out += "\\t",
            char if char.is_control() => out += &format!("\\u{{{:x}}}", u32::from(char)),
            char => out.push(char),
        }
    }
    out
}

fn record(fields: &crate::value::Fields) -> String {
    if fields.is_empty() {
        "{}".to_owned()
    } else {
        format!("{{ {} }}", named(fields))
    }
}

fn named(fields: &crate::value::Fields) -> String {
    joined(
        fields
            .iter()
            .map(|(name, value)| format!("{}: {}", key(name), self::value(value))),
    )
}

/// A field's name, in quotes where it is a map's key that is no name.
pub(super) fn key(name: &str) -> String {
    let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let plain = first && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { name.to_owned() } else { quoted(name) }
}

/// Texts with commas between them.
pub(super) fn joined(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{duration, quoted};
    use jiff::SignedDuration;

    #[test]
    fn durations_are_written_as_authors_write_them() {
        let cases = [
            (5_400_000, "1h30m"),
            (250, "250ms"),
            (0, "0s"),
            (172_800_000, "2d"),
            (-1_500, "-1s500ms"),
        ];
        for (ms, text) in cases {
            assert_eq!(duration(SignedDuration::from_millis(ms)), text);
        }
        assert_eq!(duration(SignedDuration::MAX).get(..16), Some("106751991167300d"));
        assert_eq!(duration(SignedDuration::MIN).get(..17), Some("-106751991167300d"));
    }

    #[test]
    fn what_would_end_a_text_is_escaped() {
        assert_eq!(quoted("a\"{b}\\\n\u{1b}"), r#""a\"\{b\}\\\n\u{1b}""#);
    }
}
