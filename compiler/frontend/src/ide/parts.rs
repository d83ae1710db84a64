//! Names that only a part of a program knows: signals, views, states and steps of flows, subsets of services, and
//! where tests, rules and settings speak of them.

use super::{
    names::{Gathering, NameKind},
    walk,
};
use crate::{
    ast::{
        self, Access, AwaitOn, Expected, Expr, ExprKind, Flow, ForSource, Ident, ItemKind, Part, Service,
        Setting, Statement, StatementKind, Test, TestKind, What,
    },
    check::{FactKind, Ty},
    resolve::{Def, Module},
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::Name;

/// Adds those of a module.
pub(super) fn parts(to: &mut Gathering<'_>, module: &Module) {
    for item in &module.ast.items {
        match &item.kind {
            ItemKind::Flow(flow) => of_flow(to, flow),
            ItemKind::Service(service) => of_service(to, service),
            ItemKind::Access(access) => of_access(to, access),
            ItemKind::Gateway(gateway) => gateway
                .routes
                .iter()
                .for_each(|route| subset_of(to, &route.target)),
            ItemKind::Test(test) => of_test(to, test),
            _ => {}
        }
    }
}

/// A named part of a flow.
pub(super) type Named<'a> = (&'a Ident, NameKind);

/// The parts of a flow that have names.
pub(super) fn named_parts(flow: &Flow) -> Vec<Named<'_>> {
    let mut found = Vec::new();
    walk::statements(&flow.body, &mut |statement| {
        found.extend(match &statement.kind {
            StatementKind::Signal { name, .. } => Some((name, NameKind::Signal)),
            StatementKind::View { name, .. } => Some((name, NameKind::View)),
            StatementKind::State { name, .. } => Some((name, NameKind::State)),
            StatementKind::Step { name, .. } => Some((name, NameKind::Step)),
            _ => None,
        });
    });
    found
}

fn find(named: &[Named<'_>], name: &str, kind: NameKind) -> Option<Span> {
    let is_it = |(known, of): &&Named<'_>| known.text == name && *of == kind;
    named.iter().find(is_it).map(|(known, _)| known.span)
}

fn of_flow(to: &mut Gathering<'_>, flow: &Flow) {
    let named = named_parts(flow);
    for (name, kind) in &named {
        to.declare(name.span, *kind);
    }
    walk::statements(&flow.body, &mut |statement| of_statement(to, &named, statement));
}

fn of_statement(to: &mut Gathering<'_>, named: &[Named<'_>], statement: &Statement) {
    let mut used = |name: &str, span: Span, kind: NameKind| {
        if let Some(declared) = find(named, name, kind).filter(|_| to.noted(span).is_none()) {
            to.used(span, declared, kind);
        }
    };
    let awaited = |on: &AwaitOn| match on {
        AwaitOn::Expr(Expr {
            kind: ExprKind::Name(name),
            span,
        }) => Some((name.clone(), *span)),
        _ => None,
    };
    match &statement.kind {
        StatementKind::Await { on, .. } => {
            if let Some((name, span)) = awaited(on) {
                used(&name, span, NameKind::Signal);
            }
        }
        StatementKind::AwaitAny { arms } => {
            for (name, span) in arms.iter().filter_map(|arm| awaited(&arm.on)) {
                used(&name, span, NameKind::Signal);
            }
        }
        StatementKind::On { signal, .. } => used(&signal.text, signal.span, NameKind::Signal),
        StatementKind::For(looping) => {
            if let ForSource::Signal(signal) = &looping.source {
                used(&signal.text, signal.span, NameKind::Signal);
            }
        }
        StatementKind::Goto { name } => used(&name.text, name.span, NameKind::State),
        StatementKind::Cancel { what } => {
            if let ExprKind::Name(name) = &what.kind {
                used(name, what.span, NameKind::Step);
            }
        }
        StatementKind::Shift { service, weights } => {
            let names = weights.iter().map(|(name, _)| name);
            let service = service_at(to, service.span).cloned();
            service
                .into_iter()
                .for_each(|service| subsets(to, &service, names.clone()));
        }
        _ => {}
    }
}

/// The service that a place names.
fn service_at<'a>(to: &Gathering<'a>, span: Span) -> Option<&'a Service> {
    let Some(FactKind::Def(def @ Def::Service(_))) = to.noted(span) else {
        return None;
    };
    let resolved = to.resolved();
    match &resolved.item(resolved.declared(*def)?)?.kind {
        ItemKind::Service(service) => Some(service),
        _ => None,
    }
}

fn subsets<'i>(to: &mut Gathering<'_>, service: &Service, names: impl Iterator<Item = &'i Ident>) {
    for name in names {
        let mut known = service.at.iter().filter_map(|at| at.subset.as_ref());
        if let Some(subset) = known.find(|subset| subset.text == name.text) {
            to.used(name.span, subset.span, NameKind::Subset);
        }
    }
}

fn of_service(to: &mut Gathering<'_>, service: &Service) {
    for subset in service.at.iter().filter_map(|at| at.subset.as_ref()) {
        to.declare(subset.span, NameKind::Subset);
    }
    let rules = service.route.iter().flat_map(|route| &route.rules);
    let split = rules.flat_map(|rule| &rule.split).map(|(name, _)| name);
    subsets(to, service, split);
    let operations = service
        .operations
        .iter()
        .flat_map(|operation| &operation.settings);
    for setting in service.settings.iter().chain(operations) {
        of_setting(to, service, setting);
    }
}

