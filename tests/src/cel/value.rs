//! Values, what is equal, and what comes before what.

use super::{Expr, url::Url};
use std::{cmp::Ordering, collections::BTreeMap, net::IpAddr};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number without a sign.
    Uint(u64),
    /// A number with a fraction.
    Double(f64),
    /// A string.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A length of time in nanoseconds.
    Duration(i64),
    /// A time in nanoseconds since 1970.
    Timestamp(i128),
    /// A list.
    List(Vec<Value>),
    /// A map.
    Map(BTreeMap<Key, Value>),
    /// An object: its fields by the names that rules have for them. It is not gone over, and has no size.
    Object(BTreeMap<String, Value>),
    /// A value that may be missing.
    Optional(Option<Box<Value>>),
    /// A URL.
    Url(Url),
    /// An address.
    Ip(IpAddr),
    /// A named format of Kubernetes.
    Format(&'static str),
}

/// A key of a map. Numbers that are equal are one key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A bool.
    Bool(bool),
    /// A whole number, with or without a sign.
    Int(i128),
    /// A string.
    Text(String),
}

impl Key {
    /// As a value again.
    #[must_use]
    pub fn value(&self) -> Value {
        match self {
            Self::Bool(is) => Value::Bool(*is),
            Self::Int(number) => match i64::try_from(*number) {
                Ok(number) => Value::Int(number),
                Err(_) => Value::Uint(u64::try_from(*number).unwrap_or_default()),
            },
            Self::Text(text) => Value::Text(text.clone()),
        }
    }
}

impl From<Value> for Expr {
    fn from(value: Value) -> Self {
        Self::Literal(value)
    }
}

impl Value {
    /// A string.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// What kind of value it is, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::Text(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Duration(_) => "duration",
            Self::Timestamp(_) => "timestamp",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Object(_) => "object",
            Self::Optional(_) => "optional",
            Self::Url(_) => "URL",
            Self::Ip(_) => "IP",
            Self::Format(_) => "format",
        }
    }

    /// As a key of a map; a double that is whole finds the key of that number.
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        match self {
            Self::Bool(is) => Some(Key::Bool(*is)),
            Self::Int(number) => Some(Key::Int((*number).into())),
            Self::Uint(number) => Some(Key::Int((*number).into())),
            Self::Double(number) if number.fract() == 0.0 && number.abs() < 1e19 => {
                Some(Key::Int(*number as i128))
            }
            Self::Text(text) => Some(Key::Text(text.clone())),
            _ => None,
        }
    }
}

/// Whether two values are equal: numbers by what they are worth, and values of two other kinds never.
#[must_use]
pub(super) fn equal(one: &Value, other: &Value) -> bool {
    if let Some(order) = numbers(one, other) {
        return order == Some(Ordering::Equal);
    }
    match (one, other) {
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Map(one), Value::Map(other)) => same(one, other),
        (Value::Object(one), Value::Object(other)) => same(one, other),
        (Value::Optional(Some(one)), Value::Optional(Some(other))) => equal(one, other),
        _ => one == other,
    }
}

fn same<K: Ord>(one: &BTreeMap<K, Value>, other: &BTreeMap<K, Value>) -> bool {
    let has = |(key, value): (&K, &Value)| other.get(key).is_some_and(|other| equal(value, other));
    one.len() == other.len() && one.iter().all(has)
}

/// Which of two values comes first; an error where they have no order.
pub(super) fn order(one: &Value, other: &Value) -> Result<Option<Ordering>, String> {
    if let Some(order) = numbers(one, other) {
        return Ok(order);
    }
    match (one, other) {
        (Value::Bool(one), Value::Bool(other)) => Ok(Some(one.cmp(other))),
        // Code points come in the order of their bytes.
        (Value::Text(one), Value::Text(other)) => Ok(Some(one.cmp(other))),
        (Value::Bytes(one), Value::Bytes(other)) => Ok(Some(one.cmp(other))),
        (Value::Duration(one), Value::Duration(other)) => Ok(Some(one.cmp(other))),
        (Value::Timestamp(one), Value::Timestamp(other)) => Ok(Some(one.cmp(other))),
        _ => Err(format!("no such overload: {} < {}", one.kind(), other.kind())),
    }
}

/// The order of two numbers, nothing beside a NaN; nothing at all where one is no number.
fn numbers(one: &Value, other: &Value) -> Option<Option<Ordering>> {
    let whole = |value: &Value| match value {
        Value::Int(number) => Some(i128::from(*number)),
        Value::Uint(number) => Some(i128::from(*number)),
        _ => None,
    };
    match (whole(one), whole(other), one, other) {
        (Some(one), Some(other), ..) => Some(Some(one.cmp(&other))),
        (_, _, Value::Double(one), Value::Double(other)) => Some(one.partial_cmp(other)),
        (Some(one), _, _, Value::Double(other)) => Some(beside(one, *other)),
        (_, Some(other), Value::Double(one), _) => Some(beside(other, *one).map(Ordering::reverse)),
        _ => None,
    }
}

/// A whole number beside one with a fraction, without rounding the first.
fn beside(whole: i128, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    // Beyond the range, the cast holds on to its ends, which are far from every whole number of the language.
    let order = whole.cmp(&(double.trunc() as i128));
    Some(order.then_with(|| 0.0_f64.partial_cmp(&double.fract()).unwrap_or(Ordering::Equal)))
}
