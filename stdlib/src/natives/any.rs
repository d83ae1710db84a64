//! Natives on values of any type.

use crate::{
    Arg, Fault, Interpreter, arguments,
    signature::{Native, Ty},
    text,
};
use flowmesh_ir::Value;

pub(crate) const NATIVES: &[Native] =
    &[
        Native::method("any.to_string", Ty::Var(0), &[], Ty::String, to_string).doc(
            "The value as text, as it stands in an interpolated text.",
            "12.to_string() == \"12\"",
        ),
    ];

fn to_string(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = text(arguments::value(args, 0));
    machine.spend(text.len() / 16)?;
    Ok(Value::String(text.into()))
}
