//! Names of other modules and of the library that this one does not use yet: they bring their `use` along.

use super::{Context, Item, ItemKind, Origin, place::Place};
use crate::{
    ast::ItemKind as Declares,
    ide::{
        index::{Index, library},
        names::NameKind,
    },
    resolve::Module,
};
use flowmesh_diagnostics::{Edit, SourceId, Span};

/// How much less likely a name is that has to be brought first.
const AWAY: i32 = -30;

impl Context<'_> {
    /// Names of other modules of a project, and of the library.
    pub(super) fn elsewhere(&mut self, index: &Index) {
        let Some(kinds) = self.wanted() else { return };
        let own = self.module.name.clone();
        for away in index.names() {
            if kinds.contains(&away.kind) && away.module != *own {
                self.away(away.name, away.kind, &away.module);
            }
        }
    }

    /// What can stand here that a module declares.
    fn wanted(&self) -> Option<Vec<NameKind>> {
        use NameKind as N;
        Some(match &self.site.place {
            Place::Value | Place::Statement => vec![N::Function, N::Flow, N::Service, N::Type, N::Config],
            Place::Type => vec![N::Type, N::Event],
            Place::Error => vec![N::Error],
            Place::SettingValue(path) if path.last().is_some_and(|name| name == "policy") => vec![N::Policy],
            Place::Declared(kinds) => kinds.iter().copied().filter(|kind| *kind != N::Module).collect(),
            _ => return None,
        })
    }

    fn away(&mut self, name: &str, kind: NameKind, module: &str) {
        if self.module.scope.contains_key(name) {
            return;
        }
        let spoken = if self.counts.contains_key(name) { 30 } else { 0 };
        let mut item =
            Item::new(name, ItemKind::Name(kind), AWAY + spoken).detail(format!("use {module}.{name}"));
        item.also = vec![self.bring(&format!("{module}.{name}"))];
        item.origin = Origin::Nowhere;
        self.add(item);
    }

    /// The edit that adds a `use`.
    fn bring(&self, path: &str) -> Edit {
        bring(self.module, self.source, path)
    }
}

/// A `use` after those that are there, or before the first declaration.
pub(in crate::ide) fn bring(module: &Module, source: SourceId, path: &str) -> Edit {
    let items = &module.ast.items;
    let uses = items.iter().filter(|item| matches!(item.kind, Declares::Use(_)));
    let last = uses.map(|item| item.span.end).max();
    let (at, text) = match (last, items.first()) {
        (Some(end), _) => (end, format!("\nuse {path}")),
        (None, Some(first)) if first.doc.is_none() => (first.span.start, format!("use {path}\n\n")),
        _ => (0, format!("use {path}\n\n")),
    };
    Edit {
        span: Span::new(source, at, at),
        text,
    }
}

/// The modules of a project and of the library that a name could be taken from.
pub(in crate::ide) fn homes(project: &Index, name: &str) -> Vec<String> {
    let all = project.names().chain(library().names());
    all.filter(|away| away.name == name)
        .map(|away| away.module)
        .collect()
}
