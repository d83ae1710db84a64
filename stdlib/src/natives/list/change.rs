//! Lists made of lists: each element changed, kept or moved.

use super::{each, items};
use crate::{Arg, Fault, Interpreter, Native, Param, Ty, arguments, limit, natives::length};
use flowmesh_ir::Value;
use std::sync::Arc;

pub(crate) const NATIVES: &[Native] = &[
    Native::method(
        "list.map",
        Ty::List(&Ty::Var(0)),
        &[Param::new("change", Ty::Lambda(&[Ty::Var(0)], &Ty::Var(1)))],
        Ty::List(&Ty::Var(1)),
        map,
    )
    .doc("Each changed by the lambda.", "[1, 2].map(i => i * 2) == [2, 4]"),
    Native::method(
        "list.filter",
        Ty::List(&Ty::Var(0)),
        &[Param::new("keep", Ty::Lambda(&[Ty::Var(0)], &Ty::Bool))],
        Ty::List(&Ty::Var(0)),
        filter,
    )
    .doc(
        "Those for which the lambda holds.",
        "[1, 2, 3].filter(i => i > 1) == [2, 3]",
    ),
    Native::method(
        "list.flat_map",
        Ty::List(&Ty::Var(0)),
        &[Param::new(
            "change",
            Ty::Lambda(&[Ty::Var(0)], &Ty::List(&Ty::Var(1))),
        )],
        Ty::List(&Ty::Var(1)),
        flat_map,
    )
    .doc(
        "The lists that the lambda makes of each, one after the other.",
        "[1, 2].flat_map(i => [i, i]) == [1, 1, 2, 2]",
    ),
    Native::method(
        "list.flatten",
        Ty::List(&Ty::List(&Ty::Var(0))),
        &[],
        Ty::List(&Ty::Var(0)),
        flatten,
    )
    .doc(
        "The lists in it, one after the other.",
        "[[1], [2, 3]].flatten() == [1, 2, 3]",
    ),
    Native::method(
        "list.some",
        Ty::List(&Ty::Optional(&Ty::Var(0))),
        &[],
        Ty::List(&Ty::Var(0)),
        some,
    )
    .doc(
        "Those that are not `none`.",
        "[\"1\", \"x\"].map(s => s.to_int()).some() == [1]",
    ),
    Native::method(
        "list.zip",
        Ty::List(&Ty::Var(0)),
        &[
            Param::new("other", Ty::List(&Ty::Var(1))),
            Param::new("join", Ty::Lambda(&[Ty::Var(0), Ty::Var(1)], &Ty::Var(2))),
        ],
        Ty::List(&Ty::Var(2)),
        zip,
    )
    .doc(
        "What the lambda makes of each and its partner in another list, as long as both last.",
        "[1, 2].zip([3, 4], (a, b) => a + b) == [4, 6]",
    ),
    Native::method(
        "list.enumerate",
        Ty::List(&Ty::Var(0)),
        &[Param::new(
            "change",
            Ty::Lambda(&[Ty::Int, Ty::Var(0)], &Ty::Var(1)),
        )],
        Ty::List(&Ty::Var(1)),
        enumerate,
    )
    .doc(
        "Each changed by a lambda that also gets its place, from 0.",
        "[\"a\", \"b\"].enumerate((i, s) => \"{i}{s}\") == [\"0a\", \"1b\"]",
    ),
    Native::method(
        "list.reverse",
        Ty::List(&Ty::Var(0)),
        &[],
        Ty::List(&Ty::Var(0)),
        reverse,
    )
    .doc(
        "The same from the last to the first.",
        "[1, 2].reverse() == [2, 1]",
    ),
    Native::method(
        "list.take",
        Ty::List(&Ty::Var(0)),
        &[Param::new("count", Ty::Int)],
        Ty::List(&Ty::Var(0)),
        take,
    )
    .doc(
        "The first of them, at most so many.",
        "[1, 2, 3].take(2) == [1, 2]",
    ),
    Native::method(
        "list.drop",
        Ty::List(&Ty::Var(0)),
        &[Param::new("count", Ty::Int)],
        Ty::List(&Ty::Var(0)),
        drop,
    )
    .doc("All but the first so many.", "[1, 2, 3].drop(2) == [3]"),
    Native::method(
        "list.concat",
        Ty::List(&Ty::Var(0)),
        &[Param::new("other", Ty::List(&Ty::Var(0)))],
        Ty::List(&Ty::Var(0)),
        concat,
    )
    .doc(
        "These and then those of another list.",
        "[1].concat([2]) == [1, 2]",
    ),
    Native::method(
        "list.append",
        Ty::List(&Ty::Var(0)),
        &[Param::new("value", Ty::Var(0))],
        Ty::List(&Ty::Var(0)),
        append,
    )
    .doc("These and then one more.", "[1].append(2) == [1, 2]"),
];

fn map(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let change = arguments::lambda(args, 1)?;
    each(machine, args, |machine, item| {
        machine.call(change, std::slice::from_ref(item))
    })
    .map(Value::list)
}

fn filter(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let keep = arguments::lambda(args, 1)?;
    let mut kept = Vec::new();
    for item in items(machine, args)?.iter() {
        if arguments::truth(&machine.call(keep, std::slice::from_ref(item))?)? {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}

fn flat_map(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let change = arguments::lambda(args, 1)?;
    let lists = each(machine, args, |machine, item| {
        machine.call(change, std::slice::from_ref(item))
    })?;
    joined(machine, &lists)
}

fn flatten(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let lists = items(machine, args)?;
    joined(machine, &lists)
}

fn joined(machine: &mut dyn Interpreter, lists: &[Value]) -> Result<Value, Fault> {
    let mut joined = Vec::new();
    for list in lists {
        let Value::List(items) = list else {
            return Err(arguments::unfit("a list", list));
        };
        machine.spend(items.len())?;
        limit::check_length(joined.len() + items.len())?;
        joined.extend_from_slice(items);
    }
    Ok(Value::list(joined))
}

fn some(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let items = items(machine, args)?;
    Ok(Value::list(
        items
            .iter()
            .filter(|item| **item != Value::None)
            .cloned()
            .collect(),
    ))
}

fn reverse(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let items = items(machine, args)?;
    Ok(Value::list(items.iter().rev().cloned().collect()))
}

fn take(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let items = items(machine, args)?;
    Ok(Value::list(
        items.iter().take(arguments::count(args, 1)?).cloned().collect(),
    ))
}

fn drop(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let items = items(machine, args)?;
    Ok(Value::list(
        items.iter().skip(arguments::count(args, 1)?).cloned().collect(),
    ))
}

fn concat(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let items = [
        arguments::value(args, 0).clone(),
        arguments::value(args, 1).clone(),
    ];
    joined(machine, &items)
}

fn append(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let items = [
        arguments::value(args, 0).clone(),
        Value::list(vec![arguments::value(args, 1).clone()]),
    ];
    joined(machine, &items)
}

fn zip(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let join = arguments::lambda(args, 2)?;
    let other = Arc::clone(arguments::list(args, 1)?);
    let mut pairs = Vec::new();
    for (a, b) in items(machine, args)?.iter().zip(other.iter()) {
        pairs.push(machine.call(join, &[a.clone(), b.clone()])?);
    }
    Ok(Value::list(pairs))
}

fn enumerate(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let change = arguments::lambda(args, 1)?;
    let mut changed = Vec::new();
    for (at, item) in items(machine, args)?.iter().enumerate() {
        changed.push(machine.call(change, &[length(at), item.clone()])?);
    }
    Ok(Value::list(changed))
}
