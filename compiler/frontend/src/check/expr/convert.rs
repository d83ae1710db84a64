//! `a[i]` and `x as T`.

use super::Typed;
use crate::{
    ast,
    check::{Checker, Ty, error::Error},
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::expr::Expr;

impl<'a> Checker<'a> {
    pub(super) fn index(&mut self, base: &'a ast::Expr, index: &'a ast::Expr) -> Typed {
        let span = base.span;
        let base = self.expr(base, None);
        let made = |base, index| Expr::Index(Box::new(base), Box::new(index));
        match self.globals.unfold(&base.ty) {
            Ty::List(item) => {
                let index = self.against(index, &Ty::Int);
                Typed::new(made(base.expr, index), Ty::clone(&item).optional())
            }
            Ty::Map(value) => {
                let index = self.against(index, &Ty::String);
                Typed::new(made(base.expr, index), Ty::clone(&value).optional())
            }
            ty if *ty.present() == Ty::Json => {
                let index_span = index.span;
                let index = self.expr(index, None);
                if !matches!(index.ty, Ty::Int | Ty::String | Ty::Bad) {
                    self.mismatch(&index.ty, &Ty::Int, index_span);
                }
                Typed::new(made(base.expr, index.expr), Ty::Json.optional())
            }
            ty => {
                self.expr(index, None);
                if ty.is_optional() {
                    self.report(
                        Error::MayBeNone {
                            span,
                            ty: self.globals.show(&base.ty),
                        }
                        .diagnostic(),
                    );
                } else if !ty.is_bad() {
                    self.report(
                        Error::NoIndex {
                            span,
                            ty: self.globals.show(&base.ty),
                        }
                        .diagnostic(),
                    );
                }
                Typed::bad()
            }
        }
    }

    pub(super) fn convert(&mut self, span: Span, value: &'a ast::Expr, ty: &'a ast::Type) -> Typed {
        let to = self.ty(ty);
        let typed = self.expr(value, None);
        let Some(ir) = to.ir().filter(|_| !to.is_bad() && !typed.ty.is_bad()) else {
            return Typed::new(typed.expr, to);
        };
        if !self.converts(&typed.ty, &to) {
            let (from, to) = (self.globals.show(&typed.ty), self.globals.show(&to));
            self.report(Error::NoConversion { from, to, span }.diagnostic());
        }
        Typed::new(Expr::As(Box::new(typed.expr), ir), to)
    }

    fn converts(&self, from: &Ty, to: &Ty) -> bool {
        let (from, to) = (self.globals.unfold(from), self.globals.unfold(to));
        if *from.present() == Ty::Json || self.globals.fits(&from, &to).is_some() {
            return true;
        }
        match (&from, to.present()) {
            (Ty::String, Ty::Url | Ty::Time | Ty::Date | Ty::Duration | Ty::Bytes | Ty::Decimal) => true,
            (Ty::String, other) => self.globals.cases(other).is_some(),
            (Ty::Record(_), other) => self.globals.record(other).is_some(),
            _ => false,
        }
    }
}
