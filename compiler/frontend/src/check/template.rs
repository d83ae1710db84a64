//! Flows that take what is no value: services, subsets of them and operations. Such a flow is a template.
//!
//! Its body is checked once with nothing given, which finds everything that can be wrong with it. For whatever a call
//! gives, a copy is made, a flow like any other, so that all that looks at whole programs sees who calls whom. A copy is
//! checked when those before it are, since what it calls may make more of them.

mod error;
mod give;

pub(crate) use error::Error;

use super::{
    Checker, Ty,
    globals::{FieldInfo, Signature},
    tree,
};
use crate::{
    ast::{self, Argument, ItemKind},
    lower,
    resolve::{Case, Declared, is_written},
};
use flowmesh_diagnostics::{Severity, SourceId, Span};
use flowmesh_ir::{ErrorId, FlowId, Name, OperationId, ServiceId, SubsetId};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// How many copies a program may have.
const COPIES_MAX: usize = 1_000;

/// What an operation that is taken may fail with, besides what every call may: anything.
pub(crate) const ANYTHING: ErrorId = ErrorId(u32::MAX);

/// What a template takes by one of its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// `service`
    Service,
    /// `subset of target`
    Subset(Name),
    /// `op(id: string) -> json`
    Operation {
        /// What it is called with.
        params: Vec<(Name, Ty)>,
        /// What it gives.
        result: Ty,
    },
}

/// What a call gives for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Given {
    Service(ServiceId),
    Subset(ServiceId, SubsetId),
    Operation(ServiceId, OperationId),
}

/// A parameter of the template at hand, and what is given for it in the copy at hand.
#[derive(Clone, Debug)]
pub(crate) struct Taking {
    pub(crate) name: Name,
    pub(crate) span: Span,
    pub(crate) taken: Arc<Taken>,
    /// Nothing while the template itself is checked.
    pub(crate) given: Option<Given>,
}

/// All copies of templates.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    made: Vec<Copy>,
    known: HashMap<(u32, Vec<Given>), usize>,
    /// How many of them were checked.
    checked: usize,
    /// Whether the body at hand asked for one.
    pub(crate) asked: bool,
}

#[derive(Clone, Debug)]
struct Copy {
    template: u32,
    given: Vec<Given>,
    flow: FlowId,
    /// The first call that needs it.
    site: Span,
}

/// The templates, looked at with nothing given.
pub(super) fn all(checker: &mut Checker<'_>) {
    let resolved = checker.resolved;
    for (at, (declared, item)) in checker.items(&resolved.tables.templates).into_iter().enumerate() {
        let ItemKind::Flow(flow) = &item.kind else {
            continue;
        };
        let Some(signature) = checker.globals.templates.get(at).cloned() else {
            continue;
        };
        checker.check_template(declared, flow, signature);
    }
    checker.copies();
}

/// The signatures of the templates.
pub(super) fn declare(checker: &mut Checker<'_>) {
    let resolved = checker.resolved;
    for (declared, item) in checker.items(&resolved.tables.templates) {
        let ItemKind::Flow(flow) = &item.kind else {
            continue;
        };
        checker.may_take = true;
        let params = checker.params(declared.module, &flow.params);
        checker.may_take = false;
        checker.subsets_of_services(&params, &flow.params);
        let result = flow.result.as_ref().map_or(Ty::Unit, |ty| checker.ty(ty));
        let fails = checker.fails(&flow.fails);
        let (name, span) = (declared.name.text.clone(), declared.name.span);
        let base = super::declare::signature(name, item.doc.clone(), span);
        checker.globals.templates.push(Signature {
            params,
            result,
            fails,
            ..base
        });
    }
}

impl<'a> Checker<'a> {
    /// `subset of target`: an earlier parameter is a service.
    fn subsets_of_services(&mut self, infos: &[FieldInfo], params: &[ast::Field]) {
        for (at, (info, param)) in infos.iter().zip(params).enumerate() {
            let (Ty::Taken(taken), ast::TypeKind::Subset(of)) = (&info.ty, &param.ty.kind) else {
                continue;
            };
            let is_service =
                |info: &FieldInfo| matches!(&info.ty, Ty::Taken(taken) if **taken == Taken::Service);
            let mut before = infos.iter().take(at);
            let known = before.any(|info| is_service(info) && info.name == of.text);
            if let (Taken::Subset(_), false) = (&**taken, known) {
                let services = infos.iter().filter(|info| is_service(info));
                let services: Vec<Name> = services.map(|info| info.name.clone()).collect();
                let (name, span) = (of.text.clone(), of.span);
                self.report(Error::SubsetOfNothing { name, span, services }.diagnostic());
            }
        }
    }

