//! What expressions work on.

use crate::Name;
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A value at run time. Cloning is cheap: everything long is shared.
///
/// Values have a JSON form of their own here (tagged, for constants inside a program); the form at a border is made
/// by the types of the program, in `machine::border`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Absence: `none`, and the result of what has no result.
    #[default]
    None,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A binary floating-point number; never NaN or infinite.
    Float(f64),
    /// An exact decimal number; never passes through a float.
    Decimal(Decimal),
    /// A text. Also the value of a `url`.
    String(Arc<str>),
    /// Bytes, base64 in JSON.
    Bytes(Arc<[u8]>),
    /// A point in time.
    Time(Timestamp),
    /// A calendar day.
    Date(Date),
    /// A length of time.
    Duration(SignedDuration),
    /// Values in order.
    List(Arc<Vec<Value>>),
    /// A record, or a map with text keys: in the order of declaration, or of insertion.
    Record(Arc<Fields>),
    /// One case of an enum, or an error: its name, and its fields where it has a payload.
    Variant(Arc<Variant>),
    /// JSON that no type has been given to: the text as it came, read only when somebody asks for a field.
    Json(Arc<str>),
}

/// Names and values, in order.
pub type Fields = IndexMap<Name, Value>;

/// One case of an enum, or an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// The case: `open`, `Card`, `Declined`.
    pub name: Name,
    /// The payload; empty where the case has none.
    pub fields: Fields,
}

impl Value {
    /// A text value.
    #[must_use]
    pub fn string(text: &str) -> Self {
        Self::String(text.into())
    }

    /// A list value.
    #[must_use]
    pub fn list(values: Vec<Value>) -> Self {
        Self::List(Arc::new(values))
    }

    /// A record or map value.
    #[must_use]
    pub fn record(fields: Fields) -> Self {
        Self::Record(Arc::new(fields))
    }

    /// A case of an enum, or an error.
    #[must_use]
    pub fn variant(name: Name, fields: Fields) -> Self {
        Self::Variant(Arc::new(Variant { name, fields }))
    }
}
