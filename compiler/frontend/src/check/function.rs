//! Functions: pure, and never calling themselves, not even around a corner.

use super::{
    Checker,
    error::Error,
    frame::{Kind, Role},
    globals::FieldInfo,
};
use crate::{
    ast::{self, Ident, ItemKind},
    resolve::{Declared, ModuleId},
};
use flowmesh_ir::{
    Value,
    expr::{Expr, Function},
    ty::Type,
};
use petgraph::graphmap::DiGraphMap;
use std::sync::Arc;

/// Checks the bodies, in the order of their numbers.
pub(super) fn all(checker: &mut Checker<'_>) {
    let resolved = checker.resolved;
    checker.ahead(&resolved.tables.functions, |memo| &mut memo.functions, one);
    let mut order: Vec<(u32, usize)> = checker.function_numbers.iter().copied().zip(0..).collect();
    order.sort_unstable();
    for (_, at) in order {
        let Some(declared) = resolved.tables.functions.get(at) else {
            continue;
        };
        let made = checker.again(
            (declared.module, declared.item),
            |memo| &mut memo.functions,
            |checker| one(checker, at, declared),
        );
        checker.functions.extend(made);
    }
}

fn one(checker: &mut Checker<'_>, at: usize, declared: &Declared) -> Option<Arc<Function>> {
    let item = checker.resolved.item(declared)?;
    checker.function(at, declared.module, item).map(Arc::new)
}

/// Numbers functions so that each calls only those before it, and refuses circles. Which function calls which is known
/// once their bodies were looked at, so they are looked at twice.
pub(super) fn number(checker: &mut Checker<'_>) {
    let resolved = checker.resolved;
    checker.muted = true;
    let facts = checker.facts.len();
    checker.edges_ahead(&resolved.tables.functions, |checker, at, declared| {
        drop(one(checker, at, declared));
    });
    for (at, declared) in resolved.tables.functions.iter().enumerate() {
        checker.edges_again(declared.module, declared.item, |checker| {
            drop(one(checker, at, declared));
        });
    }
    checker.muted = false;
    checker.facts.truncate(facts);
    let count = resolved.tables.functions.len();
    let calls: Vec<(u32, u32)> = checker.edges.iter().map(|(who, whom, _)| (*who, *whom)).collect();
    let known = checker.memo.as_ref().and_then(|memo| memo.order(&calls, count));
    let (order, sound) = known.map_or_else(|| ordered(checker, count), |order| (order, true));
    checker.function_numbers = order;
    if let Some(memo) = &mut checker.memo {
        memo.number(&checker.function_numbers, sound.then_some(calls));
    }
}

/// The number of each function, and whether none calls itself around a corner.
fn ordered(checker: &mut Checker<'_>, count: usize) -> (Vec<u32>, bool) {
    let mut graph = DiGraphMap::<u32, ()>::new();
    for at in (0u32..).take(count) {
        graph.add_node(at);
    }
    for (caller, callee, _) in &checker.edges {
        graph.add_edge(*caller, *callee, ());
    }
    let mut numbers = vec![0; count];
    let mut sound = true;
    let mut next = 0u32;
    // Kosaraju's algorithm does not recurse, and gives what is called before those who call it.
    for knot in petgraph::algo::kosaraju_scc(&graph) {
        if let Some(circle) = crate::resolve::cycle::circle(&graph, &knot) {
            sound = false;
            recursion(checker, &circle);
        }
        for at in knot {
            let number = numbers.get_mut(at as usize);
            number.into_iter().for_each(|number| *number = next);
            next = next.saturating_add(1);
        }
    }
    (numbers, sound)
}

fn recursion(checker: &mut Checker<'_>, circle: &[u32]) {
    let name = |at: &u32| {
        checker
            .globals
            .functions
            .get(*at as usize)
            .map(|function| function.name.clone())
    };
    let names = circle.iter().filter_map(name).collect();
    let call = circle.windows(2).next().and_then(|pair| {
        checker
            .edges
            .iter()
            .find(|(from, to, _)| pair == [*from, *to])
            .map(|(.., span)| *span)
    });
    if let Some(span) = call {
        checker.report(Error::Recursion { names, span }.diagnostic());
    }
}

impl<'a> Checker<'a> {
    pub(super) fn function(&mut self, at: usize, module: ModuleId, item: &'a ast::Item) -> Option<Function> {
        let ItemKind::Function { params, body, .. } = &item.kind else {
            return None;
        };
        let signature = self.globals.functions.get(at).cloned()?;
        let idents: Vec<&Ident> = params.iter().map(|param| &param.name).collect();
        let (made, frame) = self.within(module, Kind::Function, |checker| {
            checker.frame.function = u32::try_from(at).ok();
            checker.declare_params(&idents, &signature.params);
            checker.against(body, &signature.result)
        });
        if let Some(rule) = params.iter().find_map(|param| param.rule.as_ref()) {
            self.report(Error::RuleInside { span: rule.span }.diagnostic());
        }
        Some(Function {
            name: signature.name.clone(),
            params: signature.params.iter().map(FieldInfo::ir).collect(),
            result: signature.result.ir().unwrap_or(Type::Unit),
            slots: u32::try_from(frame.locals.len()).unwrap_or(u32::MAX),
            body: made,
        })
    }

    /// Parameters are the first slots of a frame.
    pub(crate) fn declare_params(&mut self, names: &[&Ident], params: &[FieldInfo]) {
        for (name, param) in names.iter().zip(params) {
            if !matches!(param.ty, super::Ty::Taken(_)) {
                self.frame.declare(name, param.ty.clone(), Role::Param);
            }
            let kind = super::FactKind::Local(param.name.clone(), param.ty.clone());
            self.facts.add(name.span, kind, Some(name.span));
        }
    }

    /// In place of an expression that is wrong.
    pub(crate) fn hole() -> Expr {
        Expr::Constant(Value::None)
    }
}
