//! Natives on bytes.

use crate::{
    Arg, Fault, Interpreter, arguments, base64_text,
    natives::length,
    signature::{Native, Ty},
};
use flowmesh_ir::Value;

pub(crate) const NATIVES: &[Native] = &[
    Native::method("bytes.len", Ty::Bytes, &[], Ty::Int, len)
        .doc("How many bytes there are.", "\"abc\".to_bytes().len() == 3"),
    Native::method("bytes.to_base64", Ty::Bytes, &[], Ty::String, to_base64).doc(
        "The bytes in base64.",
        "\"abc\".to_bytes().to_base64() == \"YWJj\"",
    ),
    Native::method(
        "bytes.to_text",
        Ty::Bytes,
        &[],
        Ty::Optional(&Ty::String),
        to_text,
    )
    .doc(
        "The bytes read as UTF-8, or `none` where they are not.",
        "\"abc\".to_bytes().to_text() == \"abc\"",
    ),
];

fn len(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(length(arguments::bytes(args, 0)?.len()))
}

fn to_base64(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let bytes = arguments::bytes(args, 0)?;
    machine.spend(bytes.len() / 16)?;
    Ok(Value::String(base64_text(bytes).into()))
}

fn to_text(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let bytes = arguments::bytes(args, 0)?;
    machine.spend(bytes.len() / 16)?;
    Ok(std::str::from_utf8(bytes).map_or(Value::None, Value::string))
}
