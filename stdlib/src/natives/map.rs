//! Natives on maps.

use crate::{
    Arg, Fault, Interpreter, arguments, limit,
    natives::length,
    signature::{Native, Param, Ty},
};
use flowmesh_ir::{Name, Value, value::Fields};
use std::sync::Arc;

pub(crate) const NATIVES: &[Native] = &[
    Native::method("map.len", Ty::Map(&Ty::Var(0)), &[], Ty::Int, len).doc(
        "How many entries there are.",
        "[\"a\"].group_by(s => s).len() == 1",
    ),
    Native::method("map.is_empty", Ty::Map(&Ty::Var(0)), &[], Ty::Bool, is_empty).doc(
        "Whether there are none.",
        "not [\"a\"].group_by(s => s).is_empty()",
    ),
    Native::method("map.keys", Ty::Map(&Ty::Var(0)), &[], Ty::List(&Ty::String), keys).doc(
        "The keys, in the order in which they came.",
        "[\"a\"].group_by(s => s).keys() == [\"a\"]",
    ),
    Native::method(
        "map.values",
        Ty::Map(&Ty::Var(0)),
        &[],
        Ty::List(&Ty::Var(0)),
        values,
    )
    .doc(
        "The values, in the order in which they came.",
        "[\"a\"].group_by(s => s).values() == [[\"a\"]]",
    ),
    Native::method(
        "map.get",
        Ty::Map(&Ty::Var(0)),
        &[Param::new("key", Ty::String)],
        Ty::Optional(&Ty::Var(0)),
        get,
    )
    .doc(
        "The value of a key.",
        "[\"a\"].to_map(s => s, s => 1).get(\"a\") == 1",
    ),
    Native::method(
        "map.has",
        Ty::Map(&Ty::Var(0)),
        &[Param::new("key", Ty::String)],
        Ty::Bool,
        has,
    )
    .doc(
        "Whether there is such a key.",
        "[\"a\"].group_by(s => s).has(\"a\")",
    ),
    Native::method(
        "map.with",
        Ty::Map(&Ty::Var(0)),
        &[Param::new("key", Ty::String), Param::new("value", Ty::Var(0))],
        Ty::Map(&Ty::Var(0)),
        with,
    )
    .doc(
        "The same with this entry.",
        "[\"a\"].to_map(s => s, s => 1).with(\"b\", 2).len() == 2",
    ),
    Native::method(
        "map.without",
        Ty::Map(&Ty::Var(0)),
        &[Param::new("key", Ty::String)],
        Ty::Map(&Ty::Var(0)),
        without,
    )
    .doc(
        "The same without this entry.",
        "[\"a\"].to_map(s => s, s => 1).without(\"a\").is_empty()",
    ),
    Native::method(
        "map.merge",
        Ty::Map(&Ty::Var(0)),
        &[Param::new("other", Ty::Map(&Ty::Var(0)))],
        Ty::Map(&Ty::Var(0)),
        merge,
    )
    .doc(
        "The entries of both; where both have a key, that of the other.",
        "[\"a\"].to_map(s => s, s => 1).merge([\"a\"].to_map(s => s, s => 2)).get(\"a\") == 2",
    ),
    Native::method(
        "map.items",
        Ty::Map(&Ty::Var(0)),
        &[],
        Ty::List(&Ty::Record(&[("key", Ty::String), ("value", Ty::Var(0))])),
        items,
    )
    .doc(
        "The entries as a list of records with a `key` and a `value`.",
        "[\"a\"].to_map(s => s, s => 1).items().map(e => \"{e.key}{e.value}\") == [\"a1\"]",
    ),
    Native::method(
        "map.filter",
        Ty::Map(&Ty::Var(0)),
        &[Param::new(
            "keep",
            Ty::Lambda(&[Ty::String, Ty::Var(0)], &Ty::Bool),
        )],
        Ty::Map(&Ty::Var(0)),
        filter,
    )
    .doc(
        "The entries for which the lambda holds.",
        "[\"a\", \"b\"].to_map(s => s, s => 1).filter((k, v) => k != \"a\").keys() == [\"b\"]",
    ),
    Native::method(
        "map.map_values",
        Ty::Map(&Ty::Var(0)),
        &[Param::new("change", Ty::Lambda(&[Ty::Var(0)], &Ty::Var(1)))],
        Ty::Map(&Ty::Var(1)),
        map_values,
    )
    .doc(
        "The same keys, each value changed by the lambda.",
        "[\"a\"].to_map(s => s, s => 1).map_values(v => v + 1).get(\"a\") == 2",
    ),
    Native::method(
        "map.sort_keys",
        Ty::Map(&Ty::Var(0)),
        &[],
        Ty::Map(&Ty::Var(0)),
        sort_keys,
    )
    .doc(
        "The same entries by the rising order of their keys.",
        "[\"b\", \"a\"].to_map(s => s, s => 1).sort_keys().keys() == [\"a\", \"b\"]",
    ),
    Native::method(
        "map.map",
        Ty::Map(&Ty::Var(0)),
        &[Param::new(
            "change",
            Ty::Lambda(&[Ty::String, Ty::Var(0)], &Ty::Var(1)),
        )],
        Ty::List(&Ty::Var(1)),
        map,
    )
    .doc(
        "What the lambda makes of each key and value, as a list.",
        "[\"a\"].to_map(s => s, s => 1).map((k, v) => \"{k}{v}\") == [\"a1\"]",
    ),
];

