//! Values as text, as they stand in an interpolated text, a path, a key.

use crate::json;
use flowmesh_ir::Value;
use jiff::SignedDuration;
use std::fmt::Write;

const NANOS: [(&str, i128); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// The value as text: a text as it is, a number in digits, a time by RFC 3339, anything made of parts as JSON.
#[must_use]
pub fn text(value: &Value) -> String {
    let mut out = String::new();
    write_text(&mut out, value);
    out
}

/// Writes [`text()`] behind what is there.
pub fn write_text(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => out.push_str(text),
        Value::Variant(variant) if variant.fields.is_empty() => out.push_str(&variant.name),
        Value::None => out.push_str("none"),
        Value::Time(_)
        | Value::Date(_)
        | Value::Duration(_)
        | Value::Bytes(_)
        | Value::Decimal(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Bool(_) => write_scalar(out, value),
        Value::List(_) | Value::Record(_) | Value::Variant(_) => json::write(out, value),
        Value::Json(raw) => match json::plain_string(raw) {
            Some(text) => out.push_str(&text),
            None => out.push_str(raw),
        },
    }
}

/// Writes a value without parts, and without quotes.
pub(crate) fn write_scalar(out: &mut String, value: &Value) {
    // Writing into a String cannot fail.
    let _ = match value {
        Value::Bool(value) => write!(out, "{value}"),
        Value::Int(value) => write!(out, "{value}"),
        Value::Float(value) => write!(out, "{value:?}"),
        Value::Decimal(value) => write!(out, "{value}"),
        Value::Time(value) => write!(out, "{value}"),
        Value::Date(value) => write!(out, "{value}"),
        Value::Duration(value) => {
            write_duration(out, *value);
            Ok(())
        }
        Value::Bytes(value) => {
            out.push_str(&crate::base64_text(value));
            Ok(())
        }
        _ => Ok(()),
    };
}

/// A length of time as a program writes it: `1h30m`, `250ms`, `0s`.
pub fn write_duration(out: &mut String, duration: SignedDuration) {
    let nanos = duration.as_nanos();
    if nanos == 0 {
        out.push_str("0s");
        return;
    }
    if nanos < 0 {
        out.push('-');
    }
    let mut left = nanos.unsigned_abs();
    for (unit, size) in NANOS {
        let size = size.unsigned_abs();
        let count = left / size;
        left %= size;
        if count > 0 {
            let _ = write!(out, "{count}{unit}");
        }
    }
}

/// Reads a length of time: whole numbers with units from the greatest to the smallest, each at most once.
#[must_use]
pub fn read_duration(text: &str) -> Option<SignedDuration> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if rest.is_empty() {
        return None;
    }
    let mut nanos: i128 = 0;
    let mut units = NANOS.iter();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, behind) = rest.split_at_checked(digits)?;
        let length = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, next) = behind.split_at_checked(length)?;
        let (_, size) = units.find(|(name, _)| *name == unit)?;
        nanos = nanos.checked_add(number.parse::<i128>().ok()?.checked_mul(*size)?)?;
        rest = next;
    }
    let nanos = if negative { -nanos } else { nanos };
    let seconds = i64::try_from(nanos / 1_000_000_000).ok()?;
    let rest = i32::try_from(nanos % 1_000_000_000).ok()?;
    Some(SignedDuration::new(seconds, rest))
}

#[cfg(test)]
mod tests {
    use super::{read_duration, text};
    use flowmesh_ir::Value;
    use jiff::SignedDuration;

    #[test]
    fn durations_are_read_as_they_are_written() {
        for written in ["1h30m", "250ms", "0s", "-2s", "7d", "1s500ms", "1ns"] {
            let read = read_duration(written).expect(written);
            assert_eq!(text(&Value::Duration(read)), written);
        }
        assert_eq!(read_duration("90m"), Some(SignedDuration::from_mins(90)));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for written in [
            "",
            "-",
            "5",
            "h",
            "1m1h",
            "1h1h",
            "1 h",
            "1.5h",
            "99999999999999999999d",
        ] {
            assert_eq!(read_duration(written), None, "{written}");
        }
    }
}
