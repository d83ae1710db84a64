//! An error and who catches it.

use super::Turn;
use crate::run::Why;
use flowmesh_ir::{StateId, Value, expr::Raise, flow::Call, value::Variant};
use flowmesh_stdlib::{Fault, limit};
use std::sync::Arc;

impl Turn<'_, '_> {
    /// Where a fiber goes on after an error of its call; the run stops where nobody catches it.
    pub(super) fn raise(&mut self, call: &Call, error: &Arc<Variant>) -> Option<StateId> {
        let catches = |catch: &&flowmesh_ir::flow::Catch| {
            self.program
                .error(catch.error)
                .is_some_and(|def| def.name == error.name)
        };
        let Some(catch) = call.catch.iter().find(catches) else {
            self.stop(Why::Failed(Arc::clone(error)));
            return None;
        };
        self.bind(catch.bind, Value::Variant(Arc::clone(error)));
        Some(catch.next)
    }

    /// The error that a `fail` means.
    pub(super) fn error(&mut self, raise: &Raise) -> Result<Arc<Variant>, Fault> {
        let fields = self.evaluator().fields(&raise.fields)?;
        for value in fields.values() {
            limit::check_value(value)?;
        }
        let program = self.program;
        let def = program
            .error(raise.error)
            .ok_or_else(|| Fault::BadValue(format!("the program has no error number {}", raise.error)))?;
        Ok(Arc::new(Variant {
            name: def.name.clone(),
            fields,
        }))
    }
}