/// The receiver, paid for.
fn entries(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Arc<Fields>, Fault> {
    let map = arguments::map(args, 0)?;
    machine.spend(map.len())?;
    Ok(Arc::clone(map))
}

fn len(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(length(arguments::map(args, 0)?.len()))
}

fn is_empty(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(Value::Bool(arguments::map(args, 0)?.is_empty()))
}

fn keys(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let entries = entries(machine, args)?;
    Ok(Value::list(
        entries.keys().map(|key| Value::string(key)).collect(),
    ))
}

fn values(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let entries = entries(machine, args)?;
    Ok(Value::list(entries.values().cloned().collect()))
}

fn get(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let key = arguments::string(args, 1)?;
    Ok(arguments::map(args, 0)?.get(&**key).cloned().unwrap_or_default())
}

fn has(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let key = arguments::string(args, 1)?;
    Ok(Value::Bool(arguments::map(args, 0)?.contains_key(&**key)))
}

fn with(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let mut entries = Fields::clone(&*entries(machine, args)?);
    entries.insert(
        Name::new(&**arguments::string(args, 1)?),
        arguments::value(args, 2).clone(),
    );
    limit::check_length(entries.len())?;
    Ok(Value::record(entries))
}

fn without(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let mut entries = Fields::clone(&*entries(machine, args)?);
    entries.shift_remove(&**arguments::string(args, 1)?);
    Ok(Value::record(entries))
}

fn merge(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let mut entries = Fields::clone(&*entries(machine, args)?);
    let other = arguments::map(args, 1)?;
    machine.spend(other.len())?;
    entries.extend(other.iter().map(|(key, value)| (key.clone(), value.clone())));
    limit::check_length(entries.len())?;
    Ok(Value::record(entries))
}

fn map(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let change = arguments::lambda(args, 1)?;
    let mut changed = Vec::new();
    for (key, value) in entries(machine, args)?.iter() {
        changed.push(machine.call(change, &[Value::string(key), value.clone()])?);
    }
    Ok(Value::list(changed))
}

fn items(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let entries = entries(machine, args)?;
    let item = |(key, value): (&Name, &Value)| {
        let mut item = Fields::new();
        item.insert(Name::new_static("key"), Value::string(key));
        item.insert(Name::new_static("value"), value.clone());
        Value::record(item)
    };
    Ok(Value::list(entries.iter().map(item).collect()))
}

fn filter(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let keep = arguments::lambda(args, 1)?;
    let mut kept = Fields::new();
    for (key, value) in entries(machine, args)?.iter() {
        if arguments::truth(&machine.call(keep, &[Value::string(key), value.clone()])?)? {
            kept.insert(key.clone(), value.clone());
        }
    }
    Ok(Value::record(kept))
}

fn map_values(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let change = arguments::lambda(args, 1)?;
    let mut changed = Fields::new();
    for (key, value) in entries(machine, args)?.iter() {
        changed.insert(key.clone(), machine.call(change, std::slice::from_ref(value))?);
    }
    Ok(Value::record(changed))
}

fn sort_keys(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let mut entries = Fields::clone(&*entries(machine, args)?);
    entries.sort_keys();
    Ok(Value::record(entries))
}
