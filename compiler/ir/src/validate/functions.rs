//! Functions: each calls only those before it, so that evaluation always ends.

use super::{
    At as _, Invalid, MAX_FRAME, distinct, ensure,
    expr::Scope,
    types::{fields, rules, ty},
};
use crate::{Program, expr::Function};

/// Checks all functions, and says of each how deep its evaluation goes.
pub(super) fn check(program: &Program) -> Result<Vec<usize>, Invalid> {
    distinct(
        "functions",
        program.functions.iter().map(|function| function.name.as_str()),
    )?;
    let mut heights = Vec::with_capacity(program.functions.len());
    for function in &program.functions {
        let height = height(program, &heights, function).at(|| format!("function {}", function.name))?;
        heights.push(height);
    }
    Ok(heights)
}

fn height(program: &Program, earlier: &[usize], function: &Function) -> Result<usize, Invalid> {
    fields(program, &function.params)?;
    rules(program, earlier, &function.params)?;
    ty(program, &function.result)?;
    let (params, slots) = (function.params.len(), function.slots as usize);
    ensure(params <= slots, || {
        format!("{params} parameters do not fit into {slots} slots")
    })?;
    ensure(function.slots <= MAX_FRAME, || {
        format!("{slots} slots are more than {MAX_FRAME}")
    })?;
    Scope::of_function(program, earlier, params, slots).height(&function.body)
}
