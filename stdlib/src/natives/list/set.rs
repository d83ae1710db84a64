//! Lists as sets: what repeats, what two lists share.

use super::{items, keys};
use crate::{Arg, Fault, Interpreter, Native, Param, Ty, arguments, json};
use flowmesh_ir::Value;
use std::collections::BTreeSet;

const LIST: Ty = Ty::List(&Ty::Var(0));

pub(crate) const NATIVES: &[Native] = &[
    Native::method("list.distinct", LIST, &[], LIST, distinct).doc(
        "The same without repetitions, each where it first stood.",
        "[1, 2, 1].distinct() == [1, 2]",
    ),
    Native::method(
        "list.distinct_by",
        LIST,
        &[Param::new("by", Ty::Lambda(&[Ty::Var(0)], &Ty::Var(1)))],
        LIST,
        distinct_by,
    )
    .doc(
        "The first of those for which the lambda gives the same.",
        "[\"a\", \"b\", \"cd\"].distinct_by(s => s.len()) == [\"a\", \"cd\"]",
    ),
    Native::method(
        "list.intersect",
        LIST,
        &[Param::new("other", LIST)],
        LIST,
        intersect,
    )
    .doc(
        "Those that also stand in another list.",
        "[1, 2, 3].intersect([3, 1]) == [1, 3]",
    ),
    Native::method("list.except", LIST, &[Param::new("other", LIST)], LIST, except).doc(
        "Those that do not stand in another list.",
        "[1, 2, 3].except([3, 1]) == [2]",
    ),
];

fn distinct(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let items = items(machine, args)?;
    firsts(machine, &items, &items)
}

fn distinct_by(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let keys = keys(machine, args)?;
    firsts(machine, arguments::list(args, 0)?, &keys)
}

/// The items whose keys did not stand before.
fn firsts(machine: &mut dyn Interpreter, items: &[Value], keys: &[Value]) -> Result<Value, Fault> {
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for (item, key) in items.iter().zip(keys) {
        if seen.insert(identity(machine, key)?) {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}

fn intersect(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    compared(machine, args, true)
}

fn except(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    compared(machine, args, false)
}

/// Those for which standing in the other list is as wanted.
fn compared(machine: &mut dyn Interpreter, args: &[Arg<'_>], wanted: bool) -> Result<Value, Fault> {
    let mut other = BTreeSet::new();
    for item in arguments::list(args, 1)?.iter() {
        other.insert(identity(machine, item)?);
    }
    let mut kept = Vec::new();
    for item in items(machine, args)?.iter() {
        if other.contains(&identity(machine, item)?) == wanted {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}

/// A text that is the same for equal values: decimals without the zeros at their end.
fn identity(machine: &mut dyn Interpreter, value: &Value) -> Result<String, Fault> {
    let mut out = String::new();
    match value {
        Value::Decimal(decimal) => json::write(&mut out, &Value::Decimal(decimal.normalize())),
        other => json::write(&mut out, other),
    }
    machine.spend(out.len() / 16 + 1)?;
    Ok(out)
}
