//! Finds what an expression calls, as a statement: an operation, or a flow.

use super::Error;
use crate::{
    ast::{self, Argument, ExprKind, Ident},
    check::{
        Asked, Base, Checker,
        globals::{FieldInfo, OperationInfo, Signature},
        service::{Error as ServiceError, Overrides, Way},
        template::{ANYTHING, Given, Taken, Taking},
        ty::Ty,
    },
    resolve::{Def, scope},
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{
    FlowId, Name, OperationId, ServiceId,
    service::{EffectKind, Method},
};
use std::sync::Arc;

/// A call of an operation or a flow, found; or the end of a task, which is awaited like one.
#[derive(Clone, Debug)]
pub(super) struct Called<'a> {
    pub(super) what: What,
    pub(super) title: String,
    pub(super) signature: Signature,
    pub(super) arguments: &'a [Argument],
    pub(super) name: Span,
    pub(super) span: Span,
    /// Its result is taken as JSON, whatever it is.
    pub(super) as_json: bool,
}

/// What is called.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// An operation, with what is known of it.
    Operation(ServiceId, OperationId, Arc<OperationInfo>),
    /// A flow, whose run is a child of this one.
    Flow(FlowId),
    /// A task, whose end is awaited.
    Task,
}

impl What {
    /// What it is, in the words of the language.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Operation(..) => "operation",
            Self::Flow(_) => "flow",
            Self::Task => "task",
        }
    }
}

/// What an expression is, as a statement.
pub(super) enum Found<'a> {
    Value,
    Call(Box<Called<'a>>),
    /// A call of an operation that does not exist, which was reported.
    Bad,
}

impl<'a> Checker<'a> {
    /// Whether an expression calls an operation, and which.
    pub(super) fn called(&mut self, value: &'a ast::Expr) -> Found<'a> {
        let ExprKind::Call(callee, arguments) = &value.kind else {
            return Found::Value;
        };
        if let Some(flow) = self.flow_at(callee) {
            return self.flow_called(flow, callee.span, arguments, value.span);
        }
        if let Some(template) = self.template_at(callee) {
            return self.template_called(template, callee.span, arguments, value.span);
        }
        if let ExprKind::Name(name) = &callee.kind
            && let Some(taking) = self.taking(name).cloned()
        {
            let called = self.taken_called(&taking, callee.span, arguments, value.span);
            return called.map_or(Found::Value, |called| Found::Call(Box::new(called)));
        }
        let ExprKind::Field(base, name) = &callee.kind else {
            return Found::Value;
        };
        let Some(service) = self.service_at(base) else {
            return Found::Value;
        };
        self.probe_called(&name.text, &Base::Def(Def::Service(service.0)), arguments);
        let Some(number) = self.operation_named(service, name) else {
            self.ignore(arguments);
            return Found::Bad;
        };
        let Some(info) = self.globals.operation(service.0, number).cloned() else {
            return Found::Bad;
        };
        let service_name = self.globals.service(service);
        let service_name = service_name.map(|info| info.name.as_str()).unwrap_or_default();
        let title = format!("{service_name}.{}", name.text);
        let signature = info.signature.clone();
        let (name, span) = (name.span, value.span);
        Found::Call(Box::new(Called {
            what: What::Operation(service, OperationId(number), info),
            title,
            signature,
            arguments,
            name,
            span,
            as_json: false,
        }))
    }

    /// The number of an operation; one that does not exist is reported.
    pub(crate) fn operation_named(&mut self, service: ServiceId, name: &Ident) -> Option<u32> {
        if self.probes.is_empty() {
            self.probe(&name.text, |_| {
                Asked::Member(Base::Def(Def::Service(service.0)), None, None)
            });
        }
        let info = self.globals.service(service)?;
        if let Some(number) = info.by_name.get(&name.text) {
            return Some(*number);
        }
        let known = info.operations.iter().map(|op| op.signature.name.as_str());
        let near = nearest(&name.text, known).map(Name::from);
        let (title, span) = (info.name.clone(), name.span);
        let diagnostic = match self.streamed(service, &name.text) {
            Some((name, place)) => ServiceError::ClientStream { name, span, place }.diagnostic(),
            None => Error::UnknownOperation {
                operation: name.text.clone(),
                service: title,
                span,
                near,
            }
            .diagnostic(),
        };
        self.report(diagnostic);
        None
    }

    /// A call of an operation that the template at hand takes: what is known of it, called as it is taken.
    fn taken_called(
        &mut self,
        taking: &Taking,
        name: Span,
        arguments: &'a [Argument],
        span: Span,
    ) -> Option<Called<'a>> {
        let Taken::Operation { params, result } = &*taking.taken else {
            return None;
        };
        let (service, operation, info) = match taking.given {
            Some(Given::Operation(service, operation)) => {
                let info = self.globals.operation(service.0, operation.0)?.clone();
                (service, operation, info)
            }
            _ => (
                ServiceId(u32::MAX),
                OperationId(u32::MAX),
                Arc::new(unknown(taking, params, result)),
            ),
        };
        self.taking_met(taking, name);
        let mut signature = info.signature.clone();
        let own = params.iter().map(|(name, _)| name);
        for (param, name) in signature.params.iter_mut().zip(own) {
            param.name = name.clone();
        }
        let as_json = *result == Ty::Json && signature.result != Ty::Json;
        signature.result = result.clone();
        Some(Called {
            what: What::Operation(service, operation, info),
            title: self.name_of_given(taking),
            signature,
            arguments,
            name,
            span,
            as_json,
        })
    }

    /// The method of a service's document that takes a stream of requests and would be called so, and its place.
    fn streamed(&self, service: ServiceId, name: &str) -> Option<(String, Span)> {
        let declared = self.resolved.declared(Def::Service(service.0))?;
        let mut streamed = self.resolved.described(declared)?.streamed.iter();
        let found = streamed.find(|streamed| streamed.name == name)?;
        Some((found.path.clone(), found.span))
    }

    /// The service that a path of words names, without a word about other things.
    fn service_at(&mut self, base: &ast::Expr) -> Option<ServiceId> {
        let (words, def) = self.def_at(base)?;
        let Def::Service(id) = def else { return None };
        self.path(&words);
        Some(ServiceId(id))
    }

    /// What a path of words names, without a word about what it does not.
    pub(crate) fn def_at(&self, base: &ast::Expr) -> Option<(Vec<Ident>, Def)> {
        let words = crate::check::service::words(base)?;
        let (first, rest) = words.split_first()?;
        if self.frame.find(&first.text).is_some() || self.taking(&first.text).is_some() {
            return None;
        }
        let mut def = self.module()?.scope.get(&first.text)?.def;
        for word in rest {
            let Def::Module(module) = def else { return None };
            def = scope::lookup(self.resolved.module(module)?, word).ok()?.def;
        }
        Some((words, def))
    }
}

/// What is known of an operation that a template takes, while nobody gives it: the worst.
fn unknown(taking: &Taking, params: &[(Name, Ty)], result: &Ty) -> OperationInfo {
    let param = |(name, ty): &(Name, Ty)| FieldInfo {
        name: name.clone(),
        doc: None,
        span: taking.span,
        ty: ty.clone(),
        rule: None,
    };
    OperationInfo {
        signature: Signature {
            name: taking.name.clone(),
            doc: None,
            span: taking.span,
            params: params.iter().map(param).collect(),
            result: result.clone(),
            fails: vec![(ANYTHING, taking.span)],
        },
        effect: EffectKind::Once,
        stream: false,
        way: Way::Http(Method::Post),
        overrides: Overrides::none(),
    }
}
