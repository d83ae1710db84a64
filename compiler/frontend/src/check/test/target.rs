//! Whether what flows produce is there: `mock file("report.csv") -> true`.

use super::Error;
use crate::{
    ast::{self, AnswerKind, ExprKind},
    check::{Checker, ty::Ty},
};
use flowmesh_ir::{Value, expr::Expr, test::StepKind};

impl<'a> Checker<'a> {
    /// Whether a mock is of a target, and not of a call.
    pub(super) fn is_target(call: &ast::Expr) -> bool {
        match &call.kind {
            ExprKind::Text(_) => true,
            ExprKind::Call(callee, _) => matches!(&callee.kind, ExprKind::Name(name) if name == "file"),
            _ => false,
        }
    }

    /// `more` is where the mock says what only one of calls can.
    pub(super) fn mock_target(
        &mut self,
        target: &'a ast::Expr,
        more: bool,
        answers: &'a [ast::Answer],
    ) -> Option<StepKind> {
        let text = match &target.kind {
            ExprKind::Call(_, arguments) => {
                let path = self.arrange("file", &["path"], arguments).first().copied()??;
                Expr::Text(vec![Expr::Constant(Value::string("file:")), self.as_text(path)])
            }
            _ => self.as_text(target),
        };
        let there = match answers {
            [
                ast::Answer {
                    delay: None,
                    times: None,
                    kind: AnswerKind::Value(there),
                    ..
                },
            ] if !more => there,
            _ => {
                self.report(Error::TargetAnswer { span: target.span }.diagnostic());
                return None;
            }
        };
        let there = self.against(there, &Ty::Bool);
        Some(StepKind::Target { target: text, there })
    }
}
