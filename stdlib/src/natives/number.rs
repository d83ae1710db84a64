//! Natives on numbers.

use crate::signature::{
    Native, Param,
    Ty::{Decimal, Float, Int, Number, Optional},
};

pub(crate) const NATIVES: &[Native] = &[
    Native::method("number.abs", Number(0), &[], Number(0))
        .doc("The number without its sign.", "(-2).abs() == 2"),
    Native::method(
        "number.min",
        Number(0),
        &[Param::new("other", Number(0))],
        Number(0),
    )
    .doc("The smaller of two.", "2.min(1) == 1"),
    Native::method(
        "number.max",
        Number(0),
        &[Param::new("other", Number(0))],
        Number(0),
    )
    .doc("The greater of two.", "2.max(1) == 2"),
    Native::method(
        "number.clamp",
        Number(0),
        &[Param::new("low", Number(0)), Param::new("high", Number(0))],
        Number(0),
    )
    .doc(
        "The number, or the bound that it lies beyond.",
        "12.clamp(0, 10) == 10",
    ),
    Native::method(
        "number.round",
        Number(0),
        &[Param::optional("digits", Int)],
        Number(0),
    )
    .doc(
        "The nearest number with so many digits after the point, 0 if not said; a half goes away from zero.",
        "2.345.round(2) == 2.35",
    ),
    Native::method("number.floor", Number(0), &[], Number(0))
        .doc("The nearest whole number below.", "2.9.floor() == 2.0"),
    Native::method("number.ceil", Number(0), &[], Number(0))
        .doc("The nearest whole number above.", "2.1.ceil() == 3.0"),
    Native::method("number.to_int", Number(0), &[], Optional(&Int)).doc(
        "The number without what stands after the point, or `none` where it does not fit an int.",
        "2.9.to_int() == 2",
    ),
    Native::method("number.to_decimal", Number(0), &[], Optional(&Decimal)).doc(
        "The number as a decimal, or `none` where it does not fit.",
        "2.to_decimal() == 2.0",
    ),
    Native::method("number.to_float", Number(0), &[], Float)
        .doc("The nearest binary floating-point number.", "2.to_float() > 1"),
];
