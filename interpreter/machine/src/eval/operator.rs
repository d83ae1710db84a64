//! Operators. The file beside this one knows what they mean for each kind of value.

mod arithmetic;

use super::{Evaluator, unfit};
use flowmesh_ir::{
    Name, Value,
    expr::{Binary, Expr, Unary},
};
use flowmesh_stdlib::{Fault, compare, equal, json, limit, number::Operation, pattern};
use std::cmp::Ordering;

impl Evaluator<'_> {
    pub(super) fn unary(&mut self, operator: Unary, operand: &Expr) -> Result<Value, Fault> {
        match operator {
            Unary::Not => self.holds(operand).map(|holds| Value::Bool(!holds)),
            Unary::Negate => arithmetic::negate(&self.eval(operand)?),
        }
    }

    pub(super) fn binary(&mut self, operator: Binary, left: &Expr, right: &Expr) -> Result<Value, Fault> {
        match operator {
            Binary::And => Ok(Value::Bool(self.holds(left)? && self.holds(right)?)),
            Binary::Or => Ok(Value::Bool(self.holds(left)? || self.holds(right)?)),
            Binary::Else => match self.eval(left)? {
                Value::None => self.eval(right),
                value => Ok(value),
            },
            _ => {
                let left = self.eval(left)?;
                let right = self.eval(right)?;
                self.combine(operator, &left, &right)
            }
        }
    }

    fn combine(&mut self, operator: Binary, left: &Value, right: &Value) -> Result<Value, Fault> {
        match operator {
            Binary::Add => self.sum(left, right),
            Binary::Subtract => arithmetic::calculate(Operation::Subtract, left, right),
            Binary::Multiply => arithmetic::calculate(Operation::Multiply, left, right),
            Binary::Divide => arithmetic::calculate(Operation::Divide, left, right),
            Binary::Remainder => arithmetic::calculate(Operation::Remainder, left, right),
            Binary::Equal => self.same(left, right).map(Value::Bool),
            Binary::NotEqual => self.same(left, right).map(|same| Value::Bool(!same)),
            Binary::Less => order(left, right).map(|order| Value::Bool(order.is_lt())),
            Binary::LessEqual => order(left, right).map(|order| Value::Bool(order.is_le())),
            Binary::Greater => order(left, right).map(|order| Value::Bool(order.is_gt())),
            Binary::GreaterEqual => order(left, right).map(|order| Value::Bool(order.is_ge())),
            Binary::Matches => self.matches(left, right),
            Binary::Has => self.has(left, right),
            Binary::In => self.has(right, left),
            Binary::Range => self.range(left, right),
            Binary::And | Binary::Or | Binary::Else => Err(unfit("two values", left)),
        }
    }

    fn sum(&mut self, left: &Value, right: &Value) -> Result<Value, Fault> {
        match (left, right) {
            (Value::String(a), Value::String(b)) => {
                limit::check_text(a.len().saturating_add(b.len()))?;
                self.burn((a.len() + b.len()) as u64 / 64)?;
                Ok(Value::String([&**a, &**b].concat().into()))
            }
            (Value::List(a), Value::List(b)) => {
                limit::check_length(a.len().saturating_add(b.len()))?;
                self.burn((a.len() + b.len()) as u64)?;
                Ok(Value::list(a.iter().chain(b.iter()).cloned().collect()))
            }
            _ => arithmetic::calculate(Operation::Add, left, right),
        }
    }

    fn same(&mut self, left: &Value, right: &Value) -> Result<bool, Fault> {
        if let Value::List(items) = left {
            self.burn(items.len() as u64)?;
        }
        Ok(equal(left, right))
    }

    fn matches(&mut self, text: &Value, regex: &Value) -> Result<Value, Fault> {
        match (text, regex) {
            (Value::None, _) => Ok(Value::Bool(false)),
            (Value::String(text), Value::String(regex)) => {
                self.burn(text.len() as u64 / 16)?;
                Ok(Value::Bool(pattern(regex)?.is_match(text)))
            }
            _ => Err(unfit("a string", text)),
        }
    }

    fn has(&mut self, whole: &Value, part: &Value) -> Result<Value, Fault> {
        let has = match (whole, part) {
            (Value::None, _) => false,
            (Value::List(items), _) => {
                self.burn(items.len() as u64)?;
                items.iter().any(|item| equal(item, part))
            }
            (Value::Record(fields), Value::String(key)) => fields.contains_key(&**key),
            (Value::String(text), Value::String(piece)) => {
                self.burn(text.len() as u64 / 64)?;
                text.contains(&**piece)
            }
            (Value::Json(raw), part) => {
                self.burn(raw.len() as u64 / 16)?;
                json_has(raw, part)
            }
            _ => return Err(unfit("a list, map or string", whole)),
        };
        Ok(Value::Bool(has))
    }

    fn range(&mut self, from: &Value, to: &Value) -> Result<Value, Fault> {
        let (Value::Int(from), Value::Int(to)) = (from, to) else {
            return Err(unfit("an int", from));
        };
        let length = usize::try_from(to.saturating_sub(*from)).unwrap_or_default();
        limit::check_length(length)?;
        self.burn(length as u64)?;
        Ok(Value::list((*from..*to).map(Value::Int).collect()))
    }
}

fn order(left: &Value, right: &Value) -> Result<Ordering, Fault> {
    compare(left, right).ok_or_else(|| unfit("two values that have an order", left))
}

/// What is asked of claims: a list has an element, an object a key, and a text a word of it (RFC 8693, 4.2), so that
/// `write` is not found in `no-write`.
fn json_has(raw: &str, part: &Value) -> bool {
    match (json::scalar(raw), part) {
        (Some(Value::String(text)), Value::String(word)) => {
            text.split_ascii_whitespace().any(|one| one == &**word)
        }
        (Some(_), _) => false,
        (None, part) => {
            let named = |name: &Name| matches!(part, Value::String(key) if **name == **key);
            json::members(raw).iter().any(|(name, _)| named(name))
                || json::elements(raw).iter().any(|item| equal(item, part))
        }
    }
}
