//! What goes out beside the path and the body: query and headers.

use super::{Error, operation::header_name};
use crate::{
    ast::{self, ExprKind},
    check::{Checker, Ty, globals::FieldInfo},
};
use flowmesh_ir::{Name, SlotId, expr::Expr};

/// Headers by their names, with what each is made of.
type Headers = Vec<(Name, Expr)>;

impl<'a> Checker<'a> {
    /// `query: { page: page }`
    pub(super) fn query(&mut self, value: &'a ast::Expr) -> Vec<(Name, Expr)> {
        let ExprKind::Record(fields) = &value.kind else {
            let (found, span) = (self.slice(value.span), value.span);
            let (name, form) = ("query", "{ page: page }");
            self.report(
                Error::Form {
                    name,
                    form: form.to_owned(),
                    found,
                    span,
                }
                .diagnostic(),
            );
            return Vec::new();
        };
        let mut made = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            let typed = self.expr(value, None);
            let ty = match self.globals.unfold(typed.ty.present()) {
                Ty::List(item) => self.globals.unfold(&item),
                other => other,
            };
            let expr = self.textual(crate::check::expr::Typed::new(typed.expr, ty), value.span);
            made.push((name.text.clone(), expr));
        }
        made
    }

    /// A query holds texts; a `none` is left out.
    pub(super) fn query_value(&mut self, slot: SlotId, param: &FieldInfo) -> Expr {
        let present = self.globals.unfold(&param.ty).present().clone();
        let simple = match self.globals.unfold(&present) {
            Ty::List(_) | Ty::Map(_) | Ty::Record(_) | Ty::Json | Ty::Bytes => false,
            Ty::Named(_) => self.globals.cases(&present).is_some(),
            _ => true,
        };
        if !simple {
            let ty = self.globals.show(&param.ty);
            self.report(
                Error::NotForQuery {
                    name: param.name.clone(),
                    ty,
                    span: param.span,
                }
                .diagnostic(),
            );
        }
        Expr::Slot(slot)
    }

    /// Headers, those that are made from secrets apart.
    pub(super) fn headers(&mut self, value: &'a ast::Expr) -> (Headers, Headers) {
        let ExprKind::Record(fields) = &value.kind else {
            let (found, span) = (self.slice(value.span), value.span);
            let form = "{ x_tenant: tenant }";
            self.report(
                Error::Form {
                    name: "headers",
                    form: form.to_owned(),
                    found,
                    span,
                }
                .diagnostic(),
            );
            return Default::default();
        };
        let (mut made, mut secret) = (Vec::with_capacity(fields.len()), Vec::new());
        for (name, value) in fields {
            self.frame.sent = true;
            let typed = self.expr(value, None);
            self.frame.sent = false;
            let ty = typed.ty.present().clone();
            let expr = self.textual(crate::check::expr::Typed::new(typed.expr, ty), value.span);
            let place = if expr.is_secret() { &mut secret } else { &mut made };
            place.push((header_name(name), expr));
        }
        (made, secret)
    }
}
