//! Natives on bytes, and the texts that write bytes.

use crate::{
    Arg, Fault, Interpreter, arguments, base64_text, limit,
    natives::length,
    read_base64,
    signature::{Native, Param, Ty},
};
use flowmesh_ir::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// How many bytes a hash or a comparison goes through in one step.
const BYTES_PER_STEP: usize = 16;

pub(crate) const NATIVES: &[Native] = &[
    Native::method("bytes.len", Ty::Bytes, &[], Ty::Int, len)
        .doc("How many bytes there are.", "\"abc\".to_bytes().len() == 3"),
    Native::method("bytes.to_base64", Ty::Bytes, &[], Ty::String, to_base64).doc(
        "The bytes in base64.",
        "\"abc\".to_bytes().to_base64() == \"YWJj\"",
    ),
    Native::method("bytes.to_hex", Ty::Bytes, &[], Ty::String, to_hex).doc(
        "The bytes in pairs of hexadecimal digits.",
        "\"abc\".to_bytes().to_hex() == \"616263\"",
    ),
    Native::method("bytes.sha256", Ty::Bytes, &[], Ty::Bytes, sha256).doc(
        "The SHA-256 of the bytes.",
        "\"abc\".to_bytes().sha256().to_hex().take(8) == \"ba7816bf\"",
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
    Native::method(
        "bytes.slice",
        Ty::Bytes,
        &[Param::new("from", Ty::Int), Param::optional("to", Ty::Int)],
        Ty::Bytes,
        slice,
    )
    .doc(
        "The bytes from one place up to and without another, or to the end.",
        "\"abcd\".to_bytes().slice(1, 3).to_text() == \"bc\"",
    ),
    Native::method(
        "bytes.concat",
        Ty::Bytes,
        &[Param::new("other", Ty::Bytes)],
        Ty::Bytes,
        concat,
    )
    .doc(
        "These bytes and then others.",
        "\"a\".to_bytes().concat(\"b\".to_bytes()).to_text() == \"ab\"",
    ),
    Native::method(
        "string.from_base64",
        Ty::String,
        &[],
        Ty::Optional(&Ty::Bytes),
        from_base64,
    )
    .doc(
        "The bytes that the text writes in base64, or `none`.",
        "\"YWJj\".from_base64() == \"abc\".to_bytes()",
    ),
    Native::method(
        "string.from_hex",
        Ty::String,
        &[],
        Ty::Optional(&Ty::Bytes),
        from_hex,
    )
    .doc(
        "The bytes that the text writes in hexadecimal digits, or `none`.",
        "\"616263\".from_hex() == \"abc\".to_bytes()",
    ),
];

fn whole<'a>(machine: &mut dyn Interpreter, args: &'a [Arg<'_>]) -> Result<&'a [u8], Fault> {
    let bytes = arguments::bytes(args, 0)?;
    machine.spend(bytes.len() / BYTES_PER_STEP)?;
    Ok(bytes)
}

fn len(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(length(arguments::bytes(args, 0)?.len()))
}

fn to_base64(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = base64_text(whole(machine, args)?);
    limit::check_text(text.len())?;
    Ok(Value::String(text.into()))
}

fn to_hex(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let bytes = whole(machine, args)?;
    limit::check_text(bytes.len().saturating_mul(2))?;
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(Value::String(text.into()))
}

fn sha256(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let hash = Sha256::digest(whole(machine, args)?);
    Ok(Value::Bytes(hash.as_slice().into()))
}

fn to_text(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(std::str::from_utf8(whole(machine, args)?).map_or(Value::None, Value::string))
}

fn slice(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let bytes = whole(machine, args)?;
    let to = match arguments::value(args, 2) {
        Value::None => bytes.len(),
        _ => arguments::count(args, 2)?.min(bytes.len()),
    };
    let kept = bytes.get(arguments::count(args, 1)?..to).unwrap_or_default();
    Ok(Value::Bytes(kept.into()))
}

fn concat(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let (first, other) = (whole(machine, args)?, arguments::bytes(args, 1)?);
    limit::check_text(first.len().saturating_add(other.len()))?;
    machine.spend(other.len() / BYTES_PER_STEP)?;
    Ok(Value::Bytes([first, other].concat().into()))
}

fn from_base64(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = arguments::string(args, 0)?;
    machine.spend(text.len() / BYTES_PER_STEP)?;
    Ok(read_base64(text).map_or(Value::None, |bytes| Value::Bytes(bytes.into())))
}

fn from_hex(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = arguments::string(args, 0)?;
    machine.spend(text.len())?;
    Ok(read_hex(text).map_or(Value::None, |bytes| Value::Bytes(bytes.into())))
}

fn read_hex(text: &str) -> Option<Vec<u8>> {
    let mut digits = text.chars().map(|digit| digit.to_digit(16));
    let mut bytes = Vec::with_capacity(text.len() / 2);
    while let Some(high) = digits.next() {
        bytes.push(u8::try_from(high? * 16 + digits.next()??).ok()?);
    }
    Some(bytes)
}
