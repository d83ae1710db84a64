//! Mocks: which calls, and what they are answered with.

use super::Error;
use crate::{
    ast::{self, Argument, ExprKind, Ident},
    check::{
        Checker, FactKind,
        expr::Place,
        frame::Role,
        globals::{FieldInfo, Signature},
        service::Way,
        ty::Ty,
    },
    resolve::{Def, did_you_mean},
};
use flowmesh_diagnostics::{Code, Diagnostic, nearest};
use flowmesh_ir::{
    FlowId, Name, OperationId, PolicyId, ServiceId,
    test::{Match, Mock, Pattern, Target},
};

/// Something that is called in a pattern.
pub(in crate::check) struct Called {
    pub(in crate::check) target: Target,
    pub(super) title: String,
    pub(super) signature: Signature,
    pub(super) stream: bool,
    /// By which way; `None` for a flow.
    pub(super) way: Option<Way>,
}

impl<'a> Checker<'a> {
    pub(super) fn mock(
        &mut self,
        call: &'a ast::Expr,
        attempted: bool,
        condition: Option<&'a ast::Expr>,
        answers: &'a [ast::Answer],
    ) -> Option<Mock> {
        let called = self.call_meant(call);
        if let Some(called) = called.as_ref().filter(|_| attempted) {
            self.has_attempts(called, call);
        }
        self.frame.open();
        let made = called
            .as_ref()
            .map(|called| self.pattern_of_call(called, call, true));
        let condition = condition.map(|condition| self.timeless(condition, &Ty::Bool));
        let answers = answers
            .iter()
            .filter_map(|answer| self.answer(called.as_ref(), call, attempted, answer))
            .collect();
        self.frame.close();
        Some(Mock {
            call: made?,
            attempted,
            condition,
            answers,
        })
    }

    /// The operation or flow that a pattern calls.
    pub(in crate::check) fn call_meant(&mut self, call: &'a ast::Expr) -> Option<Called> {
        let ExprKind::Call(callee, arguments) = &call.kind else {
            if !matches!(call.kind, ExprKind::Bad) {
                self.report(Error::NotACall { span: call.span }.diagnostic());
            }
            return None;
        };
        if let ExprKind::Field(base, name) = &callee.kind
            && let Place::Def(Def::Service(service)) = self.place(base, None)
        {
            return self.operation_meant(service, name);
        }
        match self.place(callee, None) {
            Place::Def(Def::Flow(flow)) => {
                let signature = self.globals.flows.get(flow as usize)?.clone();
                Some(Called {
                    target: Target::Flow(FlowId(flow)),
                    title: signature.name.to_string(),
                    signature,
                    stream: false,
                    way: None,
                })
            }
            Place::Def(Def::Template(template)) => {
                let flow = self.copy_of(template, arguments, call.span)?;
                let signature = self.globals.templates.get(template as usize)?.clone();
                Some(Called {
                    target: Target::Flow(flow),
                    title: signature.name.to_string(),
                    signature,
                    stream: false,
                    way: None,
                })
            }
            Place::Bad => None,
            _ => {
                self.report(Error::NotACall { span: callee.span }.diagnostic());
                self.look_at(arguments);
                None
            }
        }
    }

    fn operation_meant(&mut self, service: u32, name: &Ident) -> Option<Called> {
        let info = self.globals.service(ServiceId(service))?;
        let Some(number) = info.by_name.get(&name.text).copied() else {
            let known = info.operations.iter().map(|op| op.signature.name.as_str());
            let near = nearest(&name.text, known);
            let message = format!("unknown operation `{}`", name.text);
            let diagnostic = Diagnostic::error(Code(203), name.span, message);
            let diagnostic = did_you_mean(diagnostic, near, name.span);
            self.report(diagnostic);
            return None;
        };
        let title = format!("{}.{}", info.name, name.text);
        let operation = self.globals.operation(service, number)?.clone();
        let (service, policy) = (ServiceId(service), PolicyId(0));
        let kind = FactKind::Operation(service, number, policy);
        self.facts.add(name.span, kind, Some(operation.signature.span));
        Some(Called {
            target: Target::Operation(service, OperationId(number)),
            title,
            stream: operation.stream,
            way: Some(operation.way),
            signature: operation.signature.clone(),
        })
    }

    /// Looks at the arguments of a pattern that calls nothing.
    fn look_at(&mut self, arguments: &'a [Argument]) {
        for argument in arguments {
            if !matches!(argument.value.kind, ExprKind::Name(_) | ExprKind::Lambda(..)) {
                self.expr(&argument.value, None);
            }
        }
    }

    /// What fits the arguments. New names are bound in mocks only.
    pub(super) fn pattern_of_call(&mut self, called: &Called, call: &'a ast::Expr, binds: bool) -> Pattern {
        let arguments: &'a [Argument] = match &call.kind {
            ExprKind::Call(_, arguments) => arguments,
            _ => &[],
        };
        let params = called.signature.params.clone();
        let names: Vec<&str> = params.iter().map(|param| param.name.as_str()).collect();
        let given = self.arrange(&called.title, &names, arguments);
        let mut missing = Vec::new();
        let mut made = Vec::with_capacity(params.len());
        for (param, value) in params.iter().zip(given) {
            // What is no value says which copy is meant.
            if let (Ty::Taken(_), Some(_)) = (&param.ty, value) {
                continue;
            }
            made.push(match value {
                Some(value) => self.fits_argument(param, value, binds),
                None => {
                    missing.push(param.name.clone());
                    Match::Any
                }
            });
        }
        if !missing.is_empty() {
            let (of, span) = (called.title.clone(), call.span);
            self.report(
                Error::MissingPattern {
                    missing,
                    of,
                    span,
                    none: arguments.is_empty(),
                }
                .diagnostic(),
            );
        }
        Pattern {
            target: called.target,
            arguments: made,
        }
    }

    fn fits_argument(&mut self, param: &FieldInfo, value: &'a ast::Expr, binds: bool) -> Match {
        if let ExprKind::Name(name) = &value.kind {
            if name == "_" {
                return Match::Any;
            }
            let known = self.frame.find(name).is_some()
                || self
                    .module()
                    .is_some_and(|module| module.scope.contains_key(name))
                || self.enum_of(name, Some(&param.ty)).is_some();
            if binds && !known {
                let ident = Ident {
                    text: name.clone(),
                    span: value.span,
                };
                let kind = FactKind::Local(name.clone(), param.ty.clone());
                self.facts.add(value.span, kind, Some(value.span));
                let (slot, _) = self.frame.declare(&ident, param.ty.clone(), Role::Bound);
                return Match::Bind(slot);
            }
        }
        Match::Equal(self.timeless(value, &param.ty))
    }

    /// A number in a test.
    pub(super) fn count_of(&mut self, number: &ast::Expr, least: u32) -> u32 {
        let found = match &number.kind {
            ExprKind::Int(int) => u32::try_from(*int).ok(),
            _ => None,
        };
        match found.filter(|count| *count >= least) {
            Some(count) => count,
            None => {
                self.report(
                    Error::Count {
                        least,
                        span: number.span,
                    }
                    .diagnostic(),
                );
                least
            }
        }
    }

    /// The name of a flow.
    pub(super) fn flow_name(&self, flow: u32) -> Name {
        let flow = self.globals.flows.get(flow as usize);
        flow.map(|flow| flow.name.clone()).unwrap_or_default()
    }
}
