//! What of its surroundings a program reads where its runs are in motion: the time, chance.

use crate::{
    Program,
    expr::{Context, Expr},
    flow::{End, Flow, Instruction, On},
    service::{Binding, Operation, Piece},
};

/// What makes two runs that stand alike go on in different ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Whether the time itself matters, and not only how much of it passes.
    pub clock: bool,
    /// Whether something is drawn by chance.
    pub chance: bool,
}

impl Surroundings {
    /// What the flows of a program read, with all that they call.
    #[must_use]
    pub fn of(program: &Program) -> Self {
        let mut found = Self::default();
        program.flows.iter().for_each(|flow| found.flow(flow));
        let bodies = program.functions.iter().map(|function| &function.body);
        bodies.for_each(|body| found.expr(body));
        let services = program.services.iter();
        services
            .flat_map(|service| &service.operations)
            .for_each(|operation| found.operation(operation));
        found
    }

    fn flow(&mut self, flow: &Flow) {
        flow.key.iter().for_each(|key| self.expr(key));
        flow.conduct.each_expr(|expr| self.expr(expr));
        flow.views.iter().for_each(|view| self.expr(&view.value));
        for state in &flow.states {
            for instruction in &state.code {
                match instruction {
                    Instruction::Set(_, expr) | Instruction::Log(expr) | Instruction::Tag(_, expr) => {
                        self.expr(expr);
                    }
                }
            }
            self.clock |= match &state.end {
                End::SleepUntil { .. } => true,
                End::Wait(wait) => wait.arms.iter().any(|arm| matches!(arm.on, On::At(_))),
                _ => false,
            };
            state.end.each_expr(&mut |expr| self.expr(expr));
        }
    }

    fn operation(&mut self, operation: &Operation) {
        let words: &[Vec<Piece>] = match &operation.binding {
            Binding::Run { words } => words,
            Binding::Http | Binding::Grpc { .. } | Binding::Worker { .. } => &[],
        };
        for piece in words.iter().flatten().chain(&operation.path) {
            if let Piece::Value(expr) = piece {
                self.expr(expr);
            }
        }
        let headers = operation.headers.iter().chain(&operation.secret_headers);
        let named = operation.query.iter().chain(headers);
        named.for_each(|(_, expr)| self.expr(expr));
        operation.body.iter().for_each(|(expr, _)| self.expr(expr));
        let texts = operation.key.iter().chain(&operation.address);
        texts.for_each(|text| self.expr(text));
        let raises = operation.on.iter().flat_map(|on| &on.raise.fields);
        raises.for_each(|(_, expr)| self.expr(expr));
    }

    fn expr(&mut self, expr: &Expr) {
        expr.each(&mut |expr| match expr {
            Expr::Context(Context::Now | Context::RunStarted) => self.clock = true,
            Expr::Context(Context::Random | Context::Uuid) => self.chance = true,
            _ => {}
        });
    }
}

#[cfg(test)]
mod tests {
    use super::Surroundings;
    use crate::{
        expr::{Context, Expr},
        flow::End,
        sample,
    };
    use std::sync::Arc;

    #[test]
    fn the_clock_and_chance_are_found_where_they_are_read() {
        let mut program = sample::shop();
        let before = Surroundings::of(&program);
        Arc::make_mut(&mut program.flows[0]).states[0].end = End::Return(Expr::List(vec![
            Expr::Context(Context::Now),
            Expr::Context(Context::Uuid),
        ]));
        let after = Surroundings::of(&program);
        assert_eq!(before, Surroundings::default());
        assert_eq!((after.clock, after.chance), (true, true));
    }
}
