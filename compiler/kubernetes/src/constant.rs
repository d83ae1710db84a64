//! Texts that are known before the program starts.

use crate::Options;
use flowmesh_ir::{Name, Program, Value, expr::Expr};

/// The text of an expression over constants and configs.
///
/// # Errors
/// The config that has no value yet, or nothing where the expression asks for more than that.
pub(crate) fn text(program: &Program, options: &Options<'_>, expr: &Expr) -> Result<String, Option<Name>> {
    match expr {
        Expr::Constant(Value::String(text)) => Ok(text.to_string()),
        Expr::Constant(Value::Int(int)) => Ok(int.to_string()),
        Expr::Config(id) => {
            let config = program.config(*id).ok_or(None)?;
            let given = options.configs.get(&config.name).cloned();
            let default = config.default.clone().map(Expr::Constant);
            given.map_or_else(
                || {
                    default.map_or(Err(Some(config.name.clone())), |default| {
                        text(program, options, &default)
                    })
                },
                Ok,
            )
        }
        Expr::Text(parts) => parts.iter().map(|part| text(program, options, part)).collect(),
        _ => Err(None),
    }
}
