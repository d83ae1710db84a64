//! Views: values over the variables of a flow that are read from outside at any time.

use super::{Beside, fiber::reads, statement::none};
use crate::{
    ast::{self, Ident},
    check::{Checker, FactKind, frame::Role},
    resolve::{Case, is_written},
};
use flowmesh_ir::{
    SlotId,
    expr::{Binary, Expr},
    flow::View,
    ty::Type,
};

impl<'a> Checker<'a> {
    /// `view progress = done * 100 / total`
    pub(super) fn view(&mut self, name: &'a Ident, ty: Option<&'a ast::Type>, value: &'a ast::Expr) {
        is_written(name, Case::Snake, self.found);
        let ty = ty.map(|ty| self.ty(ty));
        let first = self.frame.locals.len();
        let narrowed = std::mem::take(&mut self.frame.narrowed);
        let typed = self.expr(value, ty.as_ref());
        let (expr, ty) = match ty {
            Some(ty) => (self.fit(typed, &ty, value.span), ty),
            None => (typed.expr, typed.ty),
        };
        self.frame.narrowed = narrowed;
        self.settled(name, &ty);
        let fact = FactKind::Local(name.text.clone(), ty.clone());
        self.facts.add(name.span, fact, Some(name.span));
        if self.flow.giving {
            let (name, span) = (name.text.clone(), name.span);
            return self.report(Beside::ViewInside { name, span }.diagnostic());
        }
        if let Some((_, first)) = self.flow.views.iter().find(|(view, _)| view.name == name.text) {
            let first = *first;
            return self.twice(name.text.clone(), name.span, first);
        }
        let empty = self.may_be_empty(&expr, first);
        let ty = if empty.is_empty() { ty } else { ty.optional() };
        let title = format!("{}.{}", self.flow.name, name.text);
        let ty = self.border(&ty, &title).unwrap_or(Type::Json);
        let view = View {
            name: name.text.clone(),
            ty,
            value: guarded(expr, &empty),
        };
        self.flow.views.push((view, name.span));
    }

    /// The slots before `first` that nothing may have been put into when the view is read, though their type says
    /// that something is there. What is optional anyway was looked at as such.
    fn may_be_empty(&self, expr: &Expr, first: usize) -> Vec<SlotId> {
        let empty = |slot: &SlotId| {
            let local = self.frame.local(*slot);
            let there = |local: &crate::check::frame::Local| {
                local.role == Role::Param || self.globals.unfold(&local.ty).is_optional()
            };
            slot.index() < first && !local.is_some_and(there)
        };
        reads(expr).into_iter().filter(empty).collect()
    }
}

/// `none` where one of the slots is still empty.
fn guarded(expr: Expr, empty: &[SlotId]) -> Expr {
    let absent = |slot: &SlotId| Expr::Binary(Binary::Equal, Box::new(Expr::Slot(*slot)), Box::new(none()));
    let any = empty
        .iter()
        .map(absent)
        .reduce(|a, b| Expr::Binary(Binary::Or, Box::new(a), Box::new(b)));
    match any {
        Some(condition) => Expr::If(Box::new(condition), Box::new(none()), Box::new(expr)),
        None => expr,
    }
}
