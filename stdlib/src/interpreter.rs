//! How a native asks for what only the evaluator of expressions can do.

use crate::Fault;
use flowmesh_ir::{SlotId, Value, expr::Expr};

/// What evaluates expressions, as a native sees it.
pub trait Interpreter {
    /// The value of a lambda for these arguments.
    ///
    /// # Errors
    /// Why the body has no value.
    fn call(&mut self, lambda: Lambda<'_>, arguments: &[Value]) -> Result<Value, Fault>;

    /// Pays for so many small steps of work. A native pays for every element that it touches, so that no expression
    /// takes for ever.
    ///
    /// # Errors
    /// The evaluation has used up what it may.
    fn spend(&mut self, steps: usize) -> Result<(), Fault>;
}

/// `(a, b) => body`
#[derive(Clone, Copy, Debug)]
pub struct Lambda<'a> {
    /// Where its arguments go.
    pub slots: &'a [SlotId],
    /// Its value.
    pub body: &'a Expr,
}

/// An argument of a native, the receiver first.
#[derive(Clone, Debug)]
pub enum Arg<'a> {
    /// A value.
    Value(Value),
    /// A lambda.
    Lambda(Lambda<'a>),
}
