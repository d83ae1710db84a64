//! Arithmetic that is exact or says that it is not.

use crate::Fault;
use flowmesh_ir::Value;
use rust_decimal::{Decimal, prelude::ToPrimitive};

/// What can be done with two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `a + b`
    Add,
    /// `a - b`
    Subtract,
    /// `a * b`
    Multiply,
    /// `a / b`
    Divide,
    /// `a % b`
    Remainder,
}

/// Two numbers of one kind.
enum Pair {
    Int(i64, i64),
    Decimal(Decimal, Decimal),
    Float(f64, f64),
}

/// The result for two numbers; `None` where they are no numbers. An int with a decimal or float becomes one.
///
/// # Errors
/// `Arithmetic` where the result does not fit, or the divisor is zero.
pub fn calculate(operation: Operation, a: &Value, b: &Value) -> Option<Result<Value, Fault>> {
    let result = match pair(a, b)? {
        Pair::Int(a, b) => int(operation, a, b).map(Value::Int),
        Pair::Decimal(a, b) => decimal(operation, a, b).map(Value::Decimal),
        Pair::Float(a, b) => float(operation, a, b).map(Value::Float),
    };
    Some(result.ok_or_else(|| fault(operation, a, b)))
}

fn pair(a: &Value, b: &Value) -> Option<Pair> {
    Some(match (a, b) {
        (Value::Int(a), Value::Int(b)) => Pair::Int(*a, *b),
        (Value::Decimal(a), Value::Decimal(b)) => Pair::Decimal(*a, *b),
        (Value::Int(a), Value::Decimal(b)) => Pair::Decimal(Decimal::from(*a), *b),
        (Value::Decimal(a), Value::Int(b)) => Pair::Decimal(*a, Decimal::from(*b)),
        (Value::Float(a), Value::Float(b)) => Pair::Float(*a, *b),
        (Value::Int(a), Value::Float(b)) => Pair::Float(to_float(*a), *b),
        (Value::Float(a), Value::Int(b)) => Pair::Float(*a, to_float(*b)),
        _ => return None,
    })
}

/// The nearest float.
#[must_use]
pub fn to_float(int: i64) -> f64 {
    int.to_f64().unwrap_or_default()
}

fn int(operation: Operation, a: i64, b: i64) -> Option<i64> {
    match operation {
        Operation::Add => a.checked_add(b),
        Operation::Subtract => a.checked_sub(b),
        Operation::Multiply => a.checked_mul(b),
        Operation::Divide => a.checked_div(b),
        Operation::Remainder => a.checked_rem(b),
    }
}

fn decimal(operation: Operation, a: Decimal, b: Decimal) -> Option<Decimal> {
    match operation {
        Operation::Add => a.checked_add(b),
        Operation::Subtract => a.checked_sub(b),
        Operation::Multiply => a.checked_mul(b),
        Operation::Divide => a.checked_div(b),
        Operation::Remainder => a.checked_rem(b),
    }
}

fn float(operation: Operation, a: f64, b: f64) -> Option<f64> {
    let result = match operation {
        Operation::Add => a + b,
        Operation::Subtract => a - b,
        Operation::Multiply => a * b,
        Operation::Divide => a / b,
        Operation::Remainder => a % b,
    };
    result.is_finite().then_some(result)
}

fn fault(operation: Operation, a: &Value, b: &Value) -> Fault {
    let sign = match operation {
        Operation::Add => "+",
        Operation::Subtract => "-",
        Operation::Multiply => "*",
        Operation::Divide => "/",
        Operation::Remainder => "%",
    };
    let divides = matches!(operation, Operation::Divide | Operation::Remainder);
    let zero = crate::equal(b, &Value::Int(0));
    let why = if divides && zero {
        "divides by zero"
    } else {
        "does not fit"
    };
    Fault::Arithmetic(format!("`{} {sign} {}` {why}", crate::text(a), crate::text(b)))
}

#[cfg(test)]
mod tests {
    use super::{Operation, calculate};
    use crate::Fault;
    use flowmesh_ir::Value;

    #[test]
    fn what_does_not_fit_is_a_fault() {
        let max = Value::Int(i64::MAX);
        let over = calculate(Operation::Add, &max, &Value::Int(1));
        assert!(matches!(over, Some(Err(Fault::Arithmetic(_)))));
        let zero = calculate(Operation::Remainder, &Value::Float(1.0), &Value::Int(0));
        assert_eq!(
            zero,
            Some(Err(Fault::Arithmetic("`1.0 % 0` divides by zero".into())))
        );
    }

    #[test]
    fn a_mixture_is_exact_where_it_can_be() {
        let tenth = Value::Decimal("0.10".parse().unwrap());
        let product = calculate(Operation::Multiply, &Value::Int(3), &tenth);
        assert_eq!(
            product.unwrap().map(|value| crate::text(&value)),
            Ok("0.30".to_owned())
        );
    }
}
