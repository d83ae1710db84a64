//! What stands around a place in the tree of a program.

use crate::{
    ast::{Expr, Flow, GatewayRoute, Item, ItemKind, Part, Setting, Statement},
    resolve::{Module, Resolved},
};
use flowmesh_diagnostics::Span;

/// The module of a place.
pub(crate) fn module(resolved: &Resolved, place: Span) -> Option<&Module> {
    let mut modules = resolved.modules.iter();
    modules.find(|module| module.source == place.source)
}

/// The declaration around a place.
pub(crate) fn item(resolved: &Resolved, place: Span) -> Option<&Item> {
    let mut items = module(resolved, place)?.ast.items.iter();
    items.find(|item| holds(item.span, place))
}

/// The flow around a place.
pub(crate) fn flow(resolved: &Resolved, place: Span) -> Option<&Flow> {
    match &item(resolved, place)?.kind {
        ItemKind::Flow(flow) => Some(flow),
        _ => None,
    }
}

/// What of a flow or a function is around a place, the outermost first.
pub(crate) fn around(resolved: &Resolved, place: Span) -> Vec<Part<'_>> {
    let mut next = match item(resolved, place).map(|item| &item.kind) {
        Some(ItemKind::Flow(flow)) => Some(Part::Block(&flow.body)),
        Some(ItemKind::Function { body, .. }) => Some(Part::Expr(body)),
        _ => None,
    };
    let mut path = Vec::new();
    while let Some(part) = next.filter(|part| holds(span(*part), place)) {
        path.push(part);
        next = inner(part, place);
    }
    path
}

/// The innermost statement around a place.
pub(crate) fn statement(resolved: &Resolved, place: Span) -> Option<&Statement> {
    around(resolved, place)
        .into_iter()
        .rev()
        .find_map(|part| match part {
            Part::Statement(statement) => Some(statement),
            _ => None,
        })
}

/// The expressions around a place, the innermost first.
pub(crate) fn expressions(resolved: &Resolved, place: Span) -> impl Iterator<Item = &Expr> {
    around(resolved, place)
        .into_iter()
        .rev()
        .filter_map(|part| match part {
            Part::Expr(expr) => Some(expr),
            _ => None,
        })
}

/// The route of a gateway at a place.
pub(crate) fn route(resolved: &Resolved, place: Span) -> Option<&GatewayRoute> {
    let ItemKind::Gateway(gateway) = &item(resolved, place)?.kind else {
        return None;
    };
    gateway.routes.iter().find(|route| holds(route.span, place))
}

/// The setting of a service, an operation, a gateway or a flow whose name stands at a place.
pub(crate) fn setting(resolved: &Resolved, name: Span) -> Option<&Setting> {
    let item = item(resolved, name)?;
    let all: Vec<&Setting> = match &item.kind {
        ItemKind::Flow(flow) => flow.settings.iter().collect(),
        ItemKind::Policy { settings, .. } | ItemKind::Mesh { settings, .. } => settings.iter().collect(),
        ItemKind::Gateway(gateway) => {
            let routes = gateway.routes.iter().flat_map(|route| &route.settings);
            gateway.settings.iter().chain(routes).collect()
        }
        ItemKind::Service(service) => {
            let operations = service.operations.iter();
            let settings = operations.flat_map(|operation| &operation.settings);
            service.settings.iter().chain(settings).collect()
        }
        ItemKind::Schedule(schedule) => schedule.settings.iter().collect(),
        _ => Vec::new(),
    };
    all.into_iter().find(|setting| setting.name.span == name)
}

fn inner(part: Part<'_>, place: Span) -> Option<Part<'_>> {
    let mut found = None;
    let mut take = |part, _: &[_]| {
        if holds(span(part), place) {
            found = Some(part);
        }
    };
    match part {
        Part::Statement(statement) => statement.each_part(&mut take),
        Part::Expr(expr) => expr.each_part(&mut take),
        Part::Block(block) => {
            for statement in &block.statements {
                take(Part::Statement(statement), &[]);
            }
        }
    }
    found
}

pub(crate) fn span(part: Part<'_>) -> Span {
    match part {
        Part::Statement(statement) => statement.span,
        Part::Expr(expr) => expr.span,
        Part::Block(block) => block.span,
    }
}

pub(crate) fn holds(outer: Span, inner: Span) -> bool {
    outer.source == inner.source && outer.start <= inner.start && inner.end <= outer.end
}
