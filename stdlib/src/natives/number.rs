//! Natives on numbers; the folder beside it has powers and roots.

mod power;

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

pub(crate) use power::NATIVES as POWERS;

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
        &[
            Param::optional("digits", Ty::Int),
            Param::optional_text("half", check_half),
        ],
        Ty::Number(0),
        round,
    )
    .doc(
        "The nearest number with so many digits after the point, 0 if not said; a half goes away from zero (`up`), towards it (`down`), or to the even digit (`even`).",
        "2.345.round(2) == 2.35 and 2.345.round(2, \"even\") == 2.34",
    ),
    Native::method("number.trunc", Ty::Number(0), &[], Ty::Number(0), trunc).doc(
        "The number without what stands after the point.",
        "(-2.9).trunc() == -2.0",
    ),
    Native::method("number.sign", Ty::Number(0), &[], Ty::Int, sign)
        .doc("-1 below zero, 0 at zero, 1 above.", "(-2.5).sign() == -1"),
    Native::method(
        "number.fixed",
        Ty::Number(0),
        &[Param::new("digits", Ty::Int)],
        Ty::String,
        fixed,
    )
    .doc(
        "The number as text with exactly so many digits after the point; a half goes away from zero.",
        "2.5.fixed(2) == \"2.50\"",
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
        _ => digits(args, 1)?,
    };
    let half = match arguments::value(args, 2) {
        Value::None => RoundingStrategy::MidpointAwayFromZero,
        _ => half(arguments::string(args, 2)?)?,
    };
    rounded(arguments::value(args, 0), |decimal| {
        decimal.round_dp_with_strategy(digits, half)
    })
}

/// How many digits after the point, within what a decimal holds.
fn digits(args: &[Arg<'_>], at: usize) -> Result<u32, Fault> {
    let digits = (*arguments::int(args, at)?).clamp(0, DIGITS_MAX);
    Ok(u32::try_from(digits).unwrap_or_default())
}

/// Where a half goes.
fn half(text: &str) -> Result<RoundingStrategy, Fault> {
    match text {
        "up" => Ok(RoundingStrategy::MidpointAwayFromZero),
        "down" => Ok(RoundingStrategy::MidpointTowardZero),
        "even" => Ok(RoundingStrategy::MidpointNearestEven),
        _ => Err(Fault::BadValue(format!(
            "expected `up`, `down` or `even`, found `{text}`"
        ))),
    }
}

fn check_half(text: &str) -> Result<(), Fault> {
    half(text).map(drop)
}

fn trunc(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    rounded(arguments::value(args, 0), |decimal| decimal.trunc())
}

fn sign(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let value = arguments::value(args, 0);
    match crate::compare(value, &Value::Int(0)) {
        Some(order) => Ok(Value::Int(order as i64)),
        None => Err(arguments::unfit("a number", value)),
    }
}

fn fixed(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let value = arguments::value(args, 0);
    let digits = digits(args, 1)?;
    let decimal = match value {
        Value::Int(int) => Some(Decimal::from(*int)),
        Value::Decimal(decimal) => Some(*decimal),
        Value::Float(float) => Decimal::from_f64(*float),
        other => return Err(arguments::unfit("a number", other)),
    };
    let rounded = decimal.ok_or_else(|| overflow(value))?;
    let rounded = rounded.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
    let places = usize::try_from(digits).unwrap_or_default();
    Ok(Value::string(&format!("{rounded:.places$}")))
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
