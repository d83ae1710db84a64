//! What can be read of a run from outside at any time.

use crate::{Run, Settings, border, eval::evaluate};
use flowmesh_ir::Program;

/// The value of a view as JSON, or why it has none; `None` where the flow has no such view.
#[must_use]
pub fn view(program: &Program, settings: &Settings, run: &Run, name: &str) -> Option<Result<String, String>> {
    let flow = program.flow(run.flow)?;
    let view = flow.views.iter().find(|view| view.name == name)?;
    let mut frame = run.frame.clone();
    let mut context = run.context.clone();
    let value = evaluate(program, settings, &view.value, &mut frame, &mut context);
    Some(match value {
        Ok(value) => Ok(border::encode(program, &view.ty, &value)),
        Err(fault) => Err(fault.to_string()),
    })
}
