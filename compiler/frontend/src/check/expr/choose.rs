//! `if` and `match` as expressions.

use super::Typed;
use crate::{
    ast::{self, ExprArm},
    check::{Checker, Ty, narrow},
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    Value,
    expr::{Arm, Expr},
};

impl<'a> Checker<'a> {
    pub(super) fn if_expr(
        &mut self,
        condition: &'a ast::Expr,
        yes: &'a ast::Expr,
        no: &'a ast::Expr,
        expected: Option<&Ty>,
    ) -> Typed {
        let condition = self.against(condition, &Ty::Bool);
        let known = narrow::known(&condition);
        let (yes_span, no_span) = (yes.span, no.span);
        let yes = self.knowing(known.yes, |checker| checker.expr(yes, expected));
        let no = self.knowing(known.no, |checker| checker.expr(no, expected));
        let (both, ty) = self.unite(vec![(yes, yes_span), (no, no_span)]);
        let mut both = both.into_iter();
        let mut next = || Box::new(both.next().unwrap_or(Expr::Constant(Value::None)));
        let (yes, no) = (next(), next());
        Typed::new(Expr::If(Box::new(condition), yes, no), ty)
    }

    pub(super) fn match_expr(
        &mut self,
        span: Span,
        subject: &'a ast::Expr,
        arms: &'a [ExprArm],
        expected: Option<&Ty>,
    ) -> Typed {
        let subject = self.expr(subject, None);
        let mut cover = self.cover(&subject);
        let mut patterns = Vec::with_capacity(arms.len());
        let mut bodies = Vec::with_capacity(arms.len());
        for arm in arms {
            self.frame.open();
            patterns.push(self.pattern(arm.pattern.as_ref(), arm.span, &mut cover));
            let paths = cover.known();
            let body = self.knowing(paths, |checker| checker.expr(&arm.body, expected));
            bodies.push((body, arm.body.span));
            self.frame.close();
        }
        self.covered(&cover, span);
        let (bodies, ty) = self.unite(bodies);
        let arms = patterns
            .into_iter()
            .zip(bodies)
            .map(|(pattern, body)| Arm { pattern, body })
            .collect();
        Typed::new(
            Expr::Match {
                subject: Box::new(subject.expr),
                arms,
            },
            ty,
        )
    }
}
