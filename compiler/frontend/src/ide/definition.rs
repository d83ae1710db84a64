//! Where a name leads: to its declaration, to the type of what it stands for, to all its other places.

use super::{
    names::{NameKind, Occurrence, Role},
    snapshot::Snapshot,
};
use crate::{
    ast::{ExprKind, Item, ItemKind, TextPart},
    check::{Fact, FactKind, Ty},
    outside::beside,
    resolve::Def,
};
use flowmesh_diagnostics::{SourceId, Span};

/// A place that something leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The word from which it leads there.
    pub from: Span,
    /// The name there.
    pub name: Span,
    /// All that is declared under that name.
    pub whole: Span,
}

/// Where the name at an offset is declared: in a module, or in the document that describes a service.
#[must_use]
pub fn definition(snapshot: &Snapshot, source: SourceId, offset: u32) -> Vec<Target> {
    let names = snapshot.names().at(source, offset);
    let target = |name: &Occurrence| target(snapshot, name.span, name.declared);
    let found: Vec<Target> = names.iter().map(target).collect();
    if found.is_empty() {
        return document(snapshot, source, offset).into_iter().collect();
    }
    found
}

/// Where the type of what stands at an offset is declared.
#[must_use]
pub fn type_definition(snapshot: &Snapshot, source: SourceId, offset: u32) -> Option<Target> {
    let checked = &snapshot.analysis.checked;
    let fact = checked.facts.at(source, offset)?;
    let globals = &checked.globals;
    let declared = match type_of(snapshot, fact)? {
        Ty::Named(id) => globals.types.get(id.index())?.span,
        Ty::Error(id) => globals.error(id)?.span,
        Ty::Run(flow) => globals.flows.get(flow as usize)?.span,
        _ => return None,
    };
    (declared != Span::default()).then(|| target(snapshot, fact.span, declared))
}

/// The type of what stands at a place, without what is around it: of a list that of its items.
fn type_of(snapshot: &Snapshot, fact: &Fact) -> Option<Ty> {
    let globals = &snapshot.analysis.checked.globals;
    let mut ty = match &fact.kind {
        FactKind::Local(_, ty) | FactKind::Field(_, ty) | FactKind::Case(ty, _) => ty.clone(),
        FactKind::Builtin(_, ty, _) => ty.clone(),
        FactKind::Operation(service, operation, _) => {
            let operation = globals.operation(service.0, *operation)?;
            operation.signature.result.clone()
        }
        FactKind::Def(Def::Type(id)) => Ty::Named(flowmesh_ir::TypeId(*id)),
        FactKind::Def(Def::Event(id)) => Ty::Named(globals.event(flowmesh_ir::EventId(*id))?),
        FactKind::Def(Def::Config(id)) => globals.configs.get(*id as usize)?.clone(),
        FactKind::Def(Def::Function(id)) => globals.functions.get(*id as usize)?.result.clone(),
        FactKind::Def(Def::Flow(id)) => globals.flows.get(*id as usize)?.result.clone(),
        _ => return None,
    };
    loop {
        ty = match &ty {
            Ty::Optional(inner) | Ty::List(inner) | Ty::Map(inner) => Ty::clone(inner),
            Ty::Task(task) => task.result.clone(),
            _ => return Some(ty),
        };
    }
}

/// All places of the name at an offset, over flows, policies, gateways, rules and tests.
#[must_use]
pub fn references(snapshot: &Snapshot, source: SourceId, offset: u32, declared: bool) -> Vec<Occurrence> {
    let names = snapshot.names();
    let here = names.at(source, offset);
    let places = here.iter().flat_map(|name| names.of_name(name.declared));
    let mut places: Vec<Occurrence> = places.copied().collect();
    places.retain(|place| declared || place.role != Role::Declared);
    places.sort_by_key(|place| (place.span.source, place.span.start, place.span.end));
    places.dedup_by_key(|place| place.span);
    places
}

/// The same in one text, to be marked there.
#[must_use]
pub fn highlights(snapshot: &Snapshot, source: SourceId, offset: u32) -> Vec<Occurrence> {
    let mut places = references(snapshot, source, offset, true);
    places.retain(|place| place.span.source == source);
    places
}

pub(super) fn target(snapshot: &Snapshot, from: Span, name: Span) -> Target {
    Target {
        from,
        name,
        whole: around(snapshot, name).unwrap_or(name),
    }
}

/// The declaration or the operation whose name stands at a place.
fn around(snapshot: &Snapshot, name: Span) -> Option<Span> {
    let items = &snapshot.ast(name.source)?.items;
    let item = items
        .iter()
        .find(|item| item.span.start <= name.start && name.end <= item.span.end)?;
    if let ItemKind::Service(service) = &item.kind
        && let Some(operation) = service
            .operations
            .iter()
            .find(|operation| operation.name.span == name)
    {
        return Some(operation.span);
    }
    (super::symbols::name_of(item).is_some_and(|own| own.span == name)).then_some(item.span)
}

/// The document that `from "..."` names.
fn document(snapshot: &Snapshot, source: SourceId, offset: u32) -> Option<Target> {
    let module = snapshot.module(source)?;
    let items = module.ast.items.iter();
    let (span, path) = items.filter_map(from).find(|(span, _)| span.touches(offset))?;
    let path = beside(&module.path, &path)?;
    let document = snapshot.source(&path)?;
    let name = Span::new(document, 0, 0);
    Some(Target {
        from: span,
        name,
        whole: name,
    })
}

/// The path after `from` of a service, and its place.
pub(super) fn from(item: &Item) -> Option<(Span, String)> {
    let ItemKind::Service(service) = &item.kind else {
        return None;
    };
    let from = service.from.as_ref()?;
    match &from.kind {
        ExprKind::Text(parts) => match parts.as_slice() {
            [TextPart::Literal(text)] => Some((from.span, text.clone())),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a name is one that the author gave, so that it can be given another.
pub(super) fn is_ours(snapshot: &Snapshot, name: &Occurrence) -> bool {
    snapshot.is_own(name.declared.source) && name.kind != NameKind::Module
}
