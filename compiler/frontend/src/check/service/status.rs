//! Which status means which error.

use super::{Error, binding::Way};
use crate::{
    ast::{self, ExprKind, Operation as Written},
    check::{Checker, frame::Kind, globals::OperationInfo},
    resolve::ModuleId,
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{ErrorId, Name, expr::Raise, grpc, service::OnStatus};
use std::collections::{HashMap, HashSet};

impl<'a> Checker<'a> {
    pub(crate) fn on(
        &mut self,
        module: ModuleId,
        operation: &'a Written,
        info: &OperationInfo,
    ) -> Vec<OnStatus> {
        let way = info.way;
        let (_, expected) = way.statuses();
        let by_number = matches!(way, Way::Http(_) | Way::Worker);
        let mut seen: HashMap<u16, Span> = HashMap::new();
        let mut meant = HashSet::new();
        let mut made = Vec::with_capacity(operation.on.len());
        for on in &operation.on {
            let Some(status) = way.status(&on.status) else {
                let span = on.status.span;
                let near = match &on.status.kind {
                    ExprKind::Name(name) if way == Way::Grpc => {
                        nearest(name, grpc::STATUSES.into_iter().skip(1))
                    }
                    _ => None,
                };
                let near = near.map(Name::from);
                self.report(
                    Error::Status {
                        span,
                        expected,
                        http: by_number,
                        near,
                    }
                    .diagnostic(),
                );
                continue;
            };
            if let Some(first) = seen.insert(status, on.status.span) {
                self.report(
                    Error::StatusTwice {
                        status,
                        span: on.status.span,
                        first,
                    }
                    .diagnostic()
                    .fix("remove it", on.span, ""),
                );
            }
            let (raise, _) = self.within(module, Kind::Reply, |checker| {
                checker.frame.by_grpc = way == Way::Grpc;
                checker.raise(&on.value)
            });
            let Some(raise) = raise else { continue };
            meant.insert(raise.error);
            if !info.signature.fails.iter().any(|(id, _)| *id == raise.error) {
                let error = self
                    .globals
                    .error(raise.error)
                    .map(|error| error.name.clone())
                    .unwrap_or_default();
                let (name, span, declared) =
                    (operation.name.text.clone(), on.value.span, operation.name.span);
                self.report(
                    Error::OnUndeclared {
                        error,
                        name,
                        span,
                        declared,
                    }
                    .diagnostic(),
                );
            }
            made.push(OnStatus { status, raise });
        }
        for (id, span) in info.signature.fails.iter().filter(|(id, _)| !meant.contains(id)) {
            let error = self
                .globals
                .error(*id)
                .map(|error| error.name.clone())
                .unwrap_or_default();
            let (status, span) = (way.example(), *span);
            self.report(Error::NeverMeant { error, status, span }.diagnostic());
        }
        made
    }

    /// An error with its arguments: `Declined(reason: "...")`, or `Declined` alone.
    pub(crate) fn raise(&mut self, value: &'a ast::Expr) -> Option<Raise> {
        let (callee, arguments): (&ast::Expr, &'a [ast::Argument]) = match &value.kind {
            ExprKind::Call(callee, arguments) => (callee, arguments),
            ExprKind::Bad => return None,
            _ => (value, &[]),
        };
        let found = super::words(callee).and_then(|words| match words.as_slice() {
            [word] => self.error_named(word),
            words => match self.path(words) {
                Some(crate::resolve::Def::Error(id)) => Some(ErrorId(id)),
                _ => None,
            },
        });
        let Some(error) = found else {
            if super::words(callee).is_none_or(|words| words.len() > 1) {
                self.report(Error::NotAFailure { span: callee.span }.diagnostic());
            }
            self.ignore(arguments);
            return None;
        };
        let (name, params) = self
            .globals
            .error(error)
            .map(|info| (info.name.clone(), info.params.clone()))?;
        let fields = self.arguments(&name, &params, arguments, value.span);
        Some(Raise { error, fields })
    }
}
