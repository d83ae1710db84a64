//! Services and policies: what their settings say, merged field by field, and whether it can work.
//!
//! [`setting`] is the table of all settings, [`policy`] reads those of policies and merges them, `judge` looks at what
//! comes out, `operation`, `route`, `address` and `zone` read the rest of a service.

pub(crate) mod address;
mod auth;
mod balance;
mod binding;
mod contract;
pub(crate) mod error;
pub(crate) mod judge;
mod onward;
mod operation;
mod policies;
mod policy;
mod retry;
mod route;
mod sampling;
mod sent;
pub(crate) mod setting;
mod status;
mod template;
mod traffic;
pub(crate) mod value;
pub(crate) mod words;
mod zone;

pub(crate) use policies::{Known as KnownPolicy, Policies};
pub(crate) use policy::Overrides;

use super::{
    Checker,
    globals::{OperationInfo, ServiceInfo},
};
use crate::{
    ast::{self, Ident, ItemKind, Setting},
    resolve::{Declared, Def},
    workspace::Served,
};
pub(crate) use binding::Way;
pub(crate) use error::Error;
pub(crate) use retry::whole;

use flowmesh_diagnostics::nearest;
use flowmesh_ir::{
    Name, ServiceId,
    program::Places,
    service::{Service, Subset},
};
use setting::Place;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Policies first, since services name them; then what each service declares; then its bodies.
pub(super) fn all(checker: &mut Checker<'_>) {
    let resolved = checker.resolved;
    for (at, (declared, item)) in (0u32..).zip(checker.items(&resolved.tables.policies)) {
        let ItemKind::Policy { settings, .. } = &item.kind else {
            continue;
        };
        checker.frame.module = declared.module;
        let overrides = checker.declaring(Def::Policy(at), |checker| {
            checker.overrides(settings, Place::Policy)
        });
        checker.globals.policies.push(overrides);
    }
    let mut taken = crate::check::Taken::default();
    let services = checker.items(&resolved.tables.services);
    for (at, (declared, item)) in (0u32..).zip(&services) {
        let ItemKind::Service(service) = &item.kind else {
            continue;
        };
        let name = checker.unique(&mut taken, declared);
        let info = checker.head_again(
            Def::Service(at),
            (declared.module, declared.item),
            |memo| &mut memo.services_outside,
            |checker| declare(checker, declared, service, name),
        );
        checker.globals.services.push(info);
    }
    checker.ahead(&resolved.tables.services, |memo| &mut memo.services, one);
    for (at, declared) in resolved.tables.services.iter().enumerate() {
        let made = checker.again(
            (declared.module, declared.item),
            |memo| &mut memo.services,
            |checker| one(checker, at, declared),
        );
        let Some(made) = made else { continue };
        let name = &made.service.name;
        checker.origins.add_part(format!("service/{name}"), made.places);
        checker.origins.add_part(format!("said/{name}"), made.said);
        checker.services.push(made.service);
    }
}

fn declare<'a>(
    checker: &mut Checker<'a>,
    declared: &Declared,
    service: &'a ast::Service,
    name: Name,
) -> Arc<ServiceInfo> {
    checker.frame.module = declared.module;
    checker.subsets = service
        .at
        .iter()
        .map(|at| {
            at.subset
                .as_ref()
                .map_or_else(Name::default, |subset| subset.text.clone())
        })
        .collect();
    let overrides = checker.overrides(&service.settings, Place::Service);
    let addresses = service.at.iter().map(|at| match &at.value.kind {
        ast::ExprKind::List(items) => (items.len(), at.value.span),
        _ => (1, at.value.span),
    });
    let addresses: Vec<_> = addresses.collect();
    checker.weighed(&overrides, &name, &addresses);
    let mut info = ServiceInfo {
        name,
        overrides,
        addresses,
        operations: Vec::new(),
        by_name: HashMap::new(),
    };
    for (module, operation) in checker.resolved.operations(declared, service) {
        let number = u32::try_from(info.operations.len()).unwrap_or(u32::MAX);
        if let Some(first) = info.by_name.get(&operation.name.text) {
            let first = info
                .operations
                .get(*first as usize)
                .map(|first: &Arc<OperationInfo>| first.signature.span);
            checker.twice(
                operation.name.text.clone(),
                operation.name.span,
                first.unwrap_or_default(),
            );
        } else {
            info.by_name.insert(operation.name.text.clone(), number);
        }
        let declared = checker.declare_operation(&info, module, operation);
        info.operations.push(declared);
    }
    checker.subsets.clear();
    Arc::new(info)
}

fn one(checker: &mut Checker<'_>, at: usize, declared: &Declared) -> Option<Served> {
    let item = checker.resolved.item(declared)?;
    let ItemKind::Service(service) = &item.kind else {
        return None;
    };
    let id = ServiceId(u32::try_from(at).ok()?);
    body(checker, id, declared, item, service)
}

