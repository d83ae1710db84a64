//! Operations: what of their parameters goes where, and which status means which error.

use super::{
    Error, Overrides, Place,
    binding::{WORDS, Way},
    judge::Subject,
};
use crate::{
    ast::{self, ExprKind, Ident, Operation as Written, TextPart},
    check::{
        Checker, FactKind, Ty,
        declare::signature,
        frame::Kind,
        globals::{FieldInfo, OperationInfo, ServiceInfo, Signature},
    },
    resolve::{Def, ModuleId},
};
use flowmesh_diagnostics::nearest;
use flowmesh_ir::{
    Name, ServiceId, SlotId,
    expr::Expr,
    service::{Binding, EffectKind, Method, Operation, Piece},
    ty::Type,
};
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// The signature of an operation, its effect, and what holds for it.
    pub(super) fn declare_operation(
        &mut self,
        service: &ServiceInfo,
        module: ModuleId,
        operation: &'a Written,
    ) -> Arc<OperationInfo> {
        let params = self.params(module, &operation.params);
        let result = operation.result.as_ref().map_or(Ty::Unit, |ty| self.ty(ty));
        let fails = self.fails(&operation.fails);
        let own = self.overrides(&operation.settings, Place::Operation);
        let overrides = own.shared_over(&service.overrides);
        self.weighed(&own, &service.name, &service.addresses);
        let base = signature(
            operation.name.text.clone(),
            operation.doc.clone(),
            operation.name.span,
        );
        let keyed = operation
            .settings
            .iter()
            .any(|setting| setting.name.text == "key");
        let effect = effect(self.method_of(operation), keyed);
        let name = format!("{}.{}", service.name, operation.name.text).into();
        self.judge(
            &overrides,
            &own,
            &Subject {
                name,
                span: operation.name.span,
                effect,
            },
        );
        Arc::new(OperationInfo {
            signature: Signature {
                params,
                result,
                fails,
                ..base
            },
            effect,
            stream: operation.stream,
            way: Way::of(operation).unwrap_or(Way::Http(Method::Get)),
            overrides,
        })
    }

    fn method_of(&mut self, operation: &Written) -> Method {
        Way::of(operation).map(Way::method).unwrap_or_else(|| {
            let (name, span) = (operation.binding.text.clone(), operation.binding.span);
            let near = nearest(&name, WORDS).map(Name::from);
            self.report(Error::Binding { name, span, near }.diagnostic());
            Method::Get
        })
    }

    /// The operation as the program has it.
    pub(super) fn operation(
        &mut self,
        service: ServiceId,
        at: u32,
        module: ModuleId,
        operation: &'a Written,
    ) -> Option<Operation> {
        let info = Arc::clone(self.globals.operation(service.0, at)?);
        let owner = self.globals.service(service)?.name.clone();
        let policy = self.policies.intern(&info.overrides);
        let kind = FactKind::Operation(service, at, policy);
        self.facts
            .add(operation.name.span, kind, Some(operation.name.span));
        let way = Way::of(operation);
        let method = way.map_or(Method::Get, Way::method);
        let idents: Vec<&Ident> = operation.params.iter().map(|param| &param.name).collect();
        let title = format!("{owner}.{}", operation.name.text);
        let (parts, _) = self.within(module, Kind::Operation, |checker| {
            checker.declare_params(&idents, &info.signature.params);
            checker.distribute(&title, method, operation, &info.signature.params)
        });
        let result = self.border(&info.signature.result, &format!("{title}.result"))?;
        Some(Operation {
            name: operation.name.text.clone(),
            doc: operation.doc.clone(),
            params: info.signature.params.iter().map(FieldInfo::ir).collect(),
            result,
            stream: self.stream(way, module, operation, &info),
            binding: parts.binding,
            fails: info.signature.fails.iter().map(|(id, _)| *id).collect(),
            method,
            path: parts.path,
            address: parts.address,
            query: parts.query,
            body: parts.body,
            headers: parts.headers,
            secret_headers: parts.secret_headers,
            key: parts.key,
            on: self.on(module, operation, &info),
            policy,
            effect: info.effect,
        })
    }

    /// Path first, then headers and an explicit body; what is left goes into the query or the body.
    fn distribute(
        &mut self,
        title: &str,
        method: Method,
        operation: &'a Written,
        params: &[FieldInfo],
    ) -> Parts {
        let local = Way::of(operation).is_some_and(Way::is_local);
        let (address, in_address) = match local {
            true => Default::default(),
            false => self.filled(operation, params),
        };
        self.frame.touched.clear();
        let (path, binding) = match Way::of(operation) {
            None | Some(Way::Http(_)) => (self.path_pieces(operation), Binding::Http),
            Some(way) => (Vec::new(), self.bound_by(way, operation)),
        };
        let setting = |name: &str| {
            operation
                .settings
                .iter()
                .find(|setting| setting.name.text == name)
        };
        let (headers, secret_headers) = setting("headers")
            .map(|setting| self.headers(&setting.value))
            .unwrap_or_default();
        let mut query = setting("query")
            .map(|setting| self.query(&setting.value))
            .unwrap_or_default();
        let bodiless = matches!(
            method,
            Method::Get | Method::Head | Method::Delete | Method::Options
        );
        let mut body = setting("body").and_then(|setting| {
            if bodiless {
                let (method, span) = (method.as_str(), setting.name.span);
                let no_body = Error::BodyOfGet { method, span }.diagnostic();
                self.report(no_body.fix("leave it out", span.to(setting.value.span), ""));
            }
            // A process or a worker would be told.
            self.frame.sent = !local;
            let body = self.body(title, &setting.value);
            self.frame.sent = false;
            body
        });
        let mut sent = std::mem::take(&mut self.frame.touched);
        // An address that takes a field takes only that; where there is a body, the rest is still to be sent.
        let whole = in_address.iter().filter(|(_, whole)| *whole || bodiless);
        sent.extend(whole.map(|(slot, _)| *slot));
        let key = setting("key").map(|setting| self.key(&setting.value));
        let in_key = std::mem::take(&mut self.frame.touched);
        let left: Vec<(SlotId, &FieldInfo)> = (0u32..)
            .map(SlotId)
            .zip(params)
            .filter(|(slot, _)| !sent.contains(slot))
            .collect();
        if setting("body").is_some() {
            // What only makes the key is sent too, as the header `Idempotency-Key`.
            let in_address = |slot: &SlotId| in_address.iter().any(|(taken, _)| taken == slot);
            for (_, param) in left
                .iter()
                .filter(|(slot, _)| !in_key.contains(slot) && !in_address(slot))
            {
                self.report(
                    Error::SentNowhere {
                        name: param.name.clone(),
                        span: param.span,
                    }
                    .diagnostic(),
                );
            }
        } else if bodiless {
            query.extend(
                left.iter()
                    .map(|(slot, param)| (param.name.clone(), self.query_value(*slot, param))),
            );
        } else if !left.is_empty() {
            let fields = left.iter().map(|(_, param)| FieldInfo::ir(param)).collect();
            let ty = self.make(&format!("{title}.body"), fields);
            let record = left
                .iter()
                .map(|(slot, param)| (param.name.clone(), Expr::Slot(*slot)))
                .collect();
            body = Some((Expr::Record(record), ty));
        }
        Parts {
            path,
            address,
            binding,
            query,
            body,
            headers,
            secret_headers,
            key,
        }
    }

    fn path_pieces(&mut self, operation: &'a Written) -> Vec<Piece> {
        let ExprKind::Text(parts) = &operation.path.kind else {
            if !matches!(operation.path.kind, ExprKind::Bad) {
                self.report(
                    Error::Path {
                        span: operation.path.span,
                    }
                    .diagnostic(),
                );
            }
            return Vec::new();
        };
        if !matches!(parts.first(), Some(TextPart::Literal(text)) if text.starts_with('/')) {
            self.report(
                Error::Path {
                    span: operation.path.span,
                }
                .diagnostic(),
            );
        }
        let mut pieces = Vec::with_capacity(parts.len());
        for part in parts {
            pieces.push(match part {
                TextPart::Literal(text) => Piece::Literal(text.clone()),
                TextPart::Expr(expr) => Piece::Value(self.path_value(expr, operation)),
            });
        }
        pieces
    }

    pub(super) fn path_value(&mut self, expr: &'a ast::Expr, operation: &Written) -> Expr {
        if let ExprKind::Name(name) = &expr.kind
            && self.frame.find(name).is_none()
            && !matches!(name.as_str(), "run")
            && !matches!(
                self.entry(name).map(|entry| entry.def),
                Some(Def::Config(_) | Def::Secret(_))
            )
        {
            let params = operation.params.iter().map(|param| param.name.text.as_str());
            let near = nearest(name, params).map(Name::from);
            let declared = operation.name.span;
            self.report(
                Error::NoSuchParam {
                    name: name.clone(),
                    span: expr.span,
                    declared,
                    near,
                }
                .diagnostic(),
            );
            return Self::hole();
        }
        let typed = self.expr(expr, None);
        self.textual(typed, expr.span)
    }

    fn body(&mut self, title: &str, value: &'a ast::Expr) -> Option<(Expr, Type)> {
        let typed = self.expr(value, None);
        let ty = self.border(&typed.ty, &format!("{title}.body"));
        let partly_bad = matches!(&typed.ty, Ty::Record(fields) if fields.iter().any(|(_, ty)| ty.is_bad()));
        if ty.is_none() && !typed.ty.is_bad() && !partly_bad {
            self.mismatch(&typed.ty, &Ty::Json, value.span);
        }
        Some((typed.expr, ty?))
    }

    /// A key is a text; numbers are written as one.
    pub(crate) fn key(&mut self, value: &'a ast::Expr) -> Expr {
        let typed = self.expr(value, None);
        match self.globals.unfold(&typed.ty) {
            Ty::String | Ty::Url | Ty::Bad => typed.expr,
            Ty::Int => Expr::Text(vec![typed.expr]),
            _ => {
                let ty = self.globals.show(&typed.ty);
                self.report(Error::Key { ty, span: value.span }.diagnostic());
                Self::hole()
            }
        }
    }

    /// What holds for one call, with its overrides.
    pub(crate) fn call_policy(
        &mut self,
        with: &Arc<Overrides>,
        base: &Arc<Overrides>,
        subject: &Subject,
    ) -> flowmesh_ir::PolicyId {
        let merged = with.shared_over(base);
        self.judge(&merged, with, subject);
        self.policies.intern(&merged)
    }
}

/// Where the parameters of an operation go.
struct Parts {
    path: Vec<Piece>,
    address: Vec<Expr>,
    binding: Binding,
    query: Vec<(Name, Expr)>,
    body: Option<(Expr, Type)>,
    headers: Vec<(Name, Expr)>,
    secret_headers: Vec<(Name, Expr)>,
    key: Option<Expr>,
}

pub(super) fn header_name(written: &Ident) -> Name {
    written.text.replace('_', "-").to_lowercase().into()
}

fn effect(method: Method, keyed: bool) -> EffectKind {
    match method {
        Method::Get | Method::Head | Method::Options => EffectKind::Read,
        Method::Put | Method::Delete => EffectKind::Idempotent,
        Method::Post | Method::Patch if keyed => EffectKind::Keyed,
        Method::Post | Method::Patch => EffectKind::Once,
    }
}
