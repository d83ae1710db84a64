//! Evaluates expressions: pure, with a limit on work and on depth. The folder has one file for each group of constructs.

mod access;
mod choose;
mod context;
mod convert;
mod function;
mod make;
mod operator;

pub use context::{Context, Draws, RunContext, Secrets};

use crate::Settings;
use flowmesh_ir::{Program, SlotId, Value, expr::Expr};
use flowmesh_stdlib::{Fault, limit};

/// How many small steps one evaluation, or all evaluations for one event, may take.
pub(crate) const FUEL: u64 = 20_000_000;

/// How deep expressions and calls of functions may nest.
const DEPTH_MAX: u16 = 200;

/// The largest frame; the compiler never comes near it.
const SLOTS_MAX: usize = 65_536;

/// The value of an expression over a frame: of a route's condition, an address, a line at the prompt.
///
/// # Errors
/// Why it has none.
pub fn evaluate(
    program: &Program,
    settings: &Settings,
    expr: &Expr,
    frame: &mut Vec<Value>,
    context: &mut Context,
) -> Result<Value, Fault> {
    let mut fuel = FUEL;
    Evaluator::new(program, settings, frame, context, &mut fuel).eval(expr)
}

/// What an evaluation reads and changes.
pub(crate) struct Evaluator<'a> {
    program: &'a Program,
    settings: &'a Settings,
    frame: &'a mut Vec<Value>,
    context: &'a mut Context,
    fuel: &'a mut u64,
    depth: u16,
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(
        program: &'a Program,
        settings: &'a Settings,
        frame: &'a mut Vec<Value>,
        context: &'a mut Context,
        fuel: &'a mut u64,
    ) -> Self {
        Self {
            program,
            settings,
            frame,
            context,
            fuel,
            depth: 0,
        }
    }

    /// The value of an expression.
    pub(crate) fn eval(&mut self, expr: &Expr) -> Result<Value, Fault> {
        self.burn(1)?;
        if self.depth >= DEPTH_MAX {
            return Err(Fault::BadValue(format!(
                "the expression nests deeper than {DEPTH_MAX} levels"
            )));
        }
        self.depth += 1;
        let value = self.dispatch(expr);
        self.depth -= 1;
        value
    }

    fn dispatch(&mut self, expr: &Expr) -> Result<Value, Fault> {
        match expr {
            Expr::Constant(value) => Ok(value.clone()),
            Expr::Slot(slot) => Ok(self.slot(*slot)),
            Expr::Config(config) => self.config(*config),
            Expr::Secret(secret) => self.context.secrets.value(*secret),
            Expr::Context(what) => self.context.value(*what),
            Expr::Record(fields) => self.record(fields),
            Expr::List(items) => self.list(items),
            Expr::Variant(name, fields) => self.variant(name, fields),
            Expr::Field(of, name) => self.field(of, name),
            Expr::Index(of, index) => self.index(of, index),
            Expr::Unary(operator, operand) => self.unary(*operator, operand),
            Expr::Binary(operator, left, right) => self.binary(*operator, left, right),
            Expr::Text(parts) => self.text(parts),
            Expr::If(condition, yes, no) => self.choose(condition, yes, no),
            Expr::Match { subject, arms } => self.choose_arm(subject, arms),
            Expr::Call(function, arguments) => self.call_function(*function, arguments),
            Expr::Native(name, arguments) => self.call_native(name, arguments),
            Expr::As(of, ty) => self.convert(of, ty),
            Expr::Widen(of, to) => self.widen(of, *to),
        }
    }

    /// The value of a condition.
    pub(crate) fn holds(&mut self, condition: &Expr) -> Result<bool, Fault> {
        match self.eval(condition)? {
            Value::Bool(holds) => Ok(holds),
            other => Err(unfit("a bool", &other)),
        }
    }

    /// Puts a value into a slot of the frame.
    pub(crate) fn set(&mut self, slot: SlotId, value: Value) -> Result<(), Fault> {
        set(self.frame, slot, value)
    }

    /// Refuses a value that has grown out of hand. What is only passed on was weighed when it was made.
    pub(crate) fn weigh(&mut self, expr: &Expr, value: &Value) -> Result<(), Fault> {
        let made = !matches!(expr, Expr::Slot(_) | Expr::Field(..) | Expr::Constant(_));
        if made && matches!(value, Value::List(_) | Value::Record(_) | Value::Variant(_)) {
            self.burn(limit::check_value(value)? as u64 / 64)?;
        }
        Ok(())
    }

    fn slot(&self, slot: SlotId) -> Value {
        self.frame.get(slot.index()).cloned().unwrap_or_default()
    }

    fn burn(&mut self, steps: u64) -> Result<(), Fault> {
        match self.fuel.checked_sub(steps) {
            Some(left) => {
                *self.fuel = left;
                Ok(())
            }
            None => {
                *self.fuel = 0;
                Err(Fault::BadValue("the evaluation takes too many steps".to_owned()))
            }
        }
    }
}

/// Puts a value into a slot. Rules and the prompt do not know how many slots they need, so the frame grows.
pub(crate) fn set(frame: &mut Vec<Value>, slot: SlotId, value: Value) -> Result<(), Fault> {
    if let Some(place) = frame.get_mut(slot.index()) {
        *place = value;
        return Ok(());
    }
    if slot.index() >= SLOTS_MAX {
        return Err(Fault::BadValue(format!("a frame has at most {SLOTS_MAX} slots")));
    }
    frame.resize(slot.index(), Value::None);
    frame.push(value);
    Ok(())
}

/// A value of another type than the compiler promised; only a program that it did not make comes here.
pub(crate) fn unfit(expected: &str, found: &Value) -> Fault {
    Fault::BadValue(format!(
        "expected {expected}, found {}",
        crate::border::describe(found)
    ))
}
