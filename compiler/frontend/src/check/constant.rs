//! Values that are known when the program is made.

use flowmesh_ir::{
    Value,
    expr::{Expr, Unary},
    value::Fields,
};

/// The value of an expression that needs nothing from outside.
pub(crate) fn value(expr: &Expr) -> Option<Value> {
    match expr {
        Expr::Constant(value) => Some(value.clone()),
        Expr::List(items) => Some(Value::list(items.iter().map(value).collect::<Option<_>>()?)),
        Expr::Record(fields) => Some(Value::record(members(fields)?)),
        Expr::Variant(name, fields) => Some(Value::variant(name.clone(), members(fields)?)),
        Expr::Unary(Unary::Negate, inner) => match value(inner)? {
            Value::Duration(duration) => duration.checked_neg().map(Value::Duration),
            _ => None,
        },
        _ => None,
    }
}

fn members(fields: &[(flowmesh_ir::Name, Expr)]) -> Option<Fields> {
    fields
        .iter()
        .map(|(name, expr)| Some((name.clone(), value(expr)?)))
        .collect()
}
