//! Aliases and records that would have no end.

use crate::check::{Checker, ShapeInfo, error::Error, ty::Ty};
use flowmesh_ir::TypeId;
use petgraph::graphmap::DiGraphMap;
use std::sync::Arc;

/// How many aliases may stand behind each other.
const LONGEST_ALIAS: usize = 64;

/// Refuses what has no end.
pub(super) fn all(checker: &mut Checker<'_>) {
    alias_circles(checker);
    long_aliases(checker);
    spoilt_aliases(checker);
}

/// Refuses types that contain themselves without an end.
fn alias_circles(checker: &mut Checker<'_>) {
    let mut graph = DiGraphMap::<u32, ()>::new();
    for (at, info) in (0u32..).zip(&checker.globals.types) {
        let parts: Vec<&Ty> = match &info.shape {
            ShapeInfo::Record(fields) => fields.iter().map(|field| &field.ty).collect(),
            ShapeInfo::Enum(cases) => cases
                .iter()
                .flat_map(|case| &case.fields)
                .map(|field| &field.ty)
                .collect(),
            ShapeInfo::Alias { ty, .. } => vec![ty],
        };
        // A list, a map and `none` can end a circle of records, but not one of aliases alone.
        let alias = matches!(info.shape, ShapeInfo::Alias { .. });
        for part in parts {
            if let Some(id) = directly(part, alias) {
                graph.add_edge(at, id.0, ());
            }
        }
    }
    for knot in petgraph::algo::kosaraju_scc(&graph) {
        let Some(circle) = crate::resolve::cycle::circle(&graph, &knot) else {
            continue;
        };
        endless(checker, &circle);
    }
}

/// Refuses aliases of aliases of aliases.
fn long_aliases(checker: &mut Checker<'_>) {
    for at in 0..checker.globals.types.len() {
        let alias = |at: usize| match checker.globals.types.get(at).map(|info| &info.shape) {
            Some(ShapeInfo::Alias { ty, .. }) => directly(ty, true),
            _ => None,
        };
        let steps = std::iter::successors(alias(at), |id| alias(id.index()));
        if steps.take(LONGEST_ALIAS).count() < LONGEST_ALIAS {
            continue;
        }
        let Some(info) = checker.globals.types.get_mut(at).map(Arc::make_mut) else {
            return;
        };
        info.shape = ShapeInfo::Alias {
            ty: Ty::Bad,
            rule: None,
        };
        let span = info.span;
        checker.report(Error::TooDeep { span }.diagnostic());
    }
}

/// What is kept of an alias that stands for nothing now is of one that stood for something.
fn spoilt_aliases(checker: &mut Checker<'_>) {
    let Some(memo) = &mut checker.memo else { return };
    for (at, info) in (0u32..).zip(&checker.globals.types) {
        if matches!(info.shape, ShapeInfo::Alias { ty: Ty::Bad, .. }) {
            memo.spoil(TypeId(at));
        }
    }
}

fn directly(ty: &Ty, alias: bool) -> Option<TypeId> {
    match ty {
        Ty::Named(id) => Some(*id),
        Ty::Optional(inner) | Ty::List(inner) | Ty::Map(inner) if alias => directly(inner, alias),
        _ => None,
    }
}

fn endless(checker: &mut Checker<'_>, circle: &[u32]) {
    let info = |at: &u32| checker.globals.types.get(*at as usize);
    let names = circle
        .iter()
        .filter_map(info)
        .map(|info| info.name.clone())
        .collect();
    let Some(span) = circle.first().and_then(info).map(|info| info.span) else {
        return;
    };
    checker.report(Error::EndlessType { names, span }.diagnostic());
    for at in circle {
        if let Some(info) = checker.globals.types.get_mut(*at as usize)
            && let ShapeInfo::Alias { ty, .. } = &mut Arc::make_mut(info).shape
        {
            *ty = Ty::Bad;
        }
    }
}
