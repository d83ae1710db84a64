//! Loops over what an operation answers, one item after the other.

use super::{
    call::NO_TAILS,
    found::{Found, What},
};
use crate::{
    ast,
    check::{
        Checker,
        frame::Role,
        tree::{Kind, Statement, Stream},
    },
};
use flowmesh_diagnostics::Span;

impl<'a> Checker<'a> {
    /// `for x in logs.tail(id) { }`; false where the loop goes over something else.
    pub(super) fn stream_loop(
        &mut self,
        span: Span,
        looping: &'a ast::For,
        list: &'a ast::Expr,
        out: &mut Vec<Statement>,
    ) -> bool {
        if !self.gives_stream(list) {
            return false;
        }
        let Found::Call(called) = self.called(list) else {
            return false;
        };
        let What::Operation(service, operation, info) = &called.what else {
            return false;
        };
        let target = self.target((*service, *operation, info), &called, NO_TAILS);
        self.domain_errors(&called, NO_TAILS);
        self.frame.open();
        let item = self.bind(&looping.name, called.signature.result.clone(), Role::Bound);
        let (body, _) = self.looped(&looping.body);
        self.frame.close();
        let stream = Stream {
            title: called.title,
            target,
            item,
            body: body.statements,
        };
        self.push(out, span, Kind::Stream(Box::new(stream)));
        true
    }

    /// Whether an expression calls an operation that gives many results, without a word about it.
    fn gives_stream(&mut self, list: &ast::Expr) -> bool {
        let ast::ExprKind::Call(callee, _) = &list.kind else {
            return false;
        };
        let ast::ExprKind::Field(base, name) = &callee.kind else {
            return false;
        };
        let Some((_, crate::resolve::Def::Service(id))) = self.def_at(base) else {
            return false;
        };
        let number = self
            .globals
            .services
            .get(id as usize)
            .and_then(|info| info.by_name.get(&name.text));
        number.is_some_and(|number| {
            self.globals
                .operation(id, *number)
                .is_some_and(|info| info.stream)
        })
    }
}
