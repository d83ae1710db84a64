//! Calls of operations, with their tails: `undo`, `catch`, `with` and `cache`.

use super::{
    Beside, Error,
    found::{Called, Found, What},
    statement::none,
};
use crate::{
    ast::{self, ExprKind, Ident, Tails},
    check::{
        Checker, FactKind, Ty,
        frame::Role,
        globals::OperationInfo,
        service::{judge::Subject, setting::Place},
        tree::{Call, Callee, Kind, Statement, Undo},
        ty::Coercion,
    },
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{OperationId, ServiceId, SlotId, expr::Expr, flow::Target, service::EffectKind};
use std::sync::Arc;

/// Where nothing follows.
pub(super) const NO_TAILS: &Tails = &Tails {
    undo: None,
    catch: Vec::new(),
    with: None,
    cache: None,
};

/// Where a value goes.
#[derive(Clone, Debug)]
pub(super) enum Dest<'a> {
    /// Into a new name.
    Bind {
        name: &'a Ident,
        ty: Option<Ty>,
        role: Role,
    },
    /// Into a `var`.
    Assign { slot: SlotId, ty: Ty, span: Span },
    /// Out of the flow.
    Return,
    /// Into the list of the values of a loop's rounds.
    Round(Option<Ty>),
    /// Nowhere: the statement stands for its effect.
    Nothing,
    /// Nowhere, because of a mistake that was reported.
    Lost,
}

impl<'a> Checker<'a> {
    /// A value or a call with its tails, on the way to where it goes.
    pub(super) fn effect(
        &mut self,
        span: Span,
        value: &'a ast::Expr,
        tails: &'a Tails,
        dest: Dest<'a>,
        out: &mut Vec<Statement>,
    ) -> bool {
        match &value.kind {
            ExprKind::Start(call) => return self.start(span, call, tails, &dest, out),
            ExprKind::Spawn(spawned) => return self.spawn(span, spawned, tails, &dest, out),
            ExprKind::For(looping) => return self.for_value(span, value.span, looping, tails, dest, out),
            _ => {}
        }
        match self.called(value) {
            Found::Call(called) => self.call_statement(span, &called, tails, &dest, out),
            Found::Value => {
                let before = self.found.len();
                let falls = self.deliver(span, value, dest, out);
                // What a broken value would have been, nobody knows: perhaps a call.
                if !self.errors_since(before) {
                    self.no_tails(tails);
                }
                falls
            }
            Found::Bad => {
                if let Dest::Bind { name, ty, role } = dest {
                    self.bind(name, ty.unwrap_or_default(), role);
                }
                true
            }
        }
    }

    pub(super) fn no_tails(&mut self, tails: &Tails) {
        let undo = tails.undo.iter().map(|(span, call)| ("undo", span.to(call.span)));
        let with = tails.with.iter().map(|(span, _)| ("with", *span));
        let catch = tails.catch.iter().map(|catch| ("catch", catch.span));
        let cache = tails.cache.iter().map(|(span, _)| ("cache", *span));
        let all: Vec<_> = undo.chain(with).chain(catch).chain(cache).collect();
        for (word, span) in all {
            self.report(Error::TailWithoutCall { word, span }.diagnostic());
        }
    }

    pub(super) fn call_statement(
        &mut self,
        span: Span,
        called: &Called<'a>,
        tails: &'a Tails,
        dest: &Dest<'a>,
        out: &mut Vec<Statement>,
    ) -> bool {
        let callee = self.callee(called, tails);
        let result = called.signature.result.clone();
        if matches!(dest, Dest::Bind { .. } | Dest::Assign { .. }) && result == Ty::Unit {
            self.report(
                Error::NoResult {
                    name: called.title.clone(),
                    span: called.span,
                }
                .diagnostic(),
            );
        }
        let cache = self.reused(called, tails);
        let slot = self.place_for(dest, &result, called.span);
        let wish = self.wish(dest, &result);
        let (catch, joined) = self.catches(called, tails, slot, wish.as_ref(), dest);
        if !matches!(&called.what, What::Operation(_, _, info) if info.stream) {
            self.domain_errors(called, tails);
        }
        let bind = self.arrive(dest, slot, &joined, called);
        let undo = tails.undo.as_ref().and_then(|(_, undo)| self.undo(undo));
        let title = called.title.clone();
        if let Some(callee) = callee {
            let call = Call {
                title,
                callee,
                cache,
                bind,
                undo,
                catch,
            };
            self.push(out, span, Kind::Call(Box::new(call)));
        }
        if !matches!(dest, Dest::Return) {
            return true;
        }
        let value = bind.map_or_else(none, Expr::Slot);
        self.push_return(out, span, value);
        false
    }

    /// What is called, with its arguments.
    fn callee(&mut self, called: &Called<'a>, tails: &'a Tails) -> Option<Callee> {
        match &called.what {
            What::Operation(service, operation, info) => {
                if info.stream {
                    let (name, span) = (called.title.clone(), called.span);
                    self.report(Beside::StreamCalled { name, span }.diagnostic());
                }
                let target = self.target((*service, *operation, info), called, tails);
                Some(Callee::Operation(target))
            }
            What::Flow(flow) => Some(Callee::Flow(*flow, self.child(called, tails))),
            What::Task => None,
        }
    }

