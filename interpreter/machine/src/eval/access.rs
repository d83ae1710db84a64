//! Reading parts of a value: fields, elements, configs.

use super::{Evaluator, unfit};
use flowmesh_ir::{ConfigId, Name, Value, expr::Expr};
use flowmesh_stdlib::{Fault, json};

impl Evaluator<'_> {
    pub(super) fn config(&self, config: ConfigId) -> Result<Value, Fault> {
        self.settings.get(config).cloned().ok_or_else(|| {
            let name = self
                .program
                .config(config)
                .map_or("?", |config| config.name.as_str());
            Fault::BadValue(format!("config `{name}` has no value here"))
        })
    }

    pub(super) fn field(&mut self, of: &Expr, name: &Name) -> Result<Value, Fault> {
        // A chain such as `order.customer.name` reads through the frame without cloning the records on the way.
        if let Some(value) = self.place(of) {
            return part(value, name);
        }
        part(&self.eval(of)?, name)
    }

    /// Where a chain of fields over a slot leads, if all of it lies in the frame.
    fn place(&self, expr: &Expr) -> Option<&Value> {
        match expr {
            Expr::Slot(slot) => self.frame.get(slot.index()),
            Expr::Field(of, name) => match self.place(of)? {
                Value::Record(fields) => fields.get(name),
                Value::Variant(variant) => variant.fields.get(name),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn index(&mut self, of: &Expr, index: &Expr) -> Result<Value, Fault> {
        let of = self.eval(of)?;
        let index = self.eval(index)?;
        match (&of, &index) {
            (Value::None, _) => Ok(Value::None),
            (Value::List(items), Value::Int(at)) => Ok(nth(items, *at)),
            (Value::Record(fields), Value::String(key)) => {
                Ok(fields.get(&**key).cloned().unwrap_or_default())
            }
            (Value::Json(raw), Value::Int(at)) => {
                self.burn(raw.len() as u64)?;
                Ok(usize::try_from(*at).map_or(Value::None, |at| json::element(raw, at)))
            }
            (Value::Json(raw), Value::String(key)) => {
                self.burn(raw.len() as u64)?;
                Ok(json::member(raw, key))
            }
            _ => Err(unfit("something with an index", &of)),
        }
    }
}

fn nth(items: &[Value], at: i64) -> Value {
    usize::try_from(at)
        .ok()
        .and_then(|at| items.get(at))
        .cloned()
        .unwrap_or_default()
}

fn part(of: &Value, name: &Name) -> Result<Value, Fault> {
    match of {
        Value::Record(fields) => Ok(fields.get(name).cloned().unwrap_or_default()),
        Value::Variant(variant) => Ok(variant.fields.get(name).cloned().unwrap_or_default()),
        Value::Json(raw) => Ok(json::member(raw, name)),
        Value::None => Ok(Value::None),
        other => Err(unfit(&format!("something with a field `{name}`"), other)),
    }
}
