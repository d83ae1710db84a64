//! Making values of parts: records, lists, cases, texts.

use super::Evaluator;
use flowmesh_ir::{
    Name, Value,
    expr::Expr,
    value::{Fields, Variant},
};
use flowmesh_stdlib::{Fault, limit, write_text};
use std::sync::Arc;

impl Evaluator<'_> {
    pub(super) fn record(&mut self, fields: &[(Name, Expr)]) -> Result<Value, Fault> {
        self.fields(fields).map(Value::record)
    }

    pub(super) fn variant(&mut self, name: &Name, fields: &[(Name, Expr)]) -> Result<Value, Fault> {
        let fields = self.fields(fields)?;
        Ok(Value::Variant(Arc::new(Variant {
            name: name.clone(),
            fields,
        })))
    }

    /// The values of named expressions.
    pub(crate) fn fields(&mut self, fields: &[(Name, Expr)]) -> Result<Fields, Fault> {
        let mut values = Fields::with_capacity(fields.len());
        for (name, expr) in fields {
            values.insert(name.clone(), self.eval(expr)?);
        }
        Ok(values)
    }

    pub(super) fn list(&mut self, items: &[Expr]) -> Result<Value, Fault> {
        let values: Result<Vec<_>, _> = items.iter().map(|item| self.eval(item)).collect();
        values.map(Value::list)
    }

    pub(super) fn text(&mut self, parts: &[Expr]) -> Result<Value, Fault> {
        let mut out = String::new();
        for part in parts {
            match part {
                Expr::Constant(Value::String(literal)) => out.push_str(literal),
                _ => write_text(&mut out, &self.eval(part)?),
            }
            limit::check_text(out.len())?;
        }
        self.burn(out.len() as u64 / 64)?;
        Ok(Value::String(out.into()))
    }
}
