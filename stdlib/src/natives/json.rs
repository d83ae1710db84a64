//! Natives on JSON that no type has been given to.

use crate::{
    Arg, Fault, Interpreter, arguments, json as parts, limit,
    natives::length,
    signature::{Native, Ty},
};
use flowmesh_ir::Value;
use std::sync::Arc;

pub(crate) const NATIVES: &[Native] = &[
    Native::method("json.keys", Ty::Json, &[], Ty::List(&Ty::String), keys).doc(
        "The names of the members of an object; empty for anything else.",
        "{ a: 1 }.to_json().keys() == [\"a\"]",
    ),
    Native::method("json.len", Ty::Json, &[], Ty::Int, len).doc(
        "How many members or elements there are; 0 for anything else.",
        "[1, 2].to_json().len() == 2",
    ),
    Native::method("json.items", Ty::Json, &[], Ty::List(&Ty::Json), items).doc(
        "The elements of an array; empty for anything else.",
        "[1, 2].to_json().items().len() == 2",
    ),
    Native::method("json.values", Ty::Json, &[], Ty::List(&Ty::Json), values).doc(
        "The values of the members of an object; empty for anything else.",
        "{ a: 1 }.to_json().values().len() == 1",
    ),
    Native::method("json.kind", Ty::Json, &[], Ty::String, kind).doc(
        "What it is: `object`, `array`, `string`, `number`, `bool` or `null`.",
        "[1, 2].to_json().kind() == \"array\"",
    ),
    Native::method("json.text", Ty::Json, &[], Ty::String, text)
        .doc("The JSON as it came.", "[1, 2].to_json().text() == \"[1,2]\""),
    Native::method("any.to_json", Ty::Var(0), &[], Ty::Json, to_json)
        .doc("The value as JSON.", "[1, 2].to_json().text() == \"[1,2]\""),
];

/// The JSON of an argument; `none` is `null`.
fn raw(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Arc<str>, Fault> {
    let raw = match arguments::value(args, 0) {
        Value::None => "null".into(),
        _ => Arc::clone(arguments::json(args, 0)?),
    };
    machine.spend(raw.len() / 4)?;
    Ok(raw)
}

fn keys(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let members = parts::members(&raw(machine, args)?);
    limit::check_length(members.len())?;
    Ok(Value::list(
        members
            .into_iter()
            .map(|(name, _)| Value::string(&name))
            .collect(),
    ))
}

fn len(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let raw = raw(machine, args)?;
    Ok(length(parts::members(&raw).len() + parts::elements(&raw).len()))
}

fn items(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let items = parts::elements(&raw(machine, args)?);
    limit::check_length(items.len())?;
    Ok(Value::list(items))
}

fn values(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let members = parts::members(&raw(machine, args)?);
    limit::check_length(members.len())?;
    Ok(Value::list(members.into_iter().map(|(_, value)| value).collect()))
}

fn kind(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let first = match arguments::value(args, 0) {
        Value::None => None,
        _ => arguments::json(args, 0)?.trim_ascii_start().chars().next(),
    };
    Ok(Value::string(match first {
        Some('{') => "object",
        Some('[') => "array",
        Some('"') => "string",
        Some('t' | 'f') => "bool",
        Some('n') | None => "null",
        Some(_) => "number",
    }))
}

fn text(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    raw(machine, args).map(Value::String)
}

fn to_json(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let mut out = String::new();
    parts::write(&mut out, arguments::value(args, 0));
    limit::check_text(out.len())?;
    machine.spend(out.len() / 16)?;
    Ok(parts::wrap(&out))
}