fn body<'a>(
    checker: &mut Checker<'a>,
    id: ServiceId,
    declared: &Declared,
    item: &'a ast::Item,
    service: &'a ast::Service,
) -> Option<Served> {
    checker.frame.module = declared.module;
    let info = Arc::clone(checker.globals.service(id)?);
    let written = checker.resolved.operations(declared, service);
    let reached: Vec<&'a ast::Operation> = written
        .iter()
        .map(|(_, operation)| *operation)
        .filter(|operation| !binding::Way::of(operation).is_some_and(binding::Way::is_local))
        .collect();
    let subsets = checker.subsets(service, &reached);
    let routes = checker.routes(service, &subsets);
    let auth = service
        .settings
        .iter()
        .find(|setting| setting.name.text == "auth");
    let auth = auth.and_then(|setting| checker.auth(&setting.value));
    let policy = checker.policies.intern(&info.overrides);
    let mut operations = Vec::with_capacity(service.operations.len());
    for (at, (module, operation)) in (0u32..).zip(written) {
        operations.extend(checker.operation(id, at, module, operation));
    }
    let address_params = checker.address_params();
    checker.taken.clear();
    let described = checker.resolved.described(declared);
    if let Some(described) = described {
        checker.hold_to_document(id, service, described, &operations);
    }
    let (places, said) = places(&info, item, service);
    let made = Service {
        name: info.name.clone(),
        doc: item.doc.clone(),
        subsets,
        address_params,
        routes,
        policy,
        auth,
        operations,
        descriptors: described.and_then(|described| described.descriptors.clone()),
    };
    Some(Served {
        service: Arc::new(made),
        places: Arc::new(places),
        said: Arc::new(said),
    })
}

/// Where the parts of a service stand, and where it was said what holds for its operations.
fn places(info: &ServiceInfo, item: &ast::Item, service: &ast::Service) -> (Places, Places) {
    let whole = |setting: &Setting| setting.name.span.to(setting.value.span);
    let mut places = Places::from([(String::new(), item.span)]);
    for setting in &service.settings {
        places.insert(format!("@{}", setting.name.text), whole(setting));
    }
    for at in &service.at {
        let subset = at
            .subset
            .as_ref()
            .map_or_else(String::new, |subset| format!(" {}", subset.text));
        places.insert(format!("@at{subset}"), at.span.to(at.value.span));
    }
    if let Some(route) = &service.route {
        places.insert("@route".to_owned(), route.span);
    }
    for operation in &service.operations {
        let path = format!("/{}", operation.name.text);
        for setting in &operation.settings {
            places.insert(format!("{path}@{}", setting.name.text), whole(setting));
        }
        places.insert(path, operation.span);
    }
    let mut said = Places::new();
    for (operation, known) in service.operations.iter().zip(&info.operations) {
        for (setting, span) in known.overrides.places() {
            said.insert(format!("/{}/{setting}", operation.name.text), span);
        }
    }
    (places, said)
}

impl<'a> Checker<'a> {
    /// The subsets of a service, in order.
    fn subsets(&mut self, service: &'a ast::Service, operations: &[&'a ast::Operation]) -> Vec<Subset> {
        if service.at.is_empty() && is_local(service) {
            return vec![Subset {
                name: Name::default(),
                addresses: Vec::new(),
                zones: Vec::new(),
            }];
        }
        if service.at.is_empty() {
            let (name, span) = (service.name.text.clone(), service.name.span);
            self.report(Error::NoAddress { name, span }.diagnostic());
        }
        let named = service.at.iter().any(|at| at.subset.is_some());
        let mut subsets: Vec<Subset> = Vec::with_capacity(service.at.len());
        for at in &service.at {
            let name = at
                .subset
                .as_ref()
                .map_or_else(Name::default, |subset| subset.text.clone());
            let span = at.subset.as_ref().map_or(at.span, |subset| subset.span);
            if named && at.subset.is_none() {
                self.report(Error::UnnamedSubset { span }.diagnostic());
            } else if subsets.iter().any(|subset| subset.name == name) {
                self.report(
                    Error::SettingTwice {
                        name: format!("at {name}").trim_end().into(),
                        span,
                    }
                    .diagnostic(),
                );
            }
            let (addresses, zones) = (self.addresses(at, operations), self.zones(at));
            subsets.push(Subset {
                name,
                addresses,
                zones,
            });
        }
        subsets
    }

    /// The policy that a setting names.
    fn policy_named(&mut self, value: &'a ast::Expr) -> Option<Arc<Overrides>> {
        let words = words(value);
        let def = words.as_deref().and_then(|words| self.path(words));
        if let Some(Def::Policy(id)) = def {
            return self.globals.policy(id).cloned();
        }
        let scope = self.module().into_iter().flat_map(|module| &module.scope);
        let policies = scope.filter(|(_, entry)| matches!(entry.def, Def::Policy(_)));
        let mut known: Vec<&str> = policies.map(|(name, _)| name.as_str()).collect();
        known.sort_unstable();
        let name = self.slice(value.span);
        let near = nearest(&name, known).map(Name::from);
        self.report(
            Error::UnknownPolicy {
                name,
                span: value.span,
                near,
            }
            .diagnostic(),
        );
        None
    }

    /// Settings that may stand only once do.
    pub(crate) fn settings_once(&mut self, settings: &'a [Setting]) {
        let mut seen = HashSet::new();
        for setting in settings {
            if !seen.insert(&setting.name.text) {
                let (name, span) = (setting.name.text.clone(), setting.name.span);
                self.report(Error::SettingTwice { name, span }.diagnostic());
            }
        }
    }
}

/// Whether all of its operations are reached without an address.
fn is_local(service: &ast::Service) -> bool {
    let local = |operation| binding::Way::of(operation).is_some_and(binding::Way::is_local);
    !service.operations.is_empty() && service.operations.iter().all(local)
}

/// The words of `a.b.c`.
pub(crate) fn words(expr: &ast::Expr) -> Option<Vec<Ident>> {
    let mut words = Vec::new();
    let mut at = expr;
    loop {
        match &at.kind {
            ast::ExprKind::Name(name) => {
                words.push(Ident {
                    text: name.clone(),
                    span: at.span,
                });
                words.reverse();
                return Some(words);
            }
            ast::ExprKind::Field(base, field) => {
                words.push(field.clone());
                at = base;
            }
            _ => return None,
        }
    }
}