    /// What a flow takes that is no value.
    pub(crate) fn taken(&mut self, ty: &'a ast::Type) -> Ty {
        if !std::mem::take(&mut self.may_take) {
            self.report(Error::NoValue { span: ty.span }.diagnostic());
            return Ty::Bad;
        }
        let taken = match &ty.kind {
            ast::TypeKind::Subset(of) => Taken::Subset(of.text.clone()),
            ast::TypeKind::Operation(params, result) => {
                for param in params {
                    is_written(&param.name, Case::Snake, self.found);
                    if let Some(rule) = &param.rule {
                        let (span, ty) = (rule.span, param.ty.span);
                        self.report(Error::RuleOfOperation { span, ty }.diagnostic());
                    }
                }
                let infos = self.fields(params);
                Taken::Operation {
                    params: infos.into_iter().map(|info| (info.name, info.ty)).collect(),
                    result: result.as_ref().map_or(Ty::Unit, |ty| self.ty(ty)),
                }
            }
            _ => Taken::Service,
        };
        self.may_take = true;
        Ty::Taken(Arc::new(taken))
    }

    /// Checks a template with nothing given. What its body becomes is of no use.
    fn check_template(&mut self, declared: &'a Declared, flow: &'a ast::Flow, signature: Signature) {
        if let Some(trigger) = &flow.trigger {
            let (name, span) = (signature.name.clone(), trigger.span);
            self.report(Error::Triggered { name, span }.diagnostic());
        }
        let policies = self.policies.len();
        self.taking = taking(&signature, &[]);
        let made = self.made.len();
        self.flow(declared.module, flow, None, signature);
        self.taking.clear();
        self.made.truncate(made);
        self.policies.forget(policies);
    }

    /// The parameter of the template at hand by its name, unless something nearer has that name.
    pub(crate) fn taking(&self, name: &str) -> Option<&Taking> {
        let local = self.frame.find(name).is_some();
        let found = self.taking.iter().find(|taking| taking.name == name);
        found.filter(|_| !local)
    }

    /// The name of what is given, or of the parameter while nothing is.
    pub(crate) fn name_of_given(&self, taking: &Taking) -> String {
        let service = |id: ServiceId| {
            let service = self.globals.service(id);
            service
                .map(|service| service.name.to_string())
                .unwrap_or_default()
        };
        match taking.given {
            None => taking.name.to_string(),
            Some(Given::Service(id)) => service(id),
            Some(Given::Subset(id, subset)) => {
                let services = self.services.get(id.index());
                let subset = services.and_then(|service| service.subsets.get(subset.index()));
                subset.map(|subset| subset.name.to_string()).unwrap_or_default()
            }
            Some(Given::Operation(id, operation)) => {
                let info = self.globals.operation(id.0, operation.0);
                let name = info.map(|info| info.signature.name.as_str()).unwrap_or_default();
                format!("{}.{name}", service(id))
            }
        }
    }

    /// The copy of a template for what a call gives it; nothing if that is wrong, which was reported. While a template is
    /// checked there is no copy, and the number is of no flow.
    pub(crate) fn copy_of(&mut self, template: u32, arguments: &'a [Argument], site: Span) -> Option<FlowId> {
        let signature = self.globals.templates.get(template as usize)?.clone();
        let given = self.all_given(&signature, arguments, site)?;
        match given {
            Some(given) => self.copy(template, given, site),
            None => Some(FlowId(u32::MAX)),
        }
    }

    fn copy(&mut self, template: u32, given: Vec<Given>, site: Span) -> Option<FlowId> {
        self.copies.asked = true;
        let key = (template, given);
        match self.copies.known.get(&key) {
            Some(at) => Some(self.copies.made.get(*at)?.flow),
            None => self.new_copy(&key, site),
        }
    }

