//! Values without parts: numbers, texts, times.

use super::{Typed, found, type_name};
use crate::border::misfit::shown;
use flowmesh_ir::{Value, ty::Type};
use flowmesh_stdlib::{json, read_base64, read_duration, url};
use jiff::{Timestamp, civil::Date};
use serde::de::Error;

/// The length of `2026-01-31`; the parser of dates would also read what is longer.
const DATE_BYTES: usize = 10;

impl Typed<'_, '_> {
    /// A decimal from a number or a string, a float from a number; both from the text as it came.
    pub(super) fn number<E: Error>(self, raw: &str) -> Result<Value, E> {
        let value = match self.ty {
            Type::Decimal => {
                let text = json::plain_string(raw);
                json::read_decimal(text.as_deref().unwrap_or(raw)).map(Value::Decimal)
            }
            _ if raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => raw
                .parse()
                .ok()
                .filter(|float: &f64| float.is_finite())
                .map(Value::Float),
            _ => None,
        };
        value.ok_or_else(|| self.unfit(found(raw)))
    }

    /// Anything that is a string in JSON.
    pub(super) fn string<E: Error>(self, text: &str) -> Result<Value, E> {
        let value = match self.ty {
            Type::String => Some(Value::string(text)),
            Type::Url => url::is_url(text).then(|| Value::string(text)),
            Type::Bytes => read_base64(text).map(|bytes| Value::Bytes(bytes.into())),
            Type::Time => text.parse::<Timestamp>().ok().map(Value::Time),
            Type::Date if text.len() == DATE_BYTES => text.parse::<Date>().ok().map(Value::Date),
            Type::Duration => read_duration(text).map(Value::Duration),
            _ => None,
        };
        value.ok_or_else(|| self.unfit(shown(&format!("\"{text}\""))))
    }

    /// The error that something else was found than this type.
    pub(super) fn unfit<E: Error>(self, found: impl Into<String>) -> E {
        let expected = type_name(self.reading.program, self.ty);
        self.reading.fail(expected, found)
    }
}
