//! Which values are equal, and which comes first.

use crate::{Fault, arguments::unfit, json};
use flowmesh_ir::Value;
use rust_decimal::{Decimal, prelude::FromPrimitive};
use std::cmp::Ordering;

/// Whether two values are equal. Numbers are compared by what they are worth, JSON scalars by what they hold.
#[must_use]
pub fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Json(a), Value::Json(b)) => {
            a == b || json::scalar(a).is_some_and(|a| json::scalar(b).is_some_and(|b| a == b))
        }
        (Value::Json(raw), other) | (other, Value::Json(raw)) => json::scalar(raw)
            .is_some_and(|value| compare(&value, other) == Some(Ordering::Equal) || value == *other),
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b))
        }
        (Value::Int(_) | Value::Decimal(_) | Value::Float(_), _) => compare(a, b) == Some(Ordering::Equal),
        _ => a == b,
    }
}

/// Which of two values of one ordered type comes first; `None` where they have no order.
#[must_use]
pub fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Decimal(b)) => Some(Decimal::from(*a).cmp(b)),
        (Value::Decimal(a), Value::Int(b)) => Some(a.cmp(&Decimal::from(*b))),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Float(a), Value::Int(b)) => Decimal::from_f64(*a)?.partial_cmp(&Decimal::from(*b)),
        (Value::Int(a), Value::Float(b)) => Decimal::from(*a).partial_cmp(&Decimal::from_f64(*b)?),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// The one of two that lies further to one side; the first of equals.
pub(crate) fn extreme(a: &Value, b: &Value, side: Ordering) -> Result<Value, Fault> {
    let order = compare(b, a).ok_or_else(|| unfit("two values that have an order", b))?;
    Ok(if order == side { b.clone() } else { a.clone() })
}