    pub(super) fn target(
        &mut self,
        (service, operation, info): (ServiceId, OperationId, &OperationInfo),
        called: &Called<'a>,
        tails: &'a Tails,
    ) -> Target {
        let params = called.signature.params.clone();
        let arguments = self.arguments(&called.title, &params, called.arguments, called.span);
        let with = tails
            .with
            .as_ref()
            .map(|(_, settings)| self.overrides(settings, Place::With));
        let policy = match with {
            Some(with) => {
                if let Some(owner) = self.globals.service(service).map(Arc::clone) {
                    self.weighed(&with, &owner.name, &owner.addresses);
                }
                let (name, effect) = (called.title.as_str().into(), info.effect);
                self.call_policy(
                    &with,
                    &info.overrides,
                    &Subject {
                        name,
                        span: called.name,
                        effect,
                    },
                )
            }
            None => self.policies.intern(&info.overrides),
        };
        let kind = FactKind::Operation(service, operation.0, policy);
        self.facts.add(called.name, kind, Some(called.signature.span));
        let arguments = arguments.into_iter().map(|(_, value)| value).collect();
        Target {
            service,
            operation,
            arguments,
            policy,
            as_json: called.as_json,
        }
    }

    /// The slot that the result goes into. A new name gets its slot now, and is seen only after the catches.
    pub(super) fn place_for(&mut self, dest: &Dest<'a>, result: &Ty, span: Span) -> Option<SlotId> {
        match dest {
            Dest::Bind { name, ty, .. } => Some(
                self.frame
                    .hidden(&name.text, ty.clone().unwrap_or(result.clone())),
            ),
            Dest::Assign { slot, ty, .. } => {
                self.same(result, ty, span);
                Some(*slot)
            }
            Dest::Return if self.flow.result == Ty::Open => {
                self.flow.result = result.clone();
                (*result != Ty::Unit).then(|| self.frame.hidden("_result", result.clone()))
            }
            Dest::Return if self.flow.result == Ty::Unit => {
                if *result != Ty::Unit {
                    let flow = self.flow.returner.clone();
                    self.report(Error::ReturnsSomething { flow, span }.diagnostic());
                }
                None
            }
            Dest::Return => {
                let expected = self.flow.result.clone();
                self.same(result, &expected, span);
                Some(self.frame.hidden("_result", expected))
            }
            Dest::Round(ty) => Some(self.frame.hidden("_value", ty.clone().unwrap_or(result.clone()))),
            Dest::Nothing | Dest::Lost => None,
        }
    }

    /// What a service answers goes into its slot as it is, so its type has to be right without any change.
    pub(super) fn same(&mut self, result: &Ty, expected: &Ty, span: Span) {
        if self.globals.fits(result, expected) != Some(Coercion::Same) {
            self.mismatch(result, expected, span);
        }
    }

    fn wish(&self, dest: &Dest<'a>, result: &Ty) -> Option<Ty> {
        match dest {
            Dest::Bind { ty: Some(ty), .. } | Dest::Assign { ty, .. } => Some(ty.clone()),
            Dest::Return => Some(self.flow.result.clone()),
            Dest::Round(ty) => Some(ty.clone().unwrap_or(result.clone())),
            Dest::Bind { .. } => Some(result.clone()),
            Dest::Nothing | Dest::Lost => None,
        }
    }

    /// Gives the result its name.
    fn arrive(
        &mut self,
        dest: &Dest<'a>,
        slot: Option<SlotId>,
        joined: &Ty,
        called: &Called<'a>,
    ) -> Option<SlotId> {
        match dest {
            Dest::Bind { name, ty, role } => {
                let known = ty.is_some();
                let ty = ty.clone().unwrap_or_else(|| joined.clone());
                if known {
                    self.same(&called.signature.result, &ty, called.span);
                }
                let slot = slot?;
                self.name_slot(slot, name, ty, *role);
                Some(slot)
            }
            Dest::Round(ty) => {
                let ty = ty.clone().unwrap_or_else(|| joined.clone());
                self.same(&called.signature.result, &ty, called.span);
                self.flow.round = slot.map(|slot| (slot, ty));
                slot
            }
            Dest::Assign { slot, span, .. } => {
                self.assigned(*slot, *span, false);
                Some(*slot)
            }
            _ => slot,
        }
    }

    pub(super) fn name_slot(&mut self, slot: SlotId, name: &Ident, ty: Ty, role: Role) {
        crate::resolve::is_written(name, crate::resolve::Case::Snake, self.found);
        self.facts.add(
            name.span,
            FactKind::Local(name.text.clone(), ty.clone()),
            Some(name.span),
        );
        if let Some(local) = self.frame.locals.get_mut(slot.index()) {
            (local.span, local.ty, local.role) = (name.span, ty, role);
        }
        self.frame.touch_write(slot, name.span);
        if let Some(earlier) = self.frame.adopt(name.text.clone(), slot) {
            let first = self
                .frame
                .local(earlier)
                .map(|local| local.span)
                .unwrap_or_default();
            self.twice(name.text.clone(), name.span, first);
        }
    }

    /// `undo none` says that what is done may stay.
    pub(super) fn undo(&mut self, undo: &'a ast::Expr) -> Option<Undo> {
        if matches!(undo.kind, ExprKind::None) {
            return None;
        }
        let called = match self.called(undo) {
            Found::Call(called) => called,
            Found::Bad => return None,
            Found::Value => {
                self.expr(undo, None);
                self.report(Error::UndoIsNoCall { span: undo.span }.diagnostic());
                return None;
            }
        };
        let What::Operation(service, operation, info) = &called.what else {
            self.report(Error::UndoIsNoCall { span: undo.span }.diagnostic());
            return None;
        };
        if info.effect == EffectKind::Once {
            let (name, declared) = (called.title.clone(), called.signature.span);
            self.report(
                Error::UndoOnce {
                    name,
                    span: called.span,
                    declared,
                }
                .diagnostic(),
            );
        }
        let target = self.target((*service, *operation, info), &called, NO_TAILS);
        Some(Undo {
            title: format!("undo {}", called.title),
            target,
        })
    }
}
