//! What a call gives to a template, and whether it fits.

use super::{Error, Given, Taken, Taking};
use crate::{
    ast::{self, Argument, ExprKind, Ident},
    check::{
        Checker, Ty,
        globals::{FieldInfo, OperationInfo, Signature},
        service::Error as ServiceError,
        ty::Coercion,
    },
    resolve::Def,
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{Name, OperationId, ServiceId, SubsetId};
use std::sync::Arc;

/// What stands for a parameter.
enum Answer {
    Given(Given),
    /// What a template takes itself, while it is checked.
    Open,
    /// Something wrong, which was reported.
    Bad,
}

impl<'a> Checker<'a> {
    /// What a call gives for everything that a template takes, in order; `Some(None)` while the caller is a template
    /// itself, of which nobody knows yet what it is given.
    pub(super) fn all_given(
        &mut self,
        signature: &Signature,
        arguments: &'a [Argument],
        site: Span,
    ) -> Option<Option<Vec<Given>>> {
        let mut given: Vec<(Name, Answer)> = Vec::new();
        for (at, param) in signature.params.iter().enumerate() {
            let Ty::Taken(taken) = &param.ty else { continue };
            let Some(value) = argument_for(param, at, arguments) else {
                // What is missing is told with all that is missing.
                self.arguments(&signature.name, &signature.params, arguments, site);
                return None;
            };
            let answer = match &**taken {
                Taken::Service => self.service_given(value, param),
                Taken::Subset(of) => self.subset_given(value, param, signature, of, &given),
                Taken::Operation { params, result } => self.operation_given(value, param, params, result),
            };
            given.push((param.name.clone(), answer));
        }
        if given.iter().any(|(_, answer)| matches!(answer, Answer::Bad)) {
            return None;
        }
        let all = given.into_iter().map(|(_, answer)| match answer {
            Answer::Given(given) => Some(given),
            Answer::Open | Answer::Bad => None,
        });
        Some(all.collect())
    }

    fn service_given(&mut self, value: &'a ast::Expr, param: &FieldInfo) -> Answer {
        if let Some(taking) = self
            .taken_by(value)
            .filter(|taking| *taking.taken == Taken::Service)
        {
            return self.passed_on(&taking, value.span);
        }
        match self.def_at(value) {
            Some((words, Def::Service(id))) => {
                self.path(&words);
                Answer::Given(Given::Service(ServiceId(id)))
            }
            _ => self.not_given(value, param),
        }
    }

    fn subset_given(
        &mut self,
        value: &'a ast::Expr,
        param: &FieldInfo,
        signature: &Signature,
        of: &Name,
        before: &[(Name, Answer)],
    ) -> Answer {
        let is_subset = |taking: &Taking| matches!(*taking.taken, Taken::Subset(_));
        if let Some(taking) = self.taken_by(value).filter(is_subset) {
            return self.passed_on(&taking, value.span);
        }
        let service = before.iter().find(|(name, _)| name == of);
        let ExprKind::Name(name) = &value.kind else {
            return self.not_given(value, param);
        };
        let service = match service {
            Some((_, Answer::Given(Given::Service(service)))) => *service,
            Some((_, Answer::Open)) => return self.not_given(value, param),
            _ => return Answer::Bad,
        };
        let name = Ident {
            text: name.clone(),
            span: value.span,
        };
        let subsets = self.subset_names(service);
        let Some(subset) = subsets.iter().position(|known| *known == name.text) else {
            return self.no_such_subset(&name, service, &subsets, param);
        };
        let subset = SubsetId(u32::try_from(subset).unwrap_or(u32::MAX));
        let given = Given::Subset(service, subset);
        let same_service = |name: &Name| {
            let mut params = signature.params.iter().filter(|param| param.name == *name);
            params.any(|param| matches!(&param.ty, Ty::Taken(taken) if **taken == Taken::Subset(of.clone())))
        };
        let twice = before.iter().find(
            |(name, answer)| matches!(answer, Answer::Given(known) if *known == given && same_service(name)),
        );
        if let Some((first, _)) = twice {
            let (first, span, declared) = (first.clone(), name.span, param.span);
            let (name, param) = (name.text, param.name.clone());
            let error = Error::SubsetTwice {
                name,
                param,
                first,
                span,
                declared,
            };
            self.report(error.diagnostic());
            return Answer::Bad;
        }
        Answer::Given(given)
    }

    fn no_such_subset(
        &mut self,
        name: &Ident,
        service: ServiceId,
        subsets: &[Name],
        param: &FieldInfo,
    ) -> Answer {
        let near = nearest(&name.text, subsets.iter().map(Name::as_str)).map(Name::from);
        let declared = self.resolved.declared(Def::Service(service.0));
        let declared = declared.map(|declared| declared.name.span).unwrap_or_default();
        let error = ServiceError::UnknownSubset {
            name: name.text.clone(),
            span: name.span,
            near,
            declared,
        };
        let shown = self.globals.show(&param.ty);
        let diagnostic = match subsets {
            [] => error
                .diagnostic()
                .help("name its addresses: `at v1: ...`, `at v2: ...`"),
            _ => error.diagnostic(),
        };
        self.report(diagnostic.and(param.span, format!("`{}` is `{shown}`", param.name)));
        Answer::Bad
    }

    fn operation_given(
        &mut self,
        value: &'a ast::Expr,
        param: &FieldInfo,
        params: &[(Name, Ty)],
        result: &Ty,
    ) -> Answer {
        let is_operation = |taking: &Taking| matches!(*taking.taken, Taken::Operation { .. });
        if let Some(taking) = self.taken_by(value).filter(is_operation) {
            let Taken::Operation {
                params: inner,
                result: gives,
            } = &*taking.taken
            else {
                return Answer::Bad;
            };
            let same = inner.len() == params.len()
                && inner
                    .iter()
                    .zip(params)
                    .all(|((_, a), (_, b))| self.globals.fits(b, a) == Some(Coercion::Same))
                && gives == result;
            return match same {
                true => self.passed_on(&taking, value.span),
                false => {
                    let why = "it is taken as something else here".to_owned();
                    self.does_not_fit(value, param, &taking.name, why, taking.span)
                }
            };
        }
        let found = match &value.kind {
            ExprKind::Field(base, name) => self.def_at(base).map(|(words, def)| (words, def, name)),
            _ => None,
        };
        let Some((words, Def::Service(service), name)) = found else {
            return self.not_given(value, param);
        };
        self.path(&words);
        let service = ServiceId(service);
        let Some(number) = self.operation_named(service, name) else {
            return Answer::Bad;
        };
        let Some(info) = self.globals.operation(service.0, number).cloned() else {
            return Answer::Bad;
        };
        let policy = self.policies.intern(&info.overrides);
        let kind = crate::check::FactKind::Operation(service, number, policy);
        self.facts.add(name.span, kind, Some(info.signature.span));
        match self.misfit(&info, params, result) {
            None => Answer::Given(Given::Operation(service, OperationId(number))),
            Some(why) => {
                let title: Name = self.slice(value.span).into();
                self.does_not_fit(value, param, &title, why, info.signature.span)
            }
        }
    }

    /// Why an operation cannot be called as it is taken; nothing if it can.
    fn misfit(&self, info: &OperationInfo, params: &[(Name, Ty)], result: &Ty) -> Option<String> {
        let show = |ty: &Ty| self.globals.show(ty);
        if info.stream {
            return Some("it answers with a stream".to_owned());
        }
        let actual = &info.signature.params;
        for (at, (name, ty)) in params.iter().enumerate() {
            let Some(own) = actual.get(at) else {
                return Some(format!("it has no parameter for `{name}`"));
            };
            if self.globals.fits(ty, &own.ty).is_none() {
                let (own_ty, ty) = (show(&own.ty), show(ty));
                return Some(format!(
                    "its `{}` is {own_ty}, and it is called with {ty}",
                    own.name
                ));
            }
        }
        let more = actual.iter().skip(params.len());
        let needed = more
            .filter(|param| !self.globals.unfold(&param.ty).is_optional())
            .map(|param| param.name.as_str());
        if let Some(needed) = needed.into_iter().next() {
            return Some(format!("it needs `{needed}` as well"));
        }
        let gives = &info.signature.result;
        let same = self.globals.fits(gives, result) == Some(Coercion::Same);
        let fits = same || *result == Ty::Unit || (*result == Ty::Json && *gives != Ty::Unit);
        (!fits).then(|| format!("it gives {}, and is to give {}", show(gives), show(result)))
    }

    fn does_not_fit(
        &mut self,
        value: &ast::Expr,
        param: &FieldInfo,
        operation: &Name,
        why: String,
        declared: Span,
    ) -> Answer {
        let error = Error::Unfit {
            operation: operation.clone(),
            param: param.name.clone(),
            ty: self.globals.show(&param.ty),
            why,
            span: value.span,
            declared,
            taken: param.span,
        };
        self.report(error.diagnostic());
        Answer::Bad
    }

    /// What the template that calls takes itself.
    fn taken_by(&self, value: &ast::Expr) -> Option<Taking> {
        match &value.kind {
            ExprKind::Name(name) => self.taking(name).cloned(),
            _ => None,
        }
    }

    fn passed_on(&mut self, taking: &Taking, span: Span) -> Answer {
        self.taking_met(taking, span);
        taking.given.map_or(Answer::Open, Answer::Given)
    }

    /// For the editor.
    pub(crate) fn taking_met(&mut self, taking: &Taking, span: Span) {
        let ty = Ty::Taken(Arc::clone(&taking.taken));
        let kind = crate::check::FactKind::Field(taking.name.clone(), ty);
        self.facts.add(span, kind, Some(taking.span));
    }

    fn not_given(&mut self, value: &ast::Expr, param: &FieldInfo) -> Answer {
        let error = Error::NotGiven {
            param: param.name.clone(),
            ty: self.globals.show(&param.ty),
            span: value.span,
            declared: param.span,
        };
        self.report(error.diagnostic());
        Answer::Bad
    }
}

/// The argument for a parameter, by its name or its place.
fn argument_for<'a>(param: &FieldInfo, at: usize, arguments: &'a [Argument]) -> Option<&'a ast::Expr> {
    let named = |argument: &&Argument| argument.name.as_ref().is_some_and(|name| name.text == param.name);
    let placed = || arguments.get(at).filter(|argument| argument.name.is_none());
    let found = arguments.iter().find(named).or_else(placed);
    found.map(|argument| &argument.value)
}
