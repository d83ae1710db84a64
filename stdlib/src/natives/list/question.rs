//! What can be asked of a list: what is in it, and where.

use super::items;
use crate::{Arg, Fault, Interpreter, Native, Param, Ty, arguments, equal, natives::length};
use flowmesh_ir::Value;

pub(crate) const NATIVES: &[Native] = &[
    Native::method("list.len", Ty::List(&Ty::Var(0)), &[], Ty::Int, len)
        .doc("How many there are.", "[1, 2].len() == 2"),
    Native::method("list.is_empty", Ty::List(&Ty::Var(0)), &[], Ty::Bool, is_empty)
        .doc("Whether there are none.", "not [1].is_empty()"),
    Native::method(
        "list.first",
        Ty::List(&Ty::Var(0)),
        &[],
        Ty::Optional(&Ty::Var(0)),
        first,
    )
    .doc("The first.", "[1, 2].first() == 1"),
    Native::method(
        "list.last",
        Ty::List(&Ty::Var(0)),
        &[],
        Ty::Optional(&Ty::Var(0)),
        last,
    )
    .doc("The last.", "[1, 2].last() == 2"),
    Native::method(
        "list.get",
        Ty::List(&Ty::Var(0)),
        &[Param::new("index", Ty::Int)],
        Ty::Optional(&Ty::Var(0)),
        get,
    )
    .doc("The one at a place, from 0.", "[1, 2].get(1) == 2"),
    Native::method(
        "list.any",
        Ty::List(&Ty::Var(0)),
        &[Param::new("holds", Ty::Lambda(&[Ty::Var(0)], &Ty::Bool))],
        Ty::Bool,
        any,
    )
    .doc(
        "Whether the lambda holds for at least one.",
        "[1, 2].any(i => i > 1)",
    ),
    Native::method(
        "list.all",
        Ty::List(&Ty::Var(0)),
        &[Param::new("holds", Ty::Lambda(&[Ty::Var(0)], &Ty::Bool))],
        Ty::Bool,
        all,
    )
    .doc(
        "Whether the lambda holds for every one.",
        "[1, 2].all(i => i > 0)",
    ),
    Native::method(
        "list.count",
        Ty::List(&Ty::Var(0)),
        &[Param::new("holds", Ty::Lambda(&[Ty::Var(0)], &Ty::Bool))],
        Ty::Int,
        count,
    )
    .doc(
        "For how many the lambda holds.",
        "[1, 2, 3].count(i => i > 1) == 2",
    ),
    Native::method(
        "list.find",
        Ty::List(&Ty::Var(0)),
        &[Param::new("holds", Ty::Lambda(&[Ty::Var(0)], &Ty::Bool))],
        Ty::Optional(&Ty::Var(0)),
        find,
    )
    .doc(
        "The first for which the lambda holds.",
        "[1, 2, 3].find(i => i > 1) == 2",
    ),
    Native::method(
        "list.index_of",
        Ty::List(&Ty::Var(0)),
        &[Param::new("value", Ty::Var(0))],
        Ty::Optional(&Ty::Int),
        index_of,
    )
    .doc(
        "The first place at which the value stands, from 0.",
        "[\"a\", \"b\"].index_of(\"b\") == 1",
    ),
    Native::method(
        "list.contains",
        Ty::List(&Ty::Var(0)),
        &[Param::new("value", Ty::Var(0))],
        Ty::Bool,
        contains,
    )
    .doc("Whether the value is among them.", "[1, 2].contains(2)"),
];

fn len(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(length(arguments::list(args, 0)?.len()))
}

fn is_empty(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(Value::Bool(arguments::list(args, 0)?.is_empty()))
}

/// The first place at which a lambda gives what is asked for.
fn position(machine: &mut dyn Interpreter, args: &[Arg<'_>], wanted: bool) -> Result<Option<usize>, Fault> {
    let holds = arguments::lambda(args, 1)?;
    for (at, item) in items(machine, args)?.iter().enumerate() {
        if arguments::truth(&machine.call(holds, std::slice::from_ref(item))?)? == wanted {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn first(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(arguments::list(args, 0)?.first().cloned().unwrap_or_default())
}

fn last(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(arguments::list(args, 0)?.last().cloned().unwrap_or_default())
}

fn get(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let at = usize::try_from(*arguments::int(args, 1)?).ok();
    let list = arguments::list(args, 0)?;
    Ok(at.and_then(|at| list.get(at)).cloned().unwrap_or_default())
}

fn any(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    position(machine, args, true).map(|at| Value::Bool(at.is_some()))
}

fn all(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    position(machine, args, false).map(|at| Value::Bool(at.is_none()))
}

fn count(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let holds = arguments::lambda(args, 1)?;
    let mut count = 0;
    for item in items(machine, args)?.iter() {
        count += usize::from(arguments::truth(
            &machine.call(holds, std::slice::from_ref(item))?,
        )?);
    }
    Ok(length(count))
}

fn find(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let at = position(machine, args, true)?;
    let list = arguments::list(args, 0)?;
    Ok(at.and_then(|at| list.get(at)).cloned().unwrap_or_default())
}

fn index_of(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let list = items(machine, args)?;
    let at = list
        .iter()
        .position(|item| equal(item, arguments::value(args, 1)));
    Ok(at.map_or(Value::None, length))
}

fn contains(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let items = items(machine, args)?;
    Ok(Value::Bool(
        items.iter().any(|item| equal(item, arguments::value(args, 1))),
    ))
}
