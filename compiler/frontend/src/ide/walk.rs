//! Goes over all statements and expressions of a tree, however deep.

use crate::ast::{
    Block, Expr, Flow, Gateway, Item, ItemKind, Module, Part, Service, Setting, Statement, Test,
};

/// Takes each statement and each expression.
pub(super) type Take<'t, 'a> = &'t mut dyn FnMut(Part<'a>);

/// All parts of a block, itself not included.
pub(super) fn block<'a>(block: &'a Block, take: Take<'_, 'a>) {
    for statement in &block.statements {
        part(Part::Statement(statement), take);
    }
}

/// A part, and all parts of it.
pub(super) fn part<'a>(part: Part<'a>, take: Take<'_, 'a>) {
    take(part);
    match part {
        Part::Statement(statement) => statement.each_part(&mut |inner, _| self::part(inner, take)),
        Part::Expr(expr) => expr.each_part(&mut |inner, _| self::part(inner, take)),
        Part::Block(block) => self::block(block, take),
    }
}

/// All statements of a block.
pub(super) fn statements<'a>(within: &'a Block, take: &mut dyn FnMut(&'a Statement)) {
    block(within, &mut |part| {
        if let Part::Statement(statement) = part {
            take(statement);
        }
    });
}

/// All expressions of a module, but for those in statements of tests.
pub(super) fn expressions<'a>(module: &'a Module, take: &mut dyn FnMut(&'a Expr)) {
    let mut only = |part: Part<'a>| {
        if let Part::Expr(expr) = part {
            take(expr);
        }
    };
    for item in &module.items {
        self::item(item, &mut only);
    }
}

/// All parts of a declaration; of tests none.
pub(super) fn item<'a>(item: &'a Item, take: Take<'_, 'a>) {
    let mut expr = |expr: &'a Expr| part(Part::Expr(expr), take);
    match &item.kind {
        ItemKind::Config {
            default: Some(default), ..
        } => expr(default),
        ItemKind::Function { body, .. } => expr(body),
        ItemKind::Policy { settings, .. } | ItemKind::Mesh { settings, .. } => {
            settings.iter().for_each(|setting| expr(&setting.value));
        }
        ItemKind::Flow(flow) => self::flow(flow, take),
        ItemKind::Service(service) => service_parts(service, &mut expr),
        ItemKind::Gateway(gateway) => gateway_parts(gateway, &mut expr),
        ItemKind::Access(access) => access.condition.iter().for_each(expr),
        ItemKind::Schedule(schedule) => {
            expr(&schedule.when);
            expr(&schedule.target);
            schedule.settings.iter().for_each(|setting| expr(&setting.value));
        }
        ItemKind::Migrate(migrate) => migrate.moves.iter().for_each(|(from, to)| {
            expr(from);
            expr(to);
        }),
        _ => {}
    }
}

fn flow<'a>(flow: &'a Flow, take: Take<'_, 'a>) {
    let condition = flow.trigger.iter().flat_map(|trigger| &trigger.condition);
    let head = flow.key.iter().chain(condition).chain(&flow.produces);
    let settings = flow.settings.iter().map(|setting| &setting.value);
    head.chain(settings).for_each(|expr| part(Part::Expr(expr), take));
    block(&flow.body, take);
}

fn service_parts<'a>(service: &'a Service, expr: &mut dyn FnMut(&'a Expr)) {
    service.from.iter().for_each(&mut *expr);
    service.at.iter().for_each(|at| expr(&at.value));
    service.settings.iter().for_each(|setting| expr(&setting.value));
    let rules = service.route.iter().flat_map(|route| &route.rules);
    rules.flat_map(|rule| &rule.condition).for_each(&mut *expr);
    for operation in &service.operations {
        expr(&operation.path);
        operation.settings.iter().for_each(|setting| expr(&setting.value));
        operation.on.iter().for_each(|on| expr(&on.value));
    }
}

fn gateway_parts<'a>(gateway: &'a Gateway, expr: &mut dyn FnMut(&'a Expr)) {
    gateway.settings.iter().for_each(|setting| expr(&setting.value));
    for route in &gateway.routes {
        expr(&route.path);
        route.condition.iter().for_each(&mut *expr);
        expr(&route.target);
        route.settings.iter().for_each(|setting| expr(&setting.value));
    }
}

/// The flows of a module.
pub(super) fn flows(module: &Module) -> impl Iterator<Item = &Flow> {
    module.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Flow(flow) => Some(&**flow),
        _ => None,
    })
}

/// The services of a module.
pub(super) fn services(module: &Module) -> impl Iterator<Item = &Service> {
    module.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Service(service) => Some(service),
        _ => None,
    })
}

/// The tests of a module.
pub(super) fn tests(module: &Module) -> impl Iterator<Item = &Test> {
    module.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Test(test) => Some(&**test),
        _ => None,
    })
}

/// The settings with a name.
pub(super) fn named<'a>(settings: &'a [Setting], name: &str) -> Option<&'a Setting> {
    settings.iter().find(|setting| setting.name.text == name)
}
