//! Gateways, access rules, schedules and migrations: what they name exists, and what they compute can be computed.

use super::{
    At as _, Invalid, distinct, ensure,
    expr::{Scope, Surroundings},
    in_range,
};
use crate::{
    FlowId, OperationId, Program, ServiceId, SubsetId,
    access::{What, Who},
    expr::Expr,
    gateway::{Gateway, Keys, Login, Pass, Route, Segment, Target, compile},
    schedule::{EVERY_MS_MIN, EXCEPT_MAX, Schedule, When},
    traffic::Limit,
};

pub(super) fn check(program: &Program, heights: &[usize]) -> Result<(), Invalid> {
    distinct(
        "gateways",
        program.gateways.iter().map(|gateway| gateway.name.as_str()),
    )?;
    distinct(
        "schedules",
        program.schedules.iter().map(|schedule| schedule.name.as_str()),
    )?;
    for gateway in &program.gateways {
        self::gateway(program, heights, gateway).at(|| format!("gateway {}", gateway.name))?;
    }
    for (at, rule) in program.access.iter().enumerate() {
        let all = rule.who.iter().try_for_each(|who| self::who(program, who));
        all.and_then(|()| rule.what.iter().try_for_each(|what| self::what(program, *what)))
            .and_then(|()| visitor(program, heights, rule.condition.iter()))
            .at(|| format!("access rule {at}"))?;
    }
    limit(program, heights, program.mesh.limit.as_ref()).at(|| "mesh".to_owned())?;
    for schedule in &program.schedules {
        self::schedule(program, heights, schedule).at(|| format!("schedule {}", schedule.name))?;
    }
    Ok(())
}

/// Expressions of a limit look at the caller, and there is something to share where it is shared.
pub(super) fn limit(program: &Program, heights: &[usize], limit: Option<&Limit>) -> Result<(), Invalid> {
    let shares_nothing = |limit: &Limit| limit.shared.is_some() && limit.rate.is_none();
    ensure(!limit.is_some_and(shares_nothing), || {
        "a limit is shared that has no rate".to_owned()
    })?;
    visitor(
        program,
        heights,
        limit.iter().filter_map(|limit| limit.per.as_ref()),
    )
}

fn visitor<'e>(
    program: &Program,
    heights: &[usize],
    mut all: impl Iterator<Item = &'e Expr>,
) -> Result<(), Invalid> {
    let mut scope = Scope::of_params(program, heights, Surroundings::Visitor, 0);
    all.try_for_each(|expr| scope.check(expr).map(drop))
}

fn constants<'e>(
    program: &Program,
    heights: &[usize],
    mut all: impl Iterator<Item = &'e Expr>,
) -> Result<(), Invalid> {
    let mut scope = Scope::of_params(program, heights, Surroundings::Nothing, 0);
    all.try_for_each(|expr| scope.check(expr).map(drop))
}

fn gateway(program: &Program, heights: &[usize], gateway: &Gateway) -> Result<(), Invalid> {
    ensure(!gateway.listen.is_empty(), || "it listens nowhere".to_owned())?;
    constants(program, heights, gateway.listen.iter())?;
    if let Some(jwt) = &gateway.jwt {
        let all = [&jwt.issuer, &jwt.keys].into_iter().chain(&jwt.audience);
        constants(program, heights, all)?;
    }
    if let Some(introspect) = &gateway.introspect {
        in_range("secret", introspect.secret.index(), program.secrets.len())?;
        let all = [&introspect.at, &introspect.client].into_iter();
        constants(program, heights, all.chain(&introspect.audience))?;
    }
    if let Some(login) = &gateway.login {
        for secret in [Some(login.secret), login.key].into_iter().flatten() {
            in_range("secret", secret.index(), program.secrets.len())?;
        }
        let path = &login.path;
        ensure(Login::may_be_at(path), || {
            format!("`{path}` is no path for a login")
        })?;
        let all = [&login.issuer, &login.client, &login.at];
        constants(program, heights, all.into_iter())?;
    }
    let header = gateway.keys.as_ref().map(|keys| keys.header.as_str());
    ensure(header.is_none_or(Keys::may_be_in), || {
        "its keys are in a header that says something else".to_owned()
    })?;
    limit(program, heights, gateway.limit.as_ref())?;
    if let Some(id) = gateway.policy {
        super::service::policy(program, id)?;
    }
    for (at, route) in gateway.routes.iter().enumerate() {
        self::route(program, heights, route).at(|| format!("route {at}"))?;
    }
    for (at, pass) in gateway.passes.iter().enumerate() {
        self::pass(program, pass).at(|| format!("pass {at}"))?;
    }
    Ok(())
}

