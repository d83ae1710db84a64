//! `x as T`, and the exact widening of ints.

use super::{Evaluator, unfit};
use crate::border::{self, Strictness};
use flowmesh_ir::{
    Value,
    expr::{Expr, Widen},
    ty::Type,
};
use flowmesh_stdlib::{Fault, json, number};
use rust_decimal::Decimal;

impl Evaluator<'_> {
    /// JSON is read by the type; any other value is written as JSON first, so that one set of rules holds.
    pub(super) fn convert(&mut self, of: &Expr, ty: &Type) -> Result<Value, Fault> {
        let value = self.eval(of)?;
        let raw = as_json(&value);
        self.burn(raw.len() as u64)?;
        let read = match value {
            Value::Json(_) => border::decode(self.program, ty, raw.as_bytes(), Strictness::Lenient),
            _ => border::decode_untyped(self.program, ty, &raw),
        };
        read.map_err(|misfit| Fault::BadValue(misfit.to_string()))
    }

    pub(super) fn widen(&mut self, of: &Expr, to: Widen) -> Result<Value, Fault> {
        match (self.eval(of)?, to) {
            (Value::Int(int), Widen::Decimal) => Ok(Value::Decimal(Decimal::from(int))),
            (Value::Int(int), Widen::Float) => Ok(Value::Float(number::to_float(int))),
            (Value::None, _) => Ok(Value::None),
            (value @ (Value::Decimal(_) | Value::Float(_)), _) => Ok(value),
            (other, _) => Err(unfit("an int", &other)),
        }
    }
}

fn as_json(value: &Value) -> String {
    let mut out = String::new();
    json::write(&mut out, value);
    out
}
