//! Lists cut into parts.

use super::items;
use crate::{Arg, Fault, Interpreter, Native, Param, Ty, arguments, equal};
use flowmesh_ir::{Name, Value, value::Fields};

const HOLDS: Param = Param::new("holds", Ty::Lambda(&[Ty::Var(0)], &Ty::Bool));

pub(crate) const NATIVES: &[Native] = &[
    Native::method(
        "list.slice",
        Ty::List(&Ty::Var(0)),
        &[Param::new("from", Ty::Int), Param::optional("to", Ty::Int)],
        Ty::List(&Ty::Var(0)),
        slice,
    )
    .doc(
        "Those from one place up to and without another, or to the end.",
        "[1, 2, 3, 4].slice(1, 3) == [2, 3]",
    ),
    Native::method(
        "list.chunk",
        Ty::List(&Ty::Var(0)),
        &[Param::new("size", Ty::Int)],
        Ty::List(&Ty::List(&Ty::Var(0))),
        chunk,
    )
    .doc(
        "Lists of so many in turn; the last may be shorter.",
        "[1, 2, 3].chunk(2) == [[1, 2], [3]]",
    ),
    Native::method(
        "list.window",
        Ty::List(&Ty::Var(0)),
        &[Param::new("size", Ty::Int)],
        Ty::List(&Ty::List(&Ty::Var(0))),
        window,
    )
    .doc(
        "Every stretch of so many neighbours.",
        "[1, 2, 3].window(2) == [[1, 2], [2, 3]]",
    ),
    Native::method(
        "list.take_while",
        Ty::List(&Ty::Var(0)),
        &[HOLDS],
        Ty::List(&Ty::Var(0)),
        take_while,
    )
    .doc(
        "Those before the first for which the lambda does not hold.",
        "[1, 5, 2].take_while(i => i < 3) == [1]",
    ),
    Native::method(
        "list.drop_while",
        Ty::List(&Ty::Var(0)),
        &[HOLDS],
        Ty::List(&Ty::Var(0)),
        drop_while,
    )
    .doc(
        "Those from the first on for which the lambda does not hold.",
        "[1, 5, 2].drop_while(i => i < 3) == [5, 2]",
    ),
    Native::method(
        "list.partition",
        Ty::List(&Ty::Var(0)),
        &[HOLDS],
        Ty::Record(&[("yes", Ty::List(&Ty::Var(0))), ("no", Ty::List(&Ty::Var(0)))]),
        partition,
    )
    .doc(
        "Those for which the lambda holds, as `yes`, and the others, as `no`.",
        "[1, 5, 2].partition(i => i < 3).yes == [1, 2]",
    ),
    Native::method(
        "list.last_index_of",
        Ty::List(&Ty::Var(0)),
        &[Param::new("value", Ty::Var(0))],
        Ty::Optional(&Ty::Int),
        last_index_of,
    )
    .doc(
        "The last place at which a value stands, from 0.",
        "[1, 2, 1].last_index_of(1) == 2",
    ),
    Native::method(
        "list.find_index",
        Ty::List(&Ty::Var(0)),
        &[HOLDS],
        Ty::Optional(&Ty::Int),
        find_index,
    )
    .doc(
        "The place of the first for which the lambda holds, from 0.",
        "[1, 5, 2].find_index(i => i > 3) == 1",
    ),
];

fn slice(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let items = items(machine, args)?;
    let from = arguments::count(args, 1)?;
    let to = match arguments::value(args, 2) {
        Value::None => items.len(),
        _ => arguments::count(args, 2)?,
    };
    let kept = items.iter().take(to).skip(from).cloned();
    Ok(Value::list(kept.collect()))
}

/// How many each part has: at least one.
fn size(args: &[Arg<'_>]) -> Result<usize, Fault> {
    match arguments::count(args, 1)? {
        0 => Err(Fault::BadValue(
            "a part of a list has at least one element".to_owned(),
        )),
        size => Ok(size),
    }
}

fn lists<'a>(parts: impl Iterator<Item = &'a [Value]>) -> Value {
    Value::list(parts.map(|part| Value::list(part.to_vec())).collect())
}

fn chunk(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(lists(items(machine, args)?.chunks(size(args)?)))
}

fn window(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let (items, size) = (items(machine, args)?, size(args)?);
    let windows = (items.len() + 1).saturating_sub(size);
    machine.spend(windows.saturating_mul(size))?;
    Ok(lists(items.windows(size)))
}

/// How many stand before the first for which the lambda does not hold.
fn holding(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<usize, Fault> {
    let holds = arguments::lambda(args, 1)?;
    let items = items(machine, args)?;
    for (at, item) in items.iter().enumerate() {
        if !arguments::truth(&machine.call(holds, std::slice::from_ref(item))?)? {
            return Ok(at);
        }
    }
    Ok(items.len())
}

fn take_while(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let count = holding(machine, args)?;
    let list = arguments::list(args, 0)?;
    Ok(Value::list(list.iter().take(count).cloned().collect()))
}

fn drop_while(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let count = holding(machine, args)?;
    let list = arguments::list(args, 0)?;
    Ok(Value::list(list.iter().skip(count).cloned().collect()))
}

fn partition(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let holds = arguments::lambda(args, 1)?;
    let (mut yes, mut no) = (Vec::new(), Vec::new());
    for item in items(machine, args)?.iter() {
        let holds = arguments::truth(&machine.call(holds, std::slice::from_ref(item))?)?;
        if holds { &mut yes } else { &mut no }.push(item.clone());
    }
    let mut parts = Fields::new();
    parts.insert(Name::new_static("yes"), Value::list(yes));
    parts.insert(Name::new_static("no"), Value::list(no));
    Ok(Value::record(parts))
}

fn last_index_of(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let value = arguments::value(args, 1);
    let items = items(machine, args)?;
    let at = items.iter().rposition(|item| equal(item, value));
    Ok(at.map_or(Value::None, crate::natives::length))
}

fn find_index(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let holds = arguments::lambda(args, 1)?;
    for (at, item) in items(machine, args)?.iter().enumerate() {
        if arguments::truth(&machine.call(holds, std::slice::from_ref(item))?)? {
            return Ok(crate::natives::length(at));
        }
    }
    Ok(Value::None)
}
