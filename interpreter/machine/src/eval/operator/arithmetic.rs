//! What `+ - * / %` mean for numbers, times, dates and durations.

use crate::eval::unfit;
use flowmesh_ir::Value;
use flowmesh_stdlib::{
    Fault,
    number::{self, Operation},
    text,
};
use jiff::{SignedDuration, civil::Date};
use rust_decimal::prelude::ToPrimitive;

const DAY_SECONDS: i64 = 86_400;

/// The result of an operation on two values.
pub(super) fn calculate(operation: Operation, a: &Value, b: &Value) -> Result<Value, Fault> {
    match number::calculate(operation, a, b) {
        Some(result) => result,
        None => with_time(operation, a, b)?.ok_or_else(|| does_not_fit(a, b)),
    }
}

/// The same for times; `None` where the result does not fit.
fn with_time(operation: Operation, a: &Value, b: &Value) -> Result<Option<Value>, Fault> {
    use Operation::{Add, Divide, Multiply, Subtract};
    Ok(match (operation, a, b) {
        (Add, Value::Duration(a), Value::Duration(b)) => a.checked_add(*b).map(Value::Duration),
        (Subtract, Value::Duration(a), Value::Duration(b)) => a.checked_sub(*b).map(Value::Duration),
        (Add, Value::Time(time), Value::Duration(by)) | (Add, Value::Duration(by), Value::Time(time)) => {
            time.checked_add(*by).ok().map(Value::Time)
        }
        (Subtract, Value::Time(time), Value::Duration(by)) => time.checked_sub(*by).ok().map(Value::Time),
        (Subtract, Value::Time(a), Value::Time(b)) => Some(Value::Duration(a.duration_since(*b))),
        (Add, Value::Date(date), Value::Duration(by)) | (Add, Value::Duration(by), Value::Date(date)) => {
            shift(*date, *by)
        }
        (Subtract, Value::Date(date), Value::Duration(by)) => {
            by.checked_neg().and_then(|by| shift(*date, by))
        }
        (Subtract, Value::Date(a), Value::Date(b)) => Some(Value::Duration(a.duration_since(*b))),
        (Multiply, Value::Duration(by), Value::Int(times))
        | (Multiply, Value::Int(times), Value::Duration(by)) => {
            nanos(by.as_nanos().checked_mul(i128::from(*times)))
        }
        (Multiply, Value::Duration(by), Value::Float(times)) => part(*by, *times),
        (Multiply, Value::Duration(by), Value::Decimal(times)) => times.to_f64().and_then(|it| part(*by, it)),
        (Divide, Value::Duration(by), Value::Int(parts)) => {
            nanos(by.as_nanos().checked_div(i128::from(*parts)))
        }
        _ => return Err(unfit("two values that go together here", a)),
    })
}

/// A date moved by the whole days of a duration.
fn shift(date: Date, by: SignedDuration) -> Option<Value> {
    let days = SignedDuration::from_hours(by.as_secs() / DAY_SECONDS * 24);
    date.checked_add(days).ok().map(Value::Date)
}

/// A duration times a number, to the nanosecond as far as a float knows it.
fn part(by: SignedDuration, times: f64) -> Option<Value> {
    let whole = by.as_secs_f64() * times;
    SignedDuration::try_from_secs_f64(whole).ok().map(Value::Duration)
}

fn nanos(nanos: Option<i128>) -> Option<Value> {
    let nanos = nanos?;
    let seconds = i64::try_from(nanos / 1_000_000_000).ok()?;
    let rest = i32::try_from(nanos % 1_000_000_000).ok()?;
    Some(Value::Duration(SignedDuration::new(seconds, rest)))
}

fn does_not_fit(a: &Value, b: &Value) -> Fault {
    Fault::Arithmetic(format!(
        "the result of `{}` and `{}` does not fit",
        text(a),
        text(b)
    ))
}

/// `-a`
pub(super) fn negate(value: &Value) -> Result<Value, Fault> {
    let negated = match value {
        Value::Int(int) => int.checked_neg().map(Value::Int),
        Value::Decimal(decimal) => Some(Value::Decimal(-*decimal)),
        Value::Float(float) => Some(Value::Float(-float)),
        Value::Duration(duration) => duration.checked_neg().map(Value::Duration),
        other => return Err(unfit("a number", other)),
    };
    negated.ok_or_else(|| Fault::Arithmetic(format!("`-{}` does not fit", text(value))))
}
