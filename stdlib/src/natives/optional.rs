//! Natives on values that may be absent.

use crate::{
    Arg, Fault, Interpreter, arguments,
    signature::{Native, Param, Ty},
};
use flowmesh_ir::Value;

pub(crate) const NATIVES: &[Native] = &[
    Native::method(
        "optional.or",
        Ty::Optional(&Ty::Var(0)),
        &[Param::new("other", Ty::Var(0))],
        Ty::Var(0),
        or,
    )
    .doc(
        "The value, or another where it is `none`; the same as `??`.",
        "\"1\".to_int().or(0) == 1",
    ),
    Native::method(
        "optional.is_none",
        Ty::Optional(&Ty::Var(0)),
        &[],
        Ty::Bool,
        is_none,
    )
    .doc("Whether it is `none`.", "\"x\".to_int().is_none()"),
    Native::method(
        "optional.is_some",
        Ty::Optional(&Ty::Var(0)),
        &[],
        Ty::Bool,
        is_some,
    )
    .doc("Whether it is not `none`.", "\"1\".to_int().is_some()"),
    Native::method(
        "optional.map",
        Ty::Optional(&Ty::Var(0)),
        &[Param::new("change", Ty::Lambda(&[Ty::Var(0)], &Ty::Var(1)))],
        Ty::Optional(&Ty::Var(1)),
        map,
    )
    .doc(
        "The value changed by the lambda, or `none`.",
        "\"1\".to_int().map(i => i + 1) == 2",
    ),
];

fn or(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(match arguments::value(args, 0) {
        Value::None => arguments::value(args, 1).clone(),
        value => value.clone(),
    })
}

fn is_none(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(Value::Bool(*arguments::value(args, 0) == Value::None))
}

fn is_some(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(Value::Bool(*arguments::value(args, 0) != Value::None))
}

fn map(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    match arguments::value(args, 0) {
        Value::None => Ok(Value::None),
        value => machine.call(arguments::lambda(args, 1)?, std::slice::from_ref(value)),
    }
}
