//! One value made of all elements: sums, texts, maps.

use super::{items, keys};
use crate::{
    Arg, Fault, Interpreter, Native, Param, Ty, arguments, limit, natives::length, number, text, write_text,
};
use flowmesh_ir::{Name, Value, value::Fields};
use indexmap::IndexMap;

const ROUNDS_BETWEEN_LOOKS: usize = 32;

pub(crate) const NATIVES: &[Native] = &[
    Native::method("list.sum", Ty::List(&Ty::Number(0)), &[], Ty::Number(0), sum)
        .doc("All added up; 0 for none.", "[1, 2, 3].sum() == 6"),
    Native::method(
        "ints.average",
        Ty::List(&Ty::Int),
        &[],
        Ty::Optional(&Ty::Decimal),
        average,
    )
    .doc(
        "The sum divided by the number of them, as a decimal; `none` for none.",
        "[1, 2].average() == 1.5",
    ),
    Native::method(
        "list.average",
        Ty::List(&Ty::Number(0)),
        &[],
        Ty::Optional(&Ty::Number(0)),
        average,
    )
    .doc(
        "The sum divided by the number of them; `none` for none.",
        "[1.50, 2.50].average() == 2",
    ),
    Native::method(
        "list.fold",
        Ty::List(&Ty::Var(0)),
        &[
            Param::new("start", Ty::Var(1)),
            Param::new("step", Ty::Lambda(&[Ty::Var(1), Ty::Var(0)], &Ty::Var(1))),
        ],
        Ty::Var(1),
        fold,
    )
    .doc(
        "What the lambda makes of the start and each in turn.",
        "[1, 2, 3].fold(0, (sum, i) => sum + i) == 6",
    ),
    Native::method(
        "list.join",
        Ty::List(&Ty::String),
        &[Param::optional("between", Ty::String)],
        Ty::String,
        join,
    )
    .doc(
        "The texts one after the other, with another between them.",
        "[\"a\", \"b\"].join(\", \") == \"a, b\"",
    ),
    Native::method(
        "list.group_by",
        Ty::List(&Ty::Var(0)),
        &[Param::new("by", Ty::Lambda(&[Ty::Var(0)], &Ty::String))],
        Ty::Map(&Ty::List(&Ty::Var(0))),
        group_by,
    )
    .doc(
        "A map from what the lambda gives to those for which it gives it.",
        "[\"a\", \"b\"].group_by(s => s).keys() == [\"a\", \"b\"]",
    ),
    Native::method(
        "list.to_map",
        Ty::List(&Ty::Var(0)),
        &[
            Param::new("key", Ty::Lambda(&[Ty::Var(0)], &Ty::String)),
            Param::new("value", Ty::Lambda(&[Ty::Var(0)], &Ty::Var(1))),
        ],
        Ty::Map(&Ty::Var(1)),
        to_map,
    )
    .doc(
        "A map with a key and a value of each; the last of equal keys wins.",
        "[\"a\"].to_map(s => s, s => s.len()).get(\"a\") == 1",
    ),
];

fn sum(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let items = items(machine, args)?;
    let mut items = items.iter();
    let mut sum = items.next().cloned().unwrap_or(Value::Int(0));
    for item in items {
        sum = number::calculate(number::Operation::Add, &sum, item)
            .ok_or_else(|| arguments::unfit("numbers", item))??;
    }
    Ok(sum)
}

fn average(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let count = arguments::list(args, 0)?.len();
    if count == 0 {
        return Ok(Value::None);
    }
    let sum = match sum(machine, args)? {
        Value::Int(sum) => Value::Decimal(sum.into()),
        sum => sum,
    };
    number::calculate(number::Operation::Divide, &sum, &length(count))
        .ok_or_else(|| arguments::unfit("numbers", &sum))?
        .map(|average| match average {
            Value::Decimal(average) => Value::Decimal(average.normalize()),
            other => other,
        })
}

fn join(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let between = match arguments::value(args, 1) {
        Value::None => "",
        _ => &**arguments::string(args, 1)?,
    };
    let mut out = String::new();
    for (at, item) in items(machine, args)?.iter().enumerate() {
        if at > 0 {
            out.push_str(between);
        }
        write_text(&mut out, item);
        limit::check_text(out.len())?;
    }
    machine.spend(out.len() / 16)?;
    Ok(Value::String(out.into()))
}

fn group_by(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let keys = keys(machine, args)?;
    let mut groups: IndexMap<Name, Vec<Value>> = IndexMap::new();
    for (key, item) in keys.iter().zip(arguments::list(args, 0)?.iter()) {
        groups.entry(Name::new(text(key))).or_default().push(item.clone());
    }
    Ok(Value::record(
        groups
            .into_iter()
            .map(|(key, items)| (key, Value::list(items)))
            .collect(),
    ))
}

fn to_map(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let key = arguments::lambda(args, 1)?;
    let value = arguments::lambda(args, 2)?;
    let mut entries = Fields::new();
    for item in items(machine, args)?.iter() {
        let key = text(&machine.call(key, std::slice::from_ref(item))?);
        entries.insert(Name::new(key), machine.call(value, std::slice::from_ref(item))?);
    }
    Ok(Value::record(entries))
}

fn fold(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let step = arguments::lambda(args, 2)?;
    let mut sum = arguments::value(args, 1).clone();
    for (at, item) in items(machine, args)?.iter().enumerate() {
        sum = machine.call(step, &[sum, item.clone()])?;
        // A sum that nests deeper in each round must not grow out of hand; a look now and then is cheap and enough.
        if at % ROUNDS_BETWEEN_LOOKS == 0 {
            machine.spend(limit::check_value(&sum)? / 64)?;
        }
    }
    Ok(sum)
}
