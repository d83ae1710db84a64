//! Natives on numbers.

use crate::{
    Arg, Fault, Interpreter, arguments,
    number::to_float as nearest,
    order::extreme,
    signature::{Native, Param, Ty},
};
use flowmesh_ir::Value;
use rust_decimal::{
    Decimal, RoundingStrategy,
    prelude::{FromPrimitive, ToPrimitive},
};
use std::cmp::Ordering;

pub(crate) const NATIVES: &[Native] = &[
    Native::method("number.abs", Ty::Number(0), &[], Ty::Number(0), abs)
        .doc("The number without its sign.", "(-2).abs() == 2"),
    Native::method(
        "number.min",
        Ty::Number(0),
        &[Param::new("other", Ty::Number(0))],
        Ty::Number(0),
        min,
    )
    .doc("The smaller of two.", "2.min(1) == 1"),
    Native::method(
        "number.max",
        Ty::Number(0),
        &[Param::new("other", Ty::Number(0))],
        Ty::Number(0),
        max,
    )
    .doc("The greater of two.", "2.max(1) == 2"),
    Native::method(
        "number.clamp",
        Ty::Number(0),
        &[
            Param::new("low", Ty::Number(0)),
            Param::new("high", Ty::Number(0)),
        ],
        Ty::Number(0),
        clamp,
    )
    .doc(
        "The number, or the bound that it lies beyond.",
        "12.clamp(0, 10) == 10",
    ),
    Native::method(
        "number.round",
        Ty::Number(0),
        &[Param::optional("digits", Ty::Int)],
        Ty::Number(0),
        round,
    )
    .doc(
        "The nearest number with so many digits after the point, 0 if not said; a half goes away from zero.",
        "2.345.round(2) == 2.35",
    ),
    Native::method("number.floor", Ty::Number(0), &[], Ty::Number(0), floor)
        .doc("The nearest whole number below.", "2.9.floor() == 2.0"),
    Native::method("number.ceil", Ty::Number(0), &[], Ty::Number(0), ceil)
        .doc("The nearest whole number above.", "2.1.ceil() == 3.0"),
    Native::method(
        "number.to_int",
        Ty::Number(0),
        &[],
        Ty::Optional(&Ty::Int),
        to_int,
    )
    .doc(
        "The number without what stands after the point, or `none` where it does not fit an int.",
        "2.9.to_int() == 2",
    ),
    Native::method(
        "number.to_decimal",
        Ty::Number(0),
        &[],
        Ty::Optional(&Ty::Decimal),
        to_decimal,
    )
    .doc(
        "The number as a decimal, or `none` where it does not fit.",
        "2.to_decimal() == 2.0",
    ),
    Native::method("number.to_float", Ty::Number(0), &[], Ty::Float, to_float)
        .doc("The nearest binary floating-point number.", "2.to_float() > 1"),
];

fn overflow(value: &Value) -> Fault {
    Fault::Arithmetic(format!("the result for `{}` does not fit", crate::text(value)))
}

fn abs(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let value = arguments::value(args, 0);
    match value {
        Value::Int(int) => int.checked_abs().map(Value::Int).ok_or_else(|| overflow(value)),
        Value::Decimal(decimal) => Ok(Value::Decimal(decimal.abs())),
        Value::Float(float) => Ok(Value::Float(float.abs())),
        other => Err(arguments::unfit("a number", other)),
    }
}

fn min(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    extreme(
        arguments::value(args, 0),
        arguments::value(args, 1),
        Ordering::Less,
    )
}

fn max(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    extreme(
        arguments::value(args, 0),
        arguments::value(args, 1),
        Ordering::Greater,
    )
}

fn clamp(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let raised = extreme(
        arguments::value(args, 0),
        arguments::value(args, 1),
        Ordering::Greater,
    )?;
    extreme(&raised, arguments::value(args, 2), Ordering::Less)
}

fn round(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let digits = match arguments::value(args, 1) {
        Value::None => 0,
        _ => u32::try_from((*arguments::int(args, 1)?).clamp(0, DIGITS_MAX)).unwrap_or_default(),
    };
    rounded(arguments::value(args, 0), |decimal| {
        decimal.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)
    })
}

fn floor(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    rounded(arguments::value(args, 0), |decimal| decimal.floor())
}

fn ceil(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    rounded(arguments::value(args, 0), |decimal| decimal.ceil())
}

/// The most digits after the point of a decimal.
const DIGITS_MAX: i64 = 28;

/// A float is rounded by the decimal that it is written as, so that 2.675 with two digits is 2.68 for both kinds.
fn rounded(value: &Value, round: impl Fn(&Decimal) -> Decimal) -> Result<Value, Fault> {
    match value {
        Value::Int(int) => Ok(Value::Int(*int)),
        Value::Decimal(decimal) => Ok(Value::Decimal(round(decimal))),
        // A float too large for a decimal has no digits after the point.
        Value::Float(float) => {
            let decimal = Decimal::from_f64(*float);
            Ok(Value::Float(
                decimal
                    .and_then(|decimal| round(&decimal).to_f64())
                    .unwrap_or(*float),
            ))
        }
        other => Err(arguments::unfit("a number", other)),
    }
}

fn to_int(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let int = match arguments::value(args, 0) {
        Value::Int(int) => Some(*int),
        Value::Decimal(decimal) => decimal.trunc().to_i64(),
        Value::Float(float) => float.trunc().to_i64(),
        other => return Err(arguments::unfit("a number", other)),
    };
    Ok(int.map_or(Value::None, Value::Int))
}

fn to_decimal(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let decimal = match arguments::value(args, 0) {
        Value::Int(int) => Some(Decimal::from(*int)),
        Value::Decimal(decimal) => Some(*decimal),
        Value::Float(float) => Decimal::from_f64(*float),
        other => return Err(arguments::unfit("a number", other)),
    };
    Ok(decimal.map_or(Value::None, Value::Decimal))
}

fn to_float(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    match arguments::value(args, 0) {
        Value::Int(int) => Ok(Value::Float(nearest(*int))),
        Value::Decimal(decimal) => Ok(Value::Float(decimal.to_f64().unwrap_or_default())),
        Value::Float(float) => Ok(Value::Float(*float)),
        other => Err(arguments::unfit("a number", other)),
    }
}
