//! Signals: what a flow hears, and the handlers that answer.

use super::{Beside, SignalInfo};
use crate::{
    ast::{Block, Field, Ident, Type},
    check::{
        Asked, Checker, Ty,
        frame::Role,
        tree::{Kind, Listen, Statement},
    },
    resolve::{Case, is_written},
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{Name, SignalId, SlotId};
use std::collections::HashMap;

impl<'a> Checker<'a> {
    /// `signal approve(by: string) -> bool`
    pub(super) fn signal(
        &mut self,
        name: &'a Ident,
        params: &'a [Field],
        result: Option<&'a Type>,
        transient: bool,
    ) {
        is_written(name, Case::Snake, self.found);
        let module = self.frame.module;
        let params = self.params(module, params);
        let result = result.map(|ty| self.ty(ty));
        let number = u32::try_from(self.flow.signals.len()).unwrap_or(u32::MAX);
        if let Some(first) = self.flow.by_name.get(&name.text) {
            let first = self.flow.signals.get(*first as usize).map(|signal| signal.span);
            return self.twice(name.text.clone(), name.span, first.unwrap_or_default());
        }
        self.flow.by_name.insert(name.text.clone(), number);
        self.flow.signals.push(SignalInfo {
            name: name.text.clone(),
            span: name.span,
            params,
            result,
            transient,
            awaited: None,
            handled: None,
        });
    }

    /// The signal with a name; says so where there is none.
    pub(super) fn signal_named(&mut self, name: &Ident) -> Option<SignalId> {
        self.probe(&name.text, |_| Asked::Named);
        if let Some(number) = self.flow.by_name.get(&name.text) {
            return Some(SignalId(*number));
        }
        let known = self.flow.signals.iter().map(|signal| signal.name.as_str());
        let near = nearest(&name.text, known).map(Name::from);
        let error = super::Error::UnknownSignal {
            name: name.text.clone(),
            span: name.span,
            near,
        };
        self.report(error.diagnostic());
        None
    }

    /// A signal that is awaited here, and what it carries.
    pub(super) fn awaited(&mut self, name: &Ident) -> Option<(SignalId, Ty)> {
        let id = self.signal_named(name)?;
        let signal = self.flow.signals.get_mut(id.index())?;
        signal.awaited.get_or_insert(name.span);
        let field = |param: &super::FieldInfo| (param.name.clone(), param.ty.clone());
        let fields = signal.params.iter().map(field).collect();
        Some((id, Ty::Record(std::sync::Arc::new(fields))))
    }

    /// `on approve(by) { ... return true }`
    pub(super) fn on_signal(
        &mut self,
        span: Span,
        name: &'a Ident,
        params: &'a [Ident],
        body: &'a Block,
        out: &mut Vec<Statement>,
    ) {
        let found = self.signal_named(name);
        let known = found.and_then(|id| self.flow.signals.get_mut(id.index()));
        let known = known.map(|signal| (signal.handled.replace(name.span), signal.clone()));
        if let Some((Some(first), signal)) = &known {
            let (name, span, first) = (signal.name.clone(), name.span, *first);
            self.report(Beside::HandledTwice { name, span, first }.diagnostic());
        }
        let signal = known.map(|(_, signal)| signal);
        let result = match &signal {
            Some(signal) => signal.result.clone().unwrap_or(Ty::Unit),
            None => Ty::Bad,
        };
        let mut slots = Vec::new();
        let apart = self.apart(name.text.clone(), result, false, |checker| {
            checker.frame.open();
            slots = checker.heard_params(name, params, signal.as_ref());
            let body = checker.block(body);
            checker.frame.close();
            body
        });
        if apart.body.falls && !matches!(apart.result, Ty::Unit | Ty::Bad) {
            let declared = signal.map(|signal| signal.span).unwrap_or_default();
            let (name, span) = (name.text.clone(), name.span);
            self.report(Beside::NoAnswer { name, span, declared }.diagnostic());
        }
        let Some(signal) = found else { return };
        let listen = Listen {
            signal,
            params: slots,
            own: apart.own,
            body: apart.body.statements,
        };
        self.push(out, span, Kind::Listen(Box::new(listen)));
    }

    /// A slot for each parameter of a signal, under its name where the handler wants it.
    fn heard_params(
        &mut self,
        name: &Ident,
        params: &'a [Ident],
        signal: Option<&SignalInfo>,
    ) -> Vec<SlotId> {
        let known = signal.map_or(&[][..], |signal| &signal.params);
        let mut wanted: HashMap<&Name, &Ident> = HashMap::new();
        for param in params {
            let there = known.iter().any(|field| field.name == param.text);
            if let (Some(signal), false) = (signal, there) {
                let near = nearest(&param.text, known.iter().map(|field| field.name.as_str()));
                let error = Beside::UnknownParam {
                    name: param.text.clone(),
                    signal: name.text.clone(),
                    span: param.span,
                    declared: signal.span,
                    near: near.map(Name::from),
                };
                self.report(error.diagnostic());
            }
            if !there {
                self.bind(param, Ty::Bad, Role::Bound);
            } else if let Some(first) = wanted.insert(&param.text, param) {
                self.twice(param.text.clone(), param.span, first.span);
            }
        }
        let mut slots = Vec::with_capacity(known.len());
        for field in known {
            slots.push(match wanted.get(&field.name) {
                Some(ident) => self.bind(ident, field.ty.clone(), Role::Bound),
                None => self.frame.hidden(&field.name, field.ty.clone()),
            });
        }
        slots
    }

    /// A signal is awaited or handled, not both; one that is answered is handled.
    pub(super) fn signals_heard(&mut self) {
        for signal in self.flow.signals.clone() {
            let (name, span) = (signal.name, signal.span);
            let error = match (signal.awaited, signal.handled) {
                (Some(awaited), None) if signal.result.is_some() => Beside::NotAnswered {
                    name,
                    span,
                    awaited: Some(awaited),
                },
                (None, None) if signal.result.is_some() => Beside::NotAnswered {
                    name,
                    span,
                    awaited: None,
                },
                (Some(awaited), Some(handled)) => Beside::HeardTwice {
                    name,
                    span: awaited,
                    handled,
                },
                _ => continue,
            };
            self.report(error.diagnostic());
        }
    }
}
