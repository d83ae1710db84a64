//! Events: what each carries is a record type of the event's own name, which follows the declared types.

use super::{
    Checker, Globals, Taken,
    globals::{FieldInfo, ShapeInfo, Signature, TypeInfo},
};
use crate::{
    ast::{self, ItemKind},
    resolve::Declared,
};
use flowmesh_ir::{
    EventId, Name, TypeId,
    flow::{Flow, PRODUCED, Product},
    ty::{ErrorDef, EventDef},
};
use std::sync::Arc;

/// Gives each event a type, whose fields come with [`shapes`].
pub(super) fn names(checker: &mut Checker<'_>, taken: &mut Taken) {
    let resolved = checker.resolved;
    // The event that tells of products has its name first.
    let flows = resolved.tables.flows.iter().chain(&resolved.tables.templates);
    let mut flows = flows.filter_map(|declared| resolved.item(declared));
    if flows.any(|item| matches!(&item.kind, ItemKind::Flow(flow) if flow.tells())) {
        taken.insert(Name::new_static(PRODUCED));
    }
    for declared in &resolved.tables.events {
        let name = checker.unique(taken, declared);
        let ty = u32::try_from(checker.globals.types.len()).unwrap_or(u32::MAX);
        checker.globals.events.push(TypeId(ty));
        checker.globals.types.push(Arc::new(TypeInfo {
            tag: None,
            name,
            doc: resolved.item(declared).and_then(|item| item.doc.clone()),
            span: declared.name.span,
            shape: ShapeInfo::Record(Vec::new()),
        }));
    }
}

/// The fields of each event, now that the names of all types are known.
pub(super) fn shapes(checker: &mut Checker<'_>) {
    each(checker, |checker, declared, fields, info| {
        checker.frame.module = declared.module;
        *info = checker.fields(fields);
    });
}

/// The rules of the fields, now that all types are known.
pub(super) fn rules(checker: &mut Checker<'_>) {
    each(checker, |checker, declared, fields, infos| {
        checker.field_rules(declared.module, fields, infos);
    });
}

fn each<'a>(
    checker: &mut Checker<'a>,
    what: impl Fn(&mut Checker<'a>, &Declared, &'a [ast::Field], &mut Vec<FieldInfo>),
) {
    let resolved = checker.resolved;
    for (at, declared) in resolved.tables.events.iter().enumerate() {
        let Some(ItemKind::Event { fields, .. }) = resolved.item(declared).map(|item| &item.kind) else {
            continue;
        };
        let Some(id) = checker.globals.events.get(at).copied() else {
            continue;
        };
        let mut infos = match checker.globals.ty(id).map(|info| info.shape.clone()) {
            Some(ShapeInfo::Record(infos)) => infos,
            _ => Vec::new(),
        };
        what(checker, declared, fields, &mut infos);
        if let Some(info) = checker.globals.types.get_mut(id.index()) {
            Arc::make_mut(info).shape = ShapeInfo::Record(infos);
        }
    }
}

impl Globals {
    /// The type of what an event carries.
    pub(crate) fn event(&self, id: EventId) -> Option<TypeId> {
        self.events.get(id.index()).copied()
    }

    /// The errors as the program has them.
    pub(crate) fn error_definitions(&self) -> Vec<ErrorDef> {
        let error = |error: &Signature| ErrorDef {
            name: error.name.clone(),
            doc: error.doc.clone(),
            fields: error.params.iter().map(FieldInfo::ir).collect(),
        };
        self.errors.iter().map(Arc::as_ref).map(error).collect()
    }

    /// The events as the program has them; where its flows tell what they produce, that is one more.
    pub(crate) fn event_definitions(&self, flows: &[Arc<Flow>]) -> Vec<EventDef> {
        let event = |id: &TypeId| {
            let info = self.ty(*id)?;
            Some(EventDef {
                name: info.name.clone(),
                doc: info.doc.clone(),
                fields: info.fields().into_iter().map(FieldInfo::ir).collect(),
            })
        };
        let tells = |flow: &Arc<Flow>| {
            let made = flow
                .trigger
                .as_ref()
                .is_some_and(|trigger| trigger.made.is_some());
            made || flow.produces.is_some()
        };
        let told = flows.iter().any(tells).then(Product::event);
        self.events.iter().filter_map(event).chain(told).collect()
    }
}
