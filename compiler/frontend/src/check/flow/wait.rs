//! Signals, and waits for them.

use super::{Body, Error, SignalInfo, statement::none};
use crate::{
    ast::{Field, Ident, Limit},
    check::{
        Checker, Ty,
        frame::Role,
        tree::{Await, Kind, Statement},
    },
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{Name, SignalId};
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// `signal approve(by: string)`
    pub(super) fn signal(&mut self, name: &'a Ident, params: &'a [Field]) -> bool {
        crate::resolve::is_written(name, crate::resolve::Case::Snake, self.found);
        let module = self.frame.module;
        let params = self.params(module, params);
        let number = u32::try_from(self.flow.signals.len()).unwrap_or(u32::MAX);
        if let Some(first) = self.flow.by_name.get(&name.text) {
            let first = self
                .flow
                .signals
                .get(*first as usize)
                .map(|signal| signal.span)
                .unwrap_or_default();
            self.twice(name.text.clone(), name.span, first);
            return true;
        }
        self.flow.by_name.insert(name.text.clone(), number);
        let (name, span) = (name.text.clone(), name.span);
        self.flow.signals.push(SignalInfo {
            name,
            span,
            params,
            awaited: false,
        });
        true
    }

    /// `await approve as a within 2d else STATEMENT`
    pub(super) fn wait(
        &mut self,
        span: Span,
        name: &Ident,
        bind: Option<&'a Ident>,
        limit: &'a Limit,
        out: &mut Vec<Statement>,
    ) -> bool {
        let within = match limit {
            Limit::Forever(_) => None,
            Limit::Within { duration, otherwise } => {
                let duration = self.against(duration, &Ty::Duration);
                let otherwise = otherwise.as_deref().map(|statement| {
                    self.frame.open();
                    let body = self.single(statement);
                    self.frame.close();
                    body
                });
                Some((
                    duration,
                    otherwise.unwrap_or(Body {
                        statements: Vec::new(),
                        falls: true,
                    }),
                ))
            }
            Limit::Missing => {
                self.report(
                    Error::Endless {
                        span,
                        name: name.text.clone(),
                    }
                    .diagnostic(),
                );
                None
            }
        };
        let Some((signal, record)) = self.heard(name) else {
            if let Some(bind) = bind {
                self.bind(bind, Ty::Bad, Role::Bound);
            }
            return true;
        };
        // If the wait may end without the signal and go on, what it carries may be absent.
        let absent = within.as_ref().is_some_and(|(_, body)| body.falls);
        let ty = if absent { record.optional() } else { record };
        let bind = bind.map(|bind| self.bind(bind, ty, Role::Bound));
        let within = within.map(|(duration, mut body)| {
            if body.falls {
                body.statements.extend(self.set(span, bind, &none()));
            }
            (duration, body.statements)
        });
        let title = format!("await {}", name.text);
        self.push(
            out,
            span,
            Kind::Await(Box::new(Await {
                title,
                signal,
                bind,
                within,
            })),
        );
        true
    }

    fn heard(&mut self, name: &Ident) -> Option<(SignalId, Ty)> {
        let Some(number) = self.flow.by_name.get(&name.text).copied() else {
            let near = nearest(
                &name.text,
                self.flow.signals.iter().map(|signal| signal.name.as_str()),
            );
            let near = near.map(Name::from);
            self.report(
                Error::UnknownSignal {
                    name: name.text.clone(),
                    span: name.span,
                    near,
                }
                .diagnostic(),
            );
            return None;
        };
        let signal = self.flow.signals.get_mut(number as usize)?;
        signal.awaited = true;
        let fields = signal
            .params
            .iter()
            .map(|param| (param.name.clone(), param.ty.clone()))
            .collect();
        Some((SignalId(number), Ty::Record(Arc::new(fields))))
    }
}