fn route(program: &Program, heights: &[usize], route: &Route) -> Result<(), Invalid> {
    let rest = route.path.iter().position(|segment| *segment == Segment::Rest);
    ensure(rest.is_none_or(|at| at + 1 == route.path.len()), || {
        "`**` stands before the end of its path".to_owned()
    })?;
    for pattern in &route.patterns {
        let is = |segment: &Segment| matches!((segment, &pattern.of), (Segment::Param(name), Some(of)) if name == of);
        ensure(pattern.of.is_none() || route.path.iter().any(is), || {
            "a pattern is for a parameter that its path does not have".to_owned()
        })?;
        compile(&pattern.regex)
            .map_err(|why| Invalid(format!("`{}` is no pattern: {why}", pattern.regex)))?;
    }
    if let Some(id) = route.policy {
        super::service::policy(program, id)?;
    }
    let mut scope = Scope::of_params(program, heights, Surroundings::Visitor, route.params());
    route
        .condition
        .iter()
        .try_for_each(|expr| scope.check(expr).map(drop))?;
    match &route.target {
        Target::Flow {
            flow: id, arguments, ..
        } => {
            flow(program, *id, Some(arguments.len()))?;
            arguments.iter().try_for_each(|expr| scope.check(expr).map(drop))
        }
        Target::Operation {
            service,
            operation,
            arguments,
        } => {
            self::operation(program, *service, *operation)?;
            arguments.iter().try_for_each(|expr| scope.check(expr).map(drop))
        }
        Target::Service { service, subset } => part(program, *service, *subset),
        Target::Redirect { to, .. } => scope.check(to).map(drop),
    }
}

fn pass(program: &Program, pass: &Pass) -> Result<(), Invalid> {
    ensure(!pass.name.is_empty(), || "it has no name".to_owned())?;
    if let Some(id) = pass.policy {
        super::service::policy(program, id)?;
    }
    part(program, pass.service, pass.subset)
}

fn part(program: &Program, service: ServiceId, subset: Option<SubsetId>) -> Result<(), Invalid> {
    in_range("service", service.index(), program.services.len())?;
    let subsets = program
        .service(service)
        .map_or(0, |service| service.subsets.len());
    subset.map_or(Ok(()), |subset| in_range("subset", subset.index(), subsets))
}

fn who(program: &Program, who: &Who) -> Result<(), Invalid> {
    match who {
        Who::Anyone | Who::Identity(_) => Ok(()),
        Who::Gateway(id) => in_range("gateway", id.index(), program.gateways.len()),
        Who::Flow(id) => flow(program, *id, None),
        Who::Service(id) => in_range("service", id.index(), program.services.len()),
    }
}

fn what(program: &Program, what: What) -> Result<(), Invalid> {
    match what {
        What::Flow(id) => flow(program, id, None),
        What::Service(id) => in_range("service", id.index(), program.services.len()),
        What::Operation(service, operation) => self::operation(program, service, operation),
    }
}

fn operation(program: &Program, service: ServiceId, operation: OperationId) -> Result<(), Invalid> {
    in_range("service", service.index(), program.services.len())?;
    let operations = program
        .service(service)
        .map_or(0, |service| service.operations.len());
    in_range("operation", operation.index(), operations)
}

fn flow(program: &Program, id: FlowId, arguments: Option<usize>) -> Result<(), Invalid> {
    in_range("flow", id.index(), program.flows.len())?;
    let params = program.flow(id).map(|flow| flow.params.len());
    ensure(arguments.is_none() || arguments == params, || {
        "a flow gets more or fewer arguments than it has parameters".to_owned()
    })
}

fn schedule(program: &Program, heights: &[usize], schedule: &Schedule) -> Result<(), Invalid> {
    flow(program, schedule.flow, Some(schedule.arguments.len()))?;
    let zone = schedule.when.zone();
    ensure(crate::zone::zone(zone).is_some(), || {
        format!("there is no time zone `{zone}`")
    })?;
    let too_often = matches!(schedule.when, When::Every { every_ms, .. } if every_ms < EVERY_MS_MIN);
    ensure(!too_often, || "it is due more often than every second".to_owned())?;
    // A weekend is written as one entry and kept as two.
    ensure(schedule.except.len() <= 2 * EXCEPT_MAX, || {
        "it leaves out too many days".to_owned()
    })?;
    let mut scope = Scope::of_params(program, heights, Surroundings::Schedule, 0);
    schedule
        .arguments
        .iter()
        .try_for_each(|expr| scope.check(expr).map(drop))
}
