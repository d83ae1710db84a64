//! The smallest, the greatest, and the order of a list.

use super::{items, keys};
use crate::{Arg, Fault, Interpreter, Native, Param, Ty, arguments, compare};
use flowmesh_ir::Value;
use std::cmp::Ordering;

pub(crate) const NATIVES: &[Native] = &[
    Native::method(
        "list.min",
        Ty::List(&Ty::Ordered(0)),
        &[],
        Ty::Optional(&Ty::Ordered(0)),
        min,
    )
    .doc("The smallest.", "[2, 1].min() == 1"),
    Native::method(
        "list.max",
        Ty::List(&Ty::Ordered(0)),
        &[],
        Ty::Optional(&Ty::Ordered(0)),
        max,
    )
    .doc("The greatest.", "[2, 1].max() == 2"),
    Native::method(
        "list.min_by",
        Ty::List(&Ty::Var(0)),
        &[Param::new("by", Ty::Lambda(&[Ty::Var(0)], &Ty::Ordered(1)))],
        Ty::Optional(&Ty::Var(0)),
        min_by,
    )
    .doc(
        "The first for which the lambda gives the smallest.",
        "[\"ab\", \"c\"].min_by(s => s.len()) == \"c\"",
    ),
    Native::method(
        "list.max_by",
        Ty::List(&Ty::Var(0)),
        &[Param::new("by", Ty::Lambda(&[Ty::Var(0)], &Ty::Ordered(1)))],
        Ty::Optional(&Ty::Var(0)),
        max_by,
    )
    .doc(
        "The first for which the lambda gives the greatest.",
        "[\"ab\", \"c\"].max_by(s => s.len()) == \"ab\"",
    ),
    Native::method(
        "list.sort",
        Ty::List(&Ty::Ordered(0)),
        &[],
        Ty::List(&Ty::Ordered(0)),
        sort,
    )
    .doc(
        "The same by rising order; equals stay in their order.",
        "[2, 1].sort() == [1, 2]",
    ),
    Native::method(
        "list.sort_by",
        Ty::List(&Ty::Var(0)),
        &[Param::new("by", Ty::Lambda(&[Ty::Var(0)], &Ty::Ordered(1)))],
        Ty::List(&Ty::Var(0)),
        sort_by,
    )
    .doc(
        "The same by the rising order of what the lambda gives; equals stay in their order.",
        "[\"ab\", \"c\"].sort_by(s => s.len()) == [\"c\", \"ab\"]",
    ),
];

fn min(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let items = items(machine, args)?;
    extreme(&items, &items, Ordering::Less)
}

fn max(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let items = items(machine, args)?;
    extreme(&items, &items, Ordering::Greater)
}

fn min_by(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let keys = keys(machine, args)?;
    extreme(arguments::list(args, 0)?, &keys, Ordering::Less)
}

fn max_by(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let keys = keys(machine, args)?;
    extreme(arguments::list(args, 0)?, &keys, Ordering::Greater)
}

/// The first item whose key lies furthest to one side.
fn extreme(items: &[Value], keys: &[Value], side: Ordering) -> Result<Value, Fault> {
    let mut best: Option<(&Value, &Value)> = None;
    for (item, key) in items.iter().zip(keys) {
        let better = match best {
            Some((_, best)) => order(key, best)? == side,
            None => true,
        };
        if better {
            best = Some((item, key));
        }
    }
    Ok(best.map_or(Value::None, |(item, _)| item.clone()))
}

fn order(a: &Value, b: &Value) -> Result<Ordering, Fault> {
    compare(a, b).ok_or_else(|| arguments::unfit("values that have an order", a))
}

fn sort(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let items = items(machine, args)?;
    sorted(&items, items.to_vec())
}

fn sort_by(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let keys = keys(machine, args)?;
    sorted(arguments::list(args, 0)?, keys)
}

fn sorted(items: &[Value], keys: Vec<Value>) -> Result<Value, Fault> {
    // Values that have no order are found before sorting, so that the comparison inside cannot fail.
    for pair in keys.windows(2) {
        if let [a, b] = pair {
            order(a, b)?;
        }
    }
    let mut pairs: Vec<_> = keys.into_iter().zip(items).collect();
    pairs.sort_by(|(a, _), (b, _)| compare(a, b).unwrap_or(Ordering::Equal));
    Ok(Value::list(
        pairs.into_iter().map(|(_, item)| item.clone()).collect(),
    ))
}
