//! Services: addresses, routes that always lead somewhere, operations that can be sent.

use super::{
    At as _, Invalid, distinct, ensure,
    expr::{Scope, Surroundings},
    in_range,
    policy::status,
    types::{fields, rules, ty},
};
use crate::{
    PolicyId, Program, address,
    expr::Expr,
    service::{Auth, Binding, EffectKind, Method, Operation, Piece, Route, Service},
};

pub(super) fn check(program: &Program, heights: &[usize]) -> Result<(), Invalid> {
    distinct(
        "services",
        program.services.iter().map(|service| service.name.as_str()),
    )?;
    for service in &program.services {
        self::service(program, heights, service).at(|| format!("service {}", service.name))?;
        for operation in &service.operations {
            self::operation(program, heights, service, operation)
                .at(|| format!("operation {}.{}", service.name, operation.name))?;
        }
    }
    Ok(())
}

/// Checks that a policy exists.
pub(super) fn policy(program: &Program, id: PolicyId) -> Result<(), Invalid> {
    in_range("policy", id.index(), program.policies.len())
}

fn service(program: &Program, heights: &[usize], service: &Service) -> Result<(), Invalid> {
    policy(program, service.policy)?;
    distinct(
        "subsets",
        service.subsets.iter().map(|subset| subset.name.as_str()),
    )?;
    distinct(
        "operations",
        service.operations.iter().map(|operation| operation.name.as_str()),
    )?;
    ensure(!service.subsets.is_empty(), || "it has no subset".to_owned())?;
    let local = service
        .operations
        .iter()
        .all(|operation| operation.binding.is_local());
    for subset in &service.subsets {
        ensure(local || !subset.addresses.is_empty(), || {
            format!("subset `{}` has no address", subset.name)
        })?;
        let zones = subset.zones.len();
        ensure(zones == 0 || zones == subset.addresses.len(), || {
            format!(
                "subset `{}` has {} addresses, and {zones} of them a zone",
                subset.name,
                subset.addresses.len()
            )
        })?;
        subset
            .addresses
            .iter()
            .try_for_each(|address| self::address(program, heights, service, address))?;
    }
    if let Some(auth) = &service.auth {
        in_range("secret", auth.secret().index(), program.secrets.len())?;
        if let Auth::OAuth2 { url, .. } = auth {
            Scope::of_params(program, heights, Surroundings::Nothing, 0).check(url)?;
        }
    }
    for (at, route) in service.routes.iter().enumerate() {
        self::route(program, heights, service, route).at(|| format!("route {at}"))?;
    }
    let last = service.routes.last();
    ensure(last.is_some_and(|route| route.condition.is_none()), || {
        "its last route has a condition, so a request may lead nowhere".to_owned()
    })
}

/// An address reads what a call gives only as a part of its text, and only where data may stand.
fn address(program: &Program, heights: &[usize], service: &Service, address: &Expr) -> Result<(), Invalid> {
    let mut scope = Scope::of_params(program, heights, Surroundings::Nothing, 0);
    let Expr::Text(texts) = address else {
        return scope.check(address);
    };
    let mut taken = Vec::new();
    for text in texts {
        match text {
            Expr::Slot(slot) => {
                in_range("address parameter", slot.index(), service.address_params.len())?;
                taken.extend(service.address_params.get(slot.index()).map(|param| param.part));
            }
            other => scope.check(other)?,
        }
    }
    let parts = address::parts(&address::pieces(address)).map_err(|(_, wrong)| Invalid(wrong.to_string()))?;
    ensure(taken == parts, || {
        "an address takes a parameter for another part than it stands in".to_owned()
    })
}

fn route(program: &Program, heights: &[usize], service: &Service, route: &Route) -> Result<(), Invalid> {
    if let Some(condition) = &route.condition {
        Scope::of_params(program, heights, Surroundings::Request, 0).check(condition)?;
    }
    for (subset, _) in &route.split {
        in_range("subset", subset.index(), service.subsets.len())?;
    }
    let sum: u64 = route.split.iter().map(|(_, weight)| u64::from(*weight)).sum();
    ensure(sum == 100, || {
        format!("its weights add up to {sum}, and not to 100")
    })
}

fn operation(
    program: &Program,
    heights: &[usize],
    service: &Service,
    operation: &Operation,
) -> Result<(), Invalid> {
    policy(program, operation.policy)?;
    fields(program, &operation.params)?;
    rules(program, heights, &operation.params)?;
    ty(program, &operation.result)?;
    for error in &operation.fails {
        in_range("error", error.index(), program.errors.len())?;
    }
    let (taken, found) = (service.address_params.len(), operation.address.len());
    ensure(
        found == taken || operation.binding.is_local() && found == 0,
        || format!("its service's addresses take {taken} parameters, and it gives {found}"),
    )?;
    request(program, heights, operation)?;
    if let Some(stream) = &operation.stream {
        let mut item = Scope::of_params(program, heights, Surroundings::Reply, 0);
        stream.resume.iter().try_for_each(|resume| item.check(resume))?;
        for (param, value) in &stream.params {
            in_range("parameter", param.index(), operation.params.len())?;
            item.check(value)?;
        }
    }
    let mut reply = Scope::of_params(program, heights, Surroundings::Reply, operation.params.len());
    for on in &operation.on {
        match &operation.binding {
            Binding::Http | Binding::Worker { .. } => status(on.status)?,
            Binding::Grpc { .. } | Binding::Run { .. } => {
                ensure(on.status > 0, || "0 is success".to_owned())?;
            }
        }
        reply.raise(&on.raise)?;
    }
    ensure(effect_fits(operation), || {
        format!(
            "a {} cannot be `{:?}`",
            operation.method.as_str(),
            operation.effect
        )
        .to_lowercase()
    })
}

/// Checks what is computed from the parameters.
fn request(program: &Program, heights: &[usize], operation: &Operation) -> Result<(), Invalid> {
    let mut scope = Scope::of_params(program, heights, Surroundings::Run, operation.params.len());
    for piece in &operation.path {
        if let Piece::Value(expr) = piece {
            scope.check(expr)?;
        }
    }
    let mut sent = Scope::of_params(program, heights, Surroundings::Sent, operation.params.len());
    ensure(!operation.binding.is_local() || !operation.is_sealed(), || {
        "a process or a worker would be given a secret".to_owned()
    })?;
    operation
        .secret_headers
        .iter()
        .try_for_each(|(_, expr)| sent.check(expr))?;
    if let Some((expr, to)) = &operation.body {
        ty(program, to)?;
        match operation.secret_body() {
            Some(_) => sent.check(expr)?,
            None => scope.check(expr)?,
        }
    }
    if let Binding::Run { words } = &operation.binding {
        for piece in words.iter().flatten() {
            if let Piece::Value(expr) = piece {
                scope.check(expr)?;
            }
        }
    }
    operation.address.iter().try_for_each(|expr| scope.check(expr))?;
    let named = operation
        .query
        .iter()
        .chain(&operation.headers)
        .map(|(_, expr)| expr);
    named.chain(&operation.key).try_for_each(|expr| scope.check(expr))
}

/// Whether what is said of repeating an operation can be true of it: the mesh retries by it.
fn effect_fits(operation: &Operation) -> bool {
    match operation.effect {
        EffectKind::Read => matches!(operation.method, Method::Get | Method::Head | Method::Options),
        EffectKind::Idempotent => matches!(operation.method, Method::Put | Method::Delete),
        EffectKind::Keyed => operation.key.is_some(),
        EffectKind::Once => true,
    }
}
