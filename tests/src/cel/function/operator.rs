//! Operators.

use crate::cel::{
    Value,
    value::{equal, order},
};
use std::cmp::Ordering;

/// What an operator gives; nothing where the name is none of an operator.
pub(super) fn operator(name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
    Some(match (name, arguments) {
        ("!", [Value::Bool(is)]) => Ok(Value::Bool(!is)),
        ("-", [one]) => negated(one),
        ("==", [one, other]) => Ok(Value::Bool(equal(one, other))),
        ("!=", [one, other]) => Ok(Value::Bool(!equal(one, other))),
        ("in", [one, other]) => within(one, other),
        ("<" | "<=" | ">" | ">=", [one, other]) => {
            order(one, other).map(|order| Value::Bool(compared(name, order)))
        }
        ("+" | "-" | "*" | "/" | "%", [one, other]) => arithmetic(name, one, other),
        ("!", [other]) => Err(format!("no such overload: !{}", other.kind())),
        _ => return None,
    })
}

/// Nothing comes before or behind a NaN.
fn compared(name: &str, order: Option<Ordering>) -> bool {
    match (name, order) {
        (_, None) => false,
        ("<", Some(order)) => order.is_lt(),
        ("<=", Some(order)) => order.is_le(),
        (">", Some(order)) => order.is_gt(),
        (_, Some(order)) => order.is_ge(),
    }
}

fn within(one: &Value, other: &Value) -> Result<Value, String> {
    match other {
        Value::List(items) => Ok(Value::Bool(items.iter().any(|item| equal(one, item)))),
        Value::Map(map) => Ok(Value::Bool(one.key().is_some_and(|key| map.contains_key(&key)))),
        other => Err(format!("no such overload: {} in {}", one.kind(), other.kind())),
    }
}

fn negated(one: &Value) -> Result<Value, String> {
    match one {
        Value::Int(number) => number
            .checked_neg()
            .map(Value::Int)
            .ok_or_else(|| "integer overflow".to_owned()),
        Value::Double(number) => Ok(Value::Double(-number)),
        Value::Duration(length) => length
            .checked_neg()
            .map(Value::Duration)
            .ok_or_else(|| "duration overflow".to_owned()),
        other => Err(format!("no such overload: -{}", other.kind())),
    }
}

fn arithmetic(name: &str, one: &Value, other: &Value) -> Result<Value, String> {
    match (name, one, other) {
        ("/" | "%", _, Value::Int(0) | Value::Uint(0)) => Err("division by zero".to_owned()),
        (_, Value::Int(one), Value::Int(other)) => whole(name, (*one).into(), (*other).into())
            .and_then(|sum| i64::try_from(sum).ok())
            .map(Value::Int)
            .ok_or_else(overflow),
        (_, Value::Uint(one), Value::Uint(other)) => whole(name, (*one).into(), (*other).into())
            .and_then(|sum| u64::try_from(sum).ok())
            .map(Value::Uint)
            .ok_or_else(overflow),
        ("+", Value::Double(one), Value::Double(other)) => Ok(Value::Double(one + other)),
        ("-", Value::Double(one), Value::Double(other)) => Ok(Value::Double(one - other)),
        ("*", Value::Double(one), Value::Double(other)) => Ok(Value::Double(one * other)),
        ("/", Value::Double(one), Value::Double(other)) => Ok(Value::Double(one / other)),
        ("+", Value::Text(one), Value::Text(other)) => Ok(Value::Text(format!("{one}{other}"))),
        ("+", Value::Bytes(one), Value::Bytes(other)) => Ok(Value::Bytes([one.as_slice(), other].concat())),
        ("+", Value::List(one), Value::List(other)) => Ok(Value::List([one.as_slice(), other].concat())),
        ("+", Value::Duration(one), Value::Duration(other)) => {
            one.checked_add(*other).map(Value::Duration).ok_or_else(overflow)
        }
        ("-", Value::Duration(one), Value::Duration(other)) => {
            one.checked_sub(*other).map(Value::Duration).ok_or_else(overflow)
        }
        ("+", Value::Timestamp(at), Value::Duration(length))
        | ("+", Value::Duration(length), Value::Timestamp(at)) => {
            Ok(Value::Timestamp(at + i128::from(*length)))
        }
        ("-", Value::Timestamp(at), Value::Duration(length)) => {
            Ok(Value::Timestamp(at - i128::from(*length)))
        }
        ("-", Value::Timestamp(one), Value::Timestamp(other)) => i64::try_from(one - other)
            .map(Value::Duration)
            .map_err(|_| overflow()),
        _ => Err(format!(
            "no such overload: {} {name} {}",
            one.kind(),
            other.kind()
        )),
    }
}

fn overflow() -> String {
    "overflow".to_owned()
}

/// No two numbers of the language leave the range of these.
fn whole(name: &str, one: i128, other: i128) -> Option<i128> {
    match name {
        "+" => one.checked_add(other),
        "-" => one.checked_sub(other),
        "*" => one.checked_mul(other),
        "/" => one.checked_div(other),
        _ => one.checked_rem(other),
    }
}
