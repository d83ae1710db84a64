//! Finds what an expression calls, as a statement: an operation, or a flow.

use super::Error;
use crate::{
    ast::{self, Argument, ExprKind, Ident},
    check::{
        Checker,
        globals::{OperationInfo, Signature},
        service::Error as ServiceError,
    },
    resolve::{Def, scope},
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{FlowId, Name, OperationId, ServiceId};

/// A call of an operation or a flow, found; or the end of a task, which is awaited like one.
#[derive(Clone, Debug)]
pub(super) struct Called<'a> {
    pub(super) what: What,
    pub(super) title: String,
    pub(super) signature: Signature,
    pub(super) arguments: &'a [Argument],
    pub(super) name: Span,
    pub(super) span: Span,
}

/// What is called.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// An operation, with what is known of it.
    Operation(ServiceId, OperationId, Box<OperationInfo>),
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
        let ExprKind::Field(base, name) = &callee.kind else {
            return Found::Value;
        };
        let Some(service) = self.service_at(base) else {
            return Found::Value;
        };
        let Some(number) = self.operation_named(service, name) else {
            self.ignore(arguments);
            return Found::Bad;
        };
        let title = self.globals.services.get(service.index());
        let title = title.map_or_else(String::new, |info| format!("{}.{}", info.name, name.text));
        let Some(info) = self.globals.operation(service.0, number).cloned() else {
            return Found::Bad;
        };
        let signature = info.signature.clone();
        let (name, span) = (name.span, value.span);
        Found::Call(Box::new(Called {
            what: What::Operation(service, OperationId(number), Box::new(info)),
            title,
            signature,
            arguments,
            name,
            span,
        }))
    }

    /// The number of an operation; one that the service does not have is reported.
    pub(in crate::check) fn operation_named(&mut self, service: ServiceId, name: &Ident) -> Option<u32> {
        let info = self.globals.services.get(service.index())?;
        if let Some(number) = info.by_name.get(&name.text) {
            return Some(*number);
        }
        let known = info.operations.iter().map(|op| op.signature.name.as_str());
        let near = nearest(&name.text, known).map(Name::from);
        let (owner, operation, span) = (info.name.clone(), name.text.clone(), name.span);
        if let Some((name, place)) = self.streamed(service, &name.text) {
            self.report(ServiceError::ClientStream { name, span, place }.diagnostic());
            return None;
        }
        self.report(
            Error::UnknownOperation {
                operation,
                service: owner,
                span,
                near,
            }
            .diagnostic(),
        );
        None
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
    pub(super) fn def_at(&self, base: &ast::Expr) -> Option<(Vec<Ident>, Def)> {
        let words = crate::check::service::words(base)?;
        let (first, rest) = words.split_first()?;
        if self.frame.find(&first.text).is_some() {
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
