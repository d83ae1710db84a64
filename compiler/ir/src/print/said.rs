//! Parts of a program as their author would write them, for whoever shows them one by one.

use super::{
    flow as flows, mesh, policy, service,
    ty::{self, fails, fields, result},
};
use crate::{
    Program,
    access::Rule,
    flow::Flow,
    gateway::Gateway,
    policy::Policy,
    service::{Operation, Service},
    ty::{ErrorDef, TypeDef},
};

/// The settings of a policy, one line each.
#[must_use]
pub fn settings(program: &Program, policy: &Policy) -> Vec<String> {
    policy::settings(program, policy)
}

/// A rule.
#[must_use]
pub fn rule(program: &Program, rule: &Rule) -> String {
    mesh::rule(program, rule)
}

/// A gateway, its routes in the order of their precedence.
#[must_use]
pub fn gateway(program: &Program, gateway: &Gateway) -> String {
    mesh::gateway(program, gateway)
}

/// An operation, with what holds for it where it is not what holds for its service.
#[must_use]
pub fn operation(program: &Program, service: &Service, operation: &Operation) -> Vec<String> {
    service::operation(program, service, operation)
}

/// The addresses of a service, its auth and its routes.
#[must_use]
pub fn whereabouts(program: &Program, service: &Service) -> Vec<String> {
    service::whereabouts(program, service)
}

/// The first line of a flow: its name, parameters, result, errors and key.
#[must_use]
pub fn signature(program: &Program, flow: &Flow) -> String {
    let printer = super::expr::Printer::of_flow(program, flow);
    let key = flow.key.as_ref().map(|key| format!(" key {}", printer.expr(key)));
    format!(
        "flow {}({}){}{}{}",
        flow.name,
        fields(program, &flow.params),
        result(program, &flow.result),
        fails(program, &flow.fails),
        key.unwrap_or_default()
    )
}

/// What starts a flow, what the host knows of it, what it hears and what it shows; one line each.
#[must_use]
pub fn heads(program: &Program, flow: &Flow) -> Vec<String> {
    let printer = super::expr::Printer::of_flow(program, flow);
    let text = flows::head(program, &printer, flow);
    text.lines().map(|line| line.trim().to_owned()).collect()
}

/// A type.
#[must_use]
pub fn definition(program: &Program, def: &TypeDef) -> String {
    ty::definition(program, def)
}

/// An error.
#[must_use]
pub fn error(program: &Program, def: &ErrorDef) -> String {
    ty::error(program, def)
}
