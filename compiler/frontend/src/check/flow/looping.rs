//! Loops, and the words that lead out of them.

use super::{Body, Error, Loop};
use crate::{
    ast::{self, ExprKind, Ident},
    check::{
        Checker, Ty,
        error::Error as TypeError,
        expr::{self, Typed},
        frame::Role,
        narrow,
        tree::{For, Kind, Over, Statement},
    },
};
use flowmesh_diagnostics::Span;

impl<'a> Checker<'a> {
    pub(super) fn for_loop(
        &mut self,
        span: Span,
        name: &'a Ident,
        list: &'a ast::Expr,
        body: &'a ast::Block,
        out: &mut Vec<Statement>,
    ) -> bool {
        let list_span = list.span;
        let list = self.expr(list, None);
        let item = self.item_type(&list, list_span);
        let list_ty = list.ty.clone();
        let (over, index, bound) = match expr::range(list.expr) {
            Ok((from, to)) => (Over::Range(from, to), Ty::Int, Ty::Int),
            Err(list) => (Over::List(list), Ty::Int, list_ty),
        };
        let index = self.frame.hidden("_index", index);
        let bound = self.frame.hidden("_over", bound);
        self.frame.open();
        let item = self.bind(name, item, Role::Bound);
        let (body, _) = self.looped(body);
        self.frame.close();
        self.push(
            out,
            span,
            Kind::For(Box::new(For {
                over,
                item,
                index,
                bound,
                body: body.statements,
            })),
        );
        true
    }

    pub(super) fn item_type(&mut self, list: &Typed, span: Span) -> Ty {
        match self.globals.unfold(&list.ty) {
            Ty::List(item) => Ty::clone(&item),
            ty if ty.is_bad() => Ty::Bad,
            Ty::Optional(_) => {
                self.report(
                    TypeError::MayBeNone {
                        span,
                        ty: self.globals.show(&list.ty),
                    }
                    .diagnostic(),
                );
                Ty::Bad
            }
            ty => {
                let map = matches!(ty, Ty::Map(_));
                let found = self.globals.show(&list.ty);
                self.report(Error::NotAList { found, map, span }.diagnostic());
                Ty::Bad
            }
        }
    }

    /// The body of a loop, and what leads out of it.
    pub(super) fn looped(&mut self, body: &'a ast::Block) -> (Body, Loop) {
        self.forget_vars();
        self.flow.loops.push(Loop {
            broken: false,
            left: false,
            parallel: self.frame.parallel,
        });
        let body = self.block(body);
        self.forget_vars();
        let around = self.flow.loops.pop();
        (
            body,
            around.unwrap_or(Loop {
                broken: true,
                left: true,
                parallel: 0,
            }),
        )
    }

    pub(super) fn while_loop(
        &mut self,
        span: Span,
        condition: &'a ast::Expr,
        body: &'a ast::Block,
        out: &mut Vec<Statement>,
    ) -> bool {
        self.forget_vars();
        let place = condition.span;
        let forever = matches!(condition.kind, ExprKind::Bool(true));
        let condition = self.against(condition, &Ty::Bool);
        let known = narrow::known(&condition);
        let (body, around) = self.knowing(known.yes, |checker| checker.looped_knowing(body));
        if forever && !around.broken && !around.left {
            self.report(Error::NoWayOut { span: place }.diagnostic());
        }
        self.push(
            out,
            span,
            Kind::While {
                condition,
                body: body.statements,
            },
        );
        !forever || around.broken
    }

    /// As [`Self::looped`]: what the condition tells holds at the start of each round, even of what changes.
    pub(super) fn looped_knowing(&mut self, body: &'a ast::Block) -> (Body, Loop) {
        self.flow.loops.push(Loop {
            broken: false,
            left: false,
            parallel: self.frame.parallel,
        });
        let body = self.block(body);
        self.forget_vars();
        let around = self.flow.loops.pop();
        (
            body,
            around.unwrap_or(Loop {
                broken: true,
                left: true,
                parallel: 0,
            }),
        )
    }

    pub(super) fn jump(
        &mut self,
        span: Span,
        word: &'static str,
        kind: Kind,
        out: &mut Vec<Statement>,
    ) -> bool {
        let parallel = self.frame.parallel;
        match self.flow.loops.last_mut() {
            None => self.report(Error::NoLoop { word, span }.diagnostic()),
            Some(around) if around.parallel != parallel => {
                around.broken = true;
                self.report(Error::JumpOverParallel { word, span }.diagnostic());
            }
            Some(around) => {
                around.broken |= word == "break";
                self.push(out, span, kind);
            }
        }
        false
    }
}
