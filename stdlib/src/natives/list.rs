//! Natives on lists.

mod change;
mod cut;
mod gather;
mod order;
mod question;
mod set;

use crate::{Arg, Fault, Interpreter, Native, arguments};
use flowmesh_ir::Value;
use std::sync::Arc;

pub(crate) const NATIVES: [&[Native]; 6] = [
    change::NATIVES,
    question::NATIVES,
    order::NATIVES,
    gather::NATIVES,
    cut::NATIVES,
    set::NATIVES,
];

/// The receiver, paid for.
fn items(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Arc<Vec<Value>>, Fault> {
    let list = arguments::list(args, 0)?;
    machine.spend(list.len())?;
    Ok(Arc::clone(list))
}

/// What a function makes of each.
fn each<T>(
    machine: &mut dyn Interpreter,
    args: &[Arg<'_>],
    mut make: impl FnMut(&mut dyn Interpreter, &Value) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let list = items(machine, args)?;
    list.iter().map(|item| make(machine, item)).collect()
}

/// What the lambda gives for each.
fn keys(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Vec<Value>, Fault> {
    let by = arguments::lambda(args, 1)?;
    each(machine, args, |machine, item| {
        machine.call(by, std::slice::from_ref(item))
    })
}
