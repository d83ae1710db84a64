//! What happens on the errors of a call.

use super::{
    Error,
    call::Dest,
    found::{Called, Found},
    trying::{all_errors, any_error, is_any},
};
use crate::{
    ast::{Catch as Written, Statement as Spoken, StatementKind, Tails},
    check::{
        Checker, Ty,
        expr::Typed,
        frame::Role,
        template::{ANYTHING, Error as TemplateError},
        tree::{Catch, Statement},
        ty::Coercion,
    },
    resolve::Def,
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{ErrorId, SlotId, expr::Expr, program::BUILTIN_ERRORS};
use std::collections::HashMap;

impl<'a> Checker<'a> {
    /// All catches, and the type of the call's value together with theirs.
    pub(super) fn catches(
        &mut self,
        called: &Called<'a>,
        tails: &'a Tails,
        slot: Option<SlotId>,
        wish: Option<&Ty>,
        dest: &Dest<'a>,
    ) -> (Vec<Catch>, Ty) {
        let mut joined = called.signature.result.clone();
        let mut seen: HashMap<ErrorId, Span> = HashMap::new();
        let mut made = Vec::with_capacity(tails.catch.len());
        let narrowed = self.frame.narrowed.clone();
        self.any_is_last(&tails.catch);
        for written in &tails.catch {
            let any = is_any(written);
            let error = if any {
                None
            } else {
                self.caught(called, written, &mut seen)
            };
            self.frame.open();
            let bad = if any { any_error() } else { Ty::Bad };
            let ty = error.map_or(bad, Ty::Error);
            let bind = written.bind.as_ref().map(|name| self.bind(name, ty, Role::Bound));
            let body = match wish {
                Some(wish) if slot.is_some() => self.catch_value(written, slot, wish, dest, &mut joined),
                _ => self.single(&written.body).statements,
            };
            self.frame.close();
            if any {
                let fails = called.signature.fails.iter().map(|(id, _)| *id);
                let open: Vec<ErrorId> = all_errors(fails).filter(|id| !seen.contains_key(id)).collect();
                made.extend(self.catch_any(&open, bind, body, written.span));
            } else {
                made.extend(error.map(|error| Catch { error, bind, body }));
            }
        }
        self.frame.narrowed.retain(|path| narrowed.contains(path));
        (made, joined)
    }

    pub(super) fn caught(
        &mut self,
        called: &Called<'a>,
        written: &Written,
        seen: &mut HashMap<ErrorId, Span>,
    ) -> Option<ErrorId> {
        let id = self.error_named(&written.error);
        if id.is_none() {
            self.probe_caught(
                &written.error.text,
                &called.signature,
                seen.keys().copied().collect(),
            );
        }
        let id = id?;
        let (error, span) = (written.error.text.clone(), written.error.span);
        if let Some(first) = seen.insert(id, span) {
            let twice = Error::CaughtTwice { error, span, first }.diagnostic();
            self.report(twice.fix("remove this `catch`", written.span, ""));
            return None;
        }
        let anything = called
            .signature
            .fails
            .iter()
            .find(|(known, _)| *known == ANYTHING);
        if let Some((_, taken)) = anything.filter(|_| id.index() >= BUILTIN_ERRORS.len()) {
            let (name, taken) = (called.title.as_str().into(), *taken);
            let error = TemplateError::CatchOfTaken {
                error,
                name,
                span,
                taken,
            };
            self.report(error.diagnostic());
            return None;
        }
        let declared = called.signature.fails.iter().any(|(known, _)| *known == id);
        if !declared && id.index() >= BUILTIN_ERRORS.len() {
            let (name, declared) = (called.title.clone(), called.signature.span);
            self.report(
                Error::CannotHappen {
                    error,
                    name,
                    span,
                    declared,
                    what: called.word(),
                }
                .diagnostic()
                .fix("remove this `catch`", written.span, ""),
            );
        }
        Some(id)
    }

    /// The body of a catch whose call has a value: it leaves, or gives one.
    pub(super) fn catch_value(
        &mut self,
        written: &'a Written,
        slot: Option<SlotId>,
        wish: &Ty,
        dest: &Dest<'a>,
        joined: &mut Ty,
    ) -> Vec<Statement> {
        let Spoken { span, kind } = &*written.body;
        let plain = match kind {
            StatementKind::Expr { value, tails } if tails.catch.is_empty() && tails.undo.is_none() => {
                Some(value)
            }
            _ => None,
        };
        let Some(value) = plain.filter(|value| matches!(self.called(value), Found::Value)) else {
            let body = self.single(&written.body);
            if body.falls {
                self.report(
                    Error::CatchFalls {
                        span: written.body.span,
                    }
                    .diagnostic(),
                );
            }
            return body.statements;
        };
        let typed = self.expr(value, Some(wish));
        let open = matches!(dest, Dest::Bind { ty: None, .. });
        let expr = if open {
            self.widen(typed, joined, value.span)
        } else {
            self.fit(typed, wish, value.span)
        };
        self.set(*span, slot, &expr)
    }

    /// A value beside the call's own; the type of both becomes the least that both are of.
    pub(super) fn widen(&mut self, typed: Typed, joined: &mut Ty, span: Span) -> Expr {
        match self.globals.join(joined, &typed.ty) {
            Some(both) if self.globals.fits(joined, &both) == Some(Coercion::Same) => *joined = both,
            _ => {}
        }
        self.fit(typed, &joined.clone(), span)
    }

    /// Domain errors that nobody catches are the flow's own.
    pub(super) fn domain_errors(&mut self, called: &Called<'a>, tails: &'a Tails) {
        if tails.catch.iter().any(is_any) {
            return;
        }
        let caught: Vec<Option<ErrorId>> = tails
            .catch
            .iter()
            .map(|catch| match self.module()?.scope.get(&catch.error.text)?.def {
                Def::Error(id) => Some(ErrorId(id)),
                _ => None,
            })
            .collect();
        for (id, declared) in &called.signature.fails {
            if !caught.contains(&Some(*id)) {
                self.may_fail(*id, called.span, Some((&called.title, Some(*declared))));
            }
        }
    }
}