    fn new_copy(&mut self, key: &(u32, Vec<Given>), site: Span) -> Option<FlowId> {
        let (template, given) = (key.0, key.1.clone());
        if self.copies.made.len() >= COPIES_MAX {
            self.report(Error::TooManyCopies { span: site }.diagnostic());
            return None;
        }
        let signature = self.globals.templates.get(template as usize)?.clone();
        let flow = FlowId(u32::try_from(self.globals.flows.len()).ok()?);
        let name = self.name_of_copy(&signature, &given);
        self.globals.flows.push(Signature { name, ..signature });
        self.copies.known.insert(key.clone(), self.copies.made.len());
        self.copies.made.push(Copy {
            template,
            given,
            flow,
            site,
        });
        Some(flow)
    }

    /// `roll_out.shop.v1.v2`: no other flow has it, since no other is given the same.
    fn name_of_copy(&self, signature: &Signature, given: &[Given]) -> Name {
        let parts = taking(signature, given);
        let mut name = signature.name.to_string();
        for taking in &parts {
            name.push('.');
            name.push_str(&self.name_of_given(taking));
        }
        // Nothing that an author wrote has a dot in its name.
        let copies = self.copies.made.iter();
        let known = copies.filter_map(|copy| self.globals.flows.get(copy.flow.index()));
        let taken: HashSet<&Name> = known.map(|flow| &flow.name).collect();
        let free = (2..).map(|number| format!("{name}.{number}"));
        let mut all = std::iter::once(name.clone()).chain(free);
        let free = all.find(|name| !taken.contains(&Name::from(name.as_str())));
        free.unwrap_or(name).into()
    }

    /// The copies of a template.
    pub(crate) fn copies_of(&self, template: u32) -> Vec<FlowId> {
        let made = self.copies.made.iter();
        made.filter(|copy| copy.template == template)
            .map(|copy| copy.flow)
            .collect()
    }

    /// Checks the copies that were not checked yet, and those that these need.
    pub(crate) fn copies(&mut self) {
        while let Some(copy) = self.copies.made.get(self.copies.checked).cloned() {
            self.copies.checked = self.copies.checked.saturating_add(1);
            let Some((made, span)) = self.check_copy(&copy) else {
                continue;
            };
            let made = lower::flow(made, span);
            let part = format!("flow/{}", made.flow.name);
            self.origins.add_part(part.clone(), made.places);
            self.origins.add(&format!("{part}/given"), copy.site);
            self.flows.push(made.flow);
        }
    }

    fn check_copy(&mut self, copy: &Copy) -> Option<(tree::Flow, Span)> {
        let resolved = self.resolved;
        let declared = resolved.tables.templates.get(copy.template as usize)?;
        let item = resolved.item(declared)?;
        let ItemKind::Flow(flow) = &item.kind else {
            return None;
        };
        let signature = self.globals.flows.get(copy.flow.index()).cloned()?;
        self.taking = taking(&signature, &copy.given);
        let found = std::mem::take(self.found);
        // What stands there, the template has said.
        let only = self.facts.only.replace(SourceId(u32::MAX));
        let made = self.flow(declared.module, flow, item.doc.clone(), signature);
        self.facts.only = only;
        let inner = std::mem::replace(self.found, found);
        self.taking.clear();
        // A template is checked for the worst that can be given, so that there is nothing to say of a copy.
        let known: HashSet<_> = self.found.iter().map(|one| (one.span, one.code)).collect();
        let errors = inner.iter().filter(|one| one.severity == Severity::Error);
        let new: Vec<_> = errors
            .filter(|one| !known.contains(&(one.span, one.code)))
            .cloned()
            .collect();
        new.into_iter().for_each(|error| self.report(error));
        Some((made, item.span))
    }
}

/// What a template takes, in order, with what is given.
fn taking(signature: &Signature, given: &[Given]) -> Vec<Taking> {
    let params = signature.params.iter().filter_map(|param| match &param.ty {
        Ty::Taken(taken) => Some((param, taken)),
        _ => None,
    });
    let one = |(at, (param, taken)): (usize, (&FieldInfo, &Arc<Taken>))| Taking {
        name: param.name.clone(),
        span: param.span,
        taken: Arc::clone(taken),
        given: given.get(at).copied(),
    };
    params.enumerate().map(one).collect()
}
