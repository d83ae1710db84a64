//! `if` and `match`, and which values a pattern fits.

use super::{Evaluator, unfit};
use flowmesh_ir::{
    Value,
    expr::{Arm, Expr, Pattern},
};
use flowmesh_stdlib::{Fault, equal};

impl Evaluator<'_> {
    pub(super) fn choose(&mut self, condition: &Expr, yes: &Expr, no: &Expr) -> Result<Value, Fault> {
        if self.holds(condition)? {
            self.eval(yes)
        } else {
            self.eval(no)
        }
    }

    pub(super) fn choose_arm(&mut self, subject: &Expr, arms: &[Arm]) -> Result<Value, Fault> {
        let subject = self.eval(subject)?;
        for arm in arms {
            if self.fits(&arm.pattern, &subject)? {
                return self.eval(&arm.body);
            }
        }
        Err(unfit("a value that one of the arms fits", &subject))
    }

    /// Whether a pattern fits; if it does, its names are in their slots.
    pub(crate) fn fits(&mut self, pattern: &Pattern, value: &Value) -> Result<bool, Fault> {
        self.burn(1)?;
        match pattern {
            Pattern::Any => Ok(true),
            Pattern::Bind(_) if *value == Value::None => Ok(false),
            Pattern::Bind(slot) => self.set(*slot, value.clone()).map(|()| true),
            Pattern::Equals(expected) => Ok(equal(expected, value)),
            Pattern::Range(from, to) => Ok(within(value, *from, *to)),
            Pattern::Case(name, binds) => {
                let Value::Variant(variant) = value else {
                    return Ok(false);
                };
                if variant.name != *name {
                    return Ok(false);
                }
                for (field, slot) in binds {
                    self.set(*slot, variant.fields.get(field).cloned().unwrap_or_default())?;
                }
                Ok(true)
            }
        }
    }
}

fn within(value: &Value, from: i64, to: i64) -> bool {
    let order = |bound: i64| flowmesh_stdlib::compare(value, &Value::Int(bound));
    order(from).is_some_and(|order| order.is_ge()) && order(to).is_some_and(|order| order.is_lt())
}
