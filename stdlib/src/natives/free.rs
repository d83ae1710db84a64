//! Natives that are called on nothing.

use crate::{
    Arg, Fault, Interpreter, arguments,
    order::extreme,
    signature::{Native, Param, Ty},
};
use flowmesh_ir::Value;
use std::cmp::Ordering;

pub(crate) const NATIVES: &[Native] = &[
    Native::free(
        "min",
        &[Param::new("a", Ty::Ordered(0)), Param::new("b", Ty::Ordered(0))],
        Ty::Ordered(0),
        min,
    )
    .doc("The smaller of two.", "min(2, 1) == 1"),
    Native::free(
        "max",
        &[Param::new("a", Ty::Ordered(0)), Param::new("b", Ty::Ordered(0))],
        Ty::Ordered(0),
        max,
    )
    .doc("The greater of two.", "max(2, 1) == 2"),
];

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
