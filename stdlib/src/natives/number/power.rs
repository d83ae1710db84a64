//! Powers and roots.

use crate::{
    Arg, Fault, Interpreter, arguments,
    number::{self, Operation, to_float},
    signature::{Native, Param, Ty},
};
use flowmesh_ir::Value;
use rust_decimal::{Decimal, prelude::FromPrimitive};

/// The greatest exponent: beyond it nothing but 0 and 1 has a power that fits.
const EXPONENT_MAX: i64 = 1024;

/// Newton's steps double the right digits each time, so that 28 digits need far fewer.
const STEPS_MAX: usize = 64;

pub(crate) const NATIVES: &[Native] = &[
    Native::method(
        "number.pow",
        Ty::Number(0),
        &[Param::new("exponent", Ty::Int)],
        Ty::Number(0),
        pow,
    )
    .doc(
        "The number multiplied by itself so many times; the exponent is from 0 to 1024.",
        "2.pow(10) == 1024",
    ),
    Native::method("decimal.sqrt", Ty::Decimal, &[], Ty::Decimal, decimal_sqrt).doc(
        "The square root, to the last digit that a decimal holds.",
        "2.25.sqrt() == 1.5",
    ),
    Native::method("int.sqrt", Ty::Int, &[], Ty::Float, float_sqrt)
        .doc("The square root, as a float.", "9.sqrt() > 2.9"),
    Native::method("float.sqrt", Ty::Float, &[], Ty::Float, float_sqrt)
        .doc("The square root.", "4.to_float().sqrt() == 2.to_float()"),
];

fn pow(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let base = arguments::value(args, 0);
    let exponent = *arguments::int(args, 1)?;
    if !(0..=EXPONENT_MAX).contains(&exponent) {
        return Err(Fault::Arithmetic(format!(
            "an exponent is from 0 to {EXPONENT_MAX}, this one is {exponent}"
        )));
    }
    let mut power = one(base);
    for _ in 0..exponent {
        power = number::calculate(Operation::Multiply, &power, base)
            .ok_or_else(|| arguments::unfit("a number", base))??;
    }
    Ok(power)
}

fn one(like: &Value) -> Value {
    match like {
        Value::Decimal(_) => Value::Decimal(Decimal::ONE),
        Value::Float(_) => Value::Float(1.0),
        _ => Value::Int(1),
    }
}

fn negative(value: &Value) -> Fault {
    Fault::Arithmetic(format!("`{}` has no square root", crate::text(value)))
}

fn float_sqrt(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let value = arguments::value(args, 0);
    let float = match value {
        Value::Int(int) => to_float(*int),
        Value::Float(float) => *float,
        other => return Err(arguments::unfit("a number", other)),
    };
    if float < 0.0 {
        return Err(negative(value));
    }
    Ok(Value::Float(float.sqrt()))
}

fn decimal_sqrt(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    match arguments::value(args, 0) {
        Value::Decimal(decimal) => root(*decimal)
            .map(|root| Value::Decimal(root.normalize()))
            .ok_or_else(|| negative(&Value::Decimal(*decimal))),
        other => Err(arguments::unfit("a decimal", other)),
    }
}

/// Newton's method in decimals throughout: the float only says where to begin.
fn root(square: Decimal) -> Option<Decimal> {
    if square.is_sign_negative() && !square.is_zero() {
        return None;
    }
    if square.is_zero() {
        return Some(square);
    }
    let near = f64::try_from(square).ok()?.sqrt();
    let mut root = Decimal::from_f64(near).filter(|near| !near.is_zero())?;
    for _ in 0..STEPS_MAX {
        let next = root
            .checked_add(square.checked_div(root)?)?
            .checked_div(Decimal::TWO)?;
        if next == root {
            break;
        }
        root = next;
    }
    Some(root)
}