/// `failover: v2`, `mirror: { to: v2 }`
fn of_setting(to: &mut Gathering<'_>, service: &Service, setting: &Setting) {
    if !matches!(setting.name.text.as_str(), "failover" | "mirror") {
        return;
    }
    let mut names: Vec<Ident> = Vec::new();
    walk::part(Part::Expr(&setting.value), &mut |part| {
        if let Part::Expr(expr) = part
            && let ExprKind::Name(name) = &expr.kind
        {
            names.push(ident(name, expr.span));
        }
    });
    names.retain(|name| to.noted(name.span).is_none());
    subsets(to, service, names.iter());
}

fn ident(text: &Name, span: Span) -> Ident {
    Ident {
        text: text.clone(),
        span,
    }
}

/// `inventory.v2`, where a gateway leads to.
fn subset_of(to: &mut Gathering<'_>, target: &Expr) {
    if let ExprKind::Field(base, name) = &target.kind
        && let Some(service) = service_at(to, base.span).cloned()
    {
        subsets(to, &service, std::iter::once(name));
    }
}

fn of_access(to: &mut Gathering<'_>, access: &Access) {
    for What { path, .. } in &access.what {
        let Some((last, rest)) = path.split_last() else {
            continue;
        };
        let Some(service) = rest.last().and_then(|word| match to.noted(word.span) {
            Some(FactKind::Def(Def::Service(id))) => Some(*id),
            _ => None,
        }) else {
            continue;
        };
        let globals = &to.analysis.checked.globals;
        let service = globals.services.get(service as usize);
        let mut operations = service.into_iter().flat_map(|service| &service.operations);
        if let Some(operation) = operations.find(|operation| operation.signature.name == last.text) {
            to.used(last.span, operation.signature.span, NameKind::Operation);
        }
    }
}

/// What a test says of the flows that it starts.
fn of_test(to: &mut Gathering<'_>, test: &Test) {
    let mut last = None;
    for statement in &test.body {
        match &statement.kind {
            TestKind::Start { call, .. } => last = called_flow(to, call).or(last),
            TestKind::Send { signal, run, .. } => {
                let said = run.as_ref().filter(|run| !is_run(run));
                let flow = said.map_or(last, |run| run_flow(to, run));
                if let (Some(flow), Some((name, span))) = (flow, called(signal)) {
                    part_of(to, flow, name, span, NameKind::Signal);
                }
            }
            TestKind::Expect { what, .. } => of_expected(to, what, last),
            _ => {}
        }
    }
}

fn of_expected(to: &mut Gathering<'_>, what: &Expected, last: Option<u32>) {
    let mut named = |run: &Expr, step: &Expr, kind: NameKind| {
        if let ExprKind::Name(name) = &step.kind
            && let Some(flow) = run_flow(to, run).or(last)
        {
            part_of(to, flow, name, step.span, kind);
        }
    };
    match what {
        Expected::At { run, step } => {
            named(run, step, NameKind::Step);
            named(run, step, NameKind::State);
        }
        Expected::Spans { run, spans } => {
            let all = std::iter::once(&spans.span)
                .chain(&spans.inside)
                .chain(&spans.before);
            all.for_each(|span| named(run, span, NameKind::Step));
        }
        Expected::Holds(whole) => {
            let mut members: Vec<(&Expr, &Ident)> = Vec::new();
            walk::part(Part::Expr(whole), &mut |part| {
                if let Part::Expr(expr) = part
                    && let ExprKind::Field(base, field) = &expr.kind
                {
                    members.push((base, field));
                }
            });
            for (base, field) in members {
                if let Some(flow) = run_flow(to, base).or_else(|| last.filter(|_| is_run(base))) {
                    part_of(to, flow, &field.text, field.span, NameKind::View);
                }
            }
        }
        _ => {}
    }
}

fn is_run(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Name(name) if name == "run")
}

fn called(call: &Expr) -> Option<(&Name, Span)> {
    let callee = match &call.kind {
        ExprKind::Call(callee, _) => callee,
        _ => call,
    };
    match &callee.kind {
        ExprKind::Name(name) => Some((name, callee.span)),
        _ => None,
    }
}

/// The number of the flow that is called.
fn called_flow(to: &Gathering<'_>, call: &Expr) -> Option<u32> {
    let ExprKind::Call(callee, _) = &call.kind else {
        return None;
    };
    let name = match &callee.kind {
        ExprKind::Field(_, name) => name.span,
        _ => callee.span,
    };
    match to.noted(name)? {
        FactKind::Def(Def::Flow(id)) => Some(*id),
        _ => None,
    }
}

/// The flow of the run that an expression names.
fn run_flow(to: &Gathering<'_>, run: &Expr) -> Option<u32> {
    match to.noted(run.span)? {
        FactKind::Local(_, Ty::Run(flow)) => Some(*flow),
        _ => None,
    }
}

fn part_of(to: &mut Gathering<'_>, flow: u32, name: &Name, span: Span, kind: NameKind) {
    let resolved = to.resolved();
    let item = resolved
        .declared(Def::Flow(flow))
        .and_then(|declared| resolved.item(declared));
    let Some(ast::Item {
        kind: ItemKind::Flow(flow),
        ..
    }) = item
    else {
        return;
    };
    if let Some(declared) = find(&named_parts(flow), name, kind) {
        to.used(span, declared, kind);
    }
}
