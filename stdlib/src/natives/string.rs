//! Natives on texts. Places and lengths count characters, not bytes.

mod change;
mod pattern;
mod question;
mod trim;

use crate::{Arg, Fault, Interpreter, Native, arguments, limit};
use flowmesh_ir::Value;
use std::sync::Arc;

pub(crate) const NATIVES: [&[Native]; 4] = [
    change::NATIVES,
    question::NATIVES,
    pattern::NATIVES,
    trim::NATIVES,
];

/// The receiver, paid for.
fn whole(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Arc<str>, Fault> {
    let text = arguments::string(args, 0)?;
    machine.spend(text.len() / 16)?;
    Ok(Arc::clone(text))
}

fn owned(text: String) -> Result<Value, Fault> {
    limit::check_text(text.len())?;
    Ok(Value::String(text.into()))
}
