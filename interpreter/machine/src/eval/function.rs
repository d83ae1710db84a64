//! Calls of declared functions, of natives, and of the lambdas that natives are given.

use super::Evaluator;
use flowmesh_ir::{
    FunctionId, Name, Value,
    expr::{Argument, Expr},
};
use flowmesh_stdlib::{Arg, Fault, Interpreter, Lambda, native};

impl Evaluator<'_> {
    pub(super) fn call_function(&mut self, id: FunctionId, arguments: &[Expr]) -> Result<Value, Fault> {
        let program = self.program;
        let function = program
            .function(id)
            .ok_or_else(|| Fault::BadValue(format!("the program has no function number {id}")))?;
        let mut frame = Vec::with_capacity(function.slots as usize);
        for argument in arguments {
            frame.push(self.eval(argument)?);
        }
        frame.resize(frame.len().max(function.slots as usize), Value::None);
        std::mem::swap(self.frame, &mut frame);
        let value = self.eval(&function.body);
        std::mem::swap(self.frame, &mut frame);
        value
    }

    pub(super) fn call_native(&mut self, name: &Name, arguments: &[Argument]) -> Result<Value, Fault> {
        let native =
            native(name).ok_or_else(|| Fault::BadValue(format!("the library has no native `{name}`")))?;
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(match argument {
                Argument::Value(expr) => Arg::Value(self.eval(expr)?),
                Argument::Lambda(slots, body) => Arg::Lambda(Lambda { slots, body }),
            });
        }
        (native.run)(self, &values)
    }
}

impl Interpreter for Evaluator<'_> {
    fn call(&mut self, lambda: Lambda<'_>, arguments: &[Value]) -> Result<Value, Fault> {
        for (slot, value) in lambda.slots.iter().zip(arguments) {
            self.set(*slot, value.clone())?;
        }
        self.eval(lambda.body)
    }

    fn spend(&mut self, steps: usize) -> Result<(), Fault> {
        self.burn(steps as u64)
    }
}
