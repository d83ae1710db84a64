//! Moving traffic between the subsets of a service, from within a flow.

use super::Beside;
use crate::{
    ast::{self, ExprKind, Ident},
    check::{
        Checker, Ty,
        service::{Error as ServiceError, whole},
        template::{Error as TemplateError, Given, Taken, Taking},
        tree::{Kind, Shift, Statement},
    },
    resolve::Def,
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{Name, ServiceId, SubsetId, Value, expr::Expr};
use std::collections::HashSet;

impl<'a> Checker<'a> {
    /// `shift payments { v1: 75%, v2: 25% }`
    pub(super) fn shift(
        &mut self,
        span: Span,
        service: &'a Ident,
        weights: &'a [(Ident, ast::Expr)],
        out: &mut Vec<Statement>,
    ) {
        if let Some(taking) = self.taking(&service.text).cloned() {
            return self.shift_taken(span, service, &taking, weights, out);
        }
        let found = self.shifted_service(service);
        let subsets = found.map(|(id, _)| self.subset_names(id)).unwrap_or_default();
        if let Some((_, declared)) = found.filter(|_| subsets.is_empty()) {
            let (name, span) = (service.text.clone(), service.span);
            self.report(Beside::NoSubsets { name, span, declared }.diagnostic());
        }
        let mut seen: HashSet<&Name> = HashSet::new();
        let mut made = Vec::with_capacity(weights.len());
        for (name, weight) in weights {
            let weight = self.weight(name, weight);
            if !seen.insert(&name.text) {
                let (name, span) = (name.text.clone(), name.span);
                self.report(ServiceError::SettingTwice { name, span }.diagnostic());
            } else if !subsets.is_empty() {
                let declared = found.map(|(_, declared)| declared).unwrap_or_default();
                let subset = self.subset_of(name, &subsets, declared);
                made.extend(subset.zip(weight));
            }
        }
        if made.len() == weights.len() {
            let places = weights.iter().map(|(_, weight)| weight.span).collect();
            self.add_up(&made, span, places);
        }
        let Some((service_id, _)) = found else { return };
        let shift = Shift {
            name: service.text.clone(),
            service: service_id,
            weights: made,
        };
        self.push(out, span, Kind::Shift(Box::new(shift)));
    }

    /// `shift target { from: 75%, to: 25% }`, of a service and subsets that the template at hand takes.
    fn shift_taken(
        &mut self,
        span: Span,
        service: &Ident,
        taking: &Taking,
        weights: &'a [(Ident, ast::Expr)],
        out: &mut Vec<Statement>,
    ) {
        self.taking_met(taking, service.span);
        if *taking.taken != Taken::Service {
            let (name, kind, span) = (service.text.clone(), None, service.span);
            let near = None;
            self.report(
                Beside::NotAService {
                    name,
                    kind,
                    span,
                    near,
                }
                .diagnostic(),
            );
            return;
        }
        let of_it = |known: &Taking| matches!(&*known.taken, Taken::Subset(of) if *of == taking.name);
        let subsets: Vec<Taking> = self.taking.iter().filter(|known| of_it(known)).cloned().collect();
        let names: Vec<Name> = subsets.iter().map(|known| known.name.clone()).collect();
        let mut seen: HashSet<&Name> = HashSet::new();
        let mut made = Vec::with_capacity(weights.len());
        for (name, weight) in weights {
            let weight = self.weight(name, weight);
            if !seen.insert(&name.text) {
                let (name, span) = (name.text.clone(), name.span);
                self.report(ServiceError::SettingTwice { name, span }.diagnostic());
                continue;
            }
            let Some(known) = subsets.iter().find(|known| known.name == name.text) else {
                let near = nearest(&name.text, names.iter().map(Name::as_str)).map(Name::from);
                let (name, service, span) = (name.text.clone(), service.text.clone(), name.span);
                let error = TemplateError::NotTaken {
                    name,
                    service,
                    span,
                    near,
                };
                self.report(error.diagnostic());
                continue;
            };
            self.taking_met(known, name.span);
            let subset = match known.given {
                Some(Given::Subset(_, subset)) => subset,
                _ => SubsetId(u32::MAX),
            };
            made.extend(weight.map(|weight| (subset, weight)));
        }
        if made.len() == weights.len() {
            let places = weights.iter().map(|(_, weight)| weight.span).collect();
            self.add_up(&made, span, places);
        }
        let Some(Given::Service(id)) = taking.given else {
            return;
        };
        let shift = Shift {
            name: self.name_of_given(taking).into(),
            service: id,
            weights: made,
        };
        self.push(out, span, Kind::Shift(Box::new(shift)));
    }

    fn shifted_service(&mut self, service: &Ident) -> Option<(ServiceId, Span)> {
        match self.path(std::slice::from_ref(service)) {
            Some(Def::Service(id)) => {
                let declared = self.resolved.declared(Def::Service(id));
                let span = declared.map(|declared| declared.name.span).unwrap_or_default();
                Some((ServiceId(id), span))
            }
            Some(other) => {
                let (name, kind, span) = (service.text.clone(), Some(other.kind()), service.span);
                let error = Beside::NotAService {
                    name,
                    kind,
                    span,
                    near: None,
                };
                self.report(error.diagnostic());
                None
            }
            None => {
                let scope = self.module().into_iter().flat_map(|module| &module.scope);
                let services = scope.filter(|(_, entry)| matches!(entry.def, Def::Service(_)));
                let mut known: Vec<&str> = services.map(|(name, _)| name.as_str()).collect();
                known.sort_unstable();
                let near = nearest(&service.text, known).map(Name::from);
                let (name, span) = (service.text.clone(), service.span);
                let error = Beside::NotAService {
                    name,
                    kind: None,
                    span,
                    near,
                };
                self.report(error.diagnostic());
                None
            }
        }
    }

    pub(crate) fn subset_names(&self, id: ServiceId) -> Vec<Name> {
        let subsets = self.services.get(id.index()).map(|service| &service.subsets);
        let named = subsets.into_iter().flatten().map(|subset| subset.name.clone());
        named.filter(|name| !name.is_empty()).collect()
    }

    fn subset_of(&mut self, name: &Ident, subsets: &[Name], declared: Span) -> Option<SubsetId> {
        let at = subsets.iter().position(|subset| *subset == name.text);
        if at.is_none() {
            let near = nearest(&name.text, subsets.iter().map(Name::as_str)).map(Name::from);
            let (name, span) = (name.text.clone(), name.span);
            let error = ServiceError::UnknownSubset {
                name,
                span,
                near,
                declared,
            };
            self.report(error.diagnostic());
        }
        at.and_then(|at| u32::try_from(at).ok()).map(SubsetId)
    }

    fn weight(&mut self, name: &Ident, weight: &'a ast::Expr) -> Option<Expr> {
        let ExprKind::Percent(percent) = &weight.kind else {
            return Some(self.against(weight, &Ty::Int));
        };
        let known = whole(*percent, 100);
        if known.is_none() {
            let (name, span) = (name.text.clone(), weight.span);
            self.report(ServiceError::Weight { name, span }.diagnostic());
        }
        known.map(|percent| Expr::Constant(Value::Int(i64::from(percent))))
    }

    /// Weights that are all known now add up to 100.
    fn add_up(&mut self, weights: &[(SubsetId, Expr)], span: Span, parts: Vec<Span>) {
        let known = weights.iter().map(|(_, weight)| match weight {
            Expr::Constant(Value::Int(weight)) => u32::try_from(*weight).ok(),
            _ => None,
        });
        let sum = known.collect::<Option<Vec<u32>>>();
        let sum = sum.map(|all| all.into_iter().fold(0, u32::saturating_add));
        if let Some(sum) = sum.filter(|sum| *sum != 100) {
            self.report(ServiceError::Weights { sum, span, parts }.diagnostic());
        }
    }
}
