//! The arguments of a native, taken as what the checker promised.

use crate::{Arg, Fault, Lambda, text};
use flowmesh_ir::{Value, value::Fields};
use jiff::{SignedDuration, Timestamp, civil::Date};
use std::sync::Arc;

const ABSENT: &Value = &Value::None;

/// The value at a place; `none` where it was left out.
pub(crate) fn value<'a>(args: &'a [Arg<'_>], at: usize) -> &'a Value {
    match args.get(at) {
        Some(Arg::Value(value)) => value,
        _ => ABSENT,
    }
}

/// The lambda at a place.
pub(crate) fn lambda<'a>(args: &[Arg<'a>], at: usize) -> Result<Lambda<'a>, Fault> {
    match args.get(at) {
        Some(Arg::Lambda(lambda)) => Ok(*lambda),
        _ => Err(unfit("a lambda", value(args, at))),
    }
}

/// A fault for what the checker never lets through.
pub(crate) fn unfit(expected: &str, found: &Value) -> Fault {
    Fault::BadValue(format!("expected {expected}, found `{}`", text(found)))
}

/// Defines how a value of one kind is taken.
macro_rules! take {
    ($($name:ident: $kind:ident -> $ty:ty, $what:literal;)*) => {$(
        #[doc = concat!("The argument at a place, which is ", $what, ".")]
        pub(crate) fn $name<'a>(args: &'a [Arg<'_>], at: usize) -> Result<&'a $ty, Fault> {
            match value(args, at) {
                Value::$kind(taken) => Ok(taken),
                other => Err(unfit($what, other)),
            }
        }
    )*};
}

take! {
    list: List -> Arc<Vec<Value>>, "a list";
    map: Record -> Arc<Fields>, "a map";
    string: String -> Arc<str>, "a string";
    bytes: Bytes -> Arc<[u8]>, "bytes";
    json: Json -> Arc<str>, "json";
    time: Time -> Timestamp, "a time";
    date: Date -> Date, "a date";
    duration: Duration -> SignedDuration, "a duration";
    int: Int -> i64, "an int";
}

/// An int that counts something: nothing below zero, and no more than fits.
pub(crate) fn count(args: &[Arg<'_>], at: usize) -> Result<usize, Fault> {
    int(args, at).map(|count| usize::try_from((*count).max(0)).unwrap_or(usize::MAX))
}

/// The bool that a lambda gave.
pub(crate) fn truth(value: &Value) -> Result<bool, Fault> {
    match value {
        Value::Bool(holds) => Ok(*holds),
        other => Err(unfit("a bool", other)),
    }
}
