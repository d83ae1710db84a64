//! Names of other modules and of the library that this one does not use yet: they bring their `use` along.

use super::{Context, Item, ItemKind, Origin, place::Place};
use crate::{
    ast::ItemKind as Declares,
    ide::{
        names::{NameKind, kind_of},
        snapshot::Snapshot,
        symbols::name_of,
    },
    parse,
    resolve::{Def, Module},
};
use flowmesh_diagnostics::{Diagnostics, Edit, SourceId, Span};
use std::sync::LazyLock;

/// How much less likely a name is that has to be brought first.
const AWAY: i32 = -30;

impl Context<'_> {
    /// Names of the modules of a project.
    pub(super) fn elsewhere(&mut self, project: &Snapshot) {
        let Some(kinds) = self.wanted() else { return };
        let modules = project.analysis.resolved.modules.iter();
        let own = modules.filter(|module| project.is_own(module.source) && module.path != self.module.path);
        for module in own {
            for (name, entry) in &module.scope {
                let kind = kind_of(entry.def);
                let public =
                    entry.import.is_none() && entry.span != Span::default() && !name.starts_with('_');
                if public && kinds.contains(&kind) {
                    self.away(name, kind, module.name.as_str());
                }
            }
        }
    }

    /// Names of the library.
    pub(super) fn library(&mut self) {
        let Some(kinds) = self.wanted() else { return };
        for (name, kind, path) in LIBRARY.iter().filter(|(_, kind, _)| kinds.contains(kind)) {
            self.away(name, *kind, path);
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
pub(in crate::ide) fn homes(project: &Snapshot, name: &str) -> Vec<String> {
    let modules = project.analysis.resolved.modules.iter();
    let own = modules.filter(|module| project.is_own(module.source));
    let has = |module: &&Module| {
        let entry = module.scope.get(name);
        entry.is_some_and(|entry| {
            entry.import.is_none() && !matches!(entry.def, Def::Module(_)) && entry.span != Span::default()
        })
    };
    let own = own.filter(has).map(|module| module.name.to_string());
    let library = LIBRARY.iter().filter(|(known, ..)| known == name);
    own.chain(library.map(|(_, _, path)| path.clone())).collect()
}

/// What the library declares: name, kind and module.
static LIBRARY: LazyLock<Vec<(String, NameKind, String)>> = LazyLock::new(|| {
    let sources = flowmesh_stdlib::sources::SOURCES.iter();
    sources.flat_map(|(path, text)| declared(path, text)).collect()
});

fn declared(path: &str, text: &str) -> Vec<(String, NameKind, String)> {
    let module = parse::parse(SourceId::default(), text, &mut Diagnostics::default()).module;
    let path = path.trim_end_matches(".flow").replace('/', ".");
    let of_item = |item: &crate::ast::Item| {
        let kind = match &item.kind {
            Declares::Policy { .. } => NameKind::Policy,
            Declares::Flow(_) => NameKind::Flow,
            Declares::Record { .. } | Declares::Enum { .. } | Declares::Alias { .. } => NameKind::Type,
            Declares::Function { .. } => NameKind::Function,
            Declares::Error { .. } => NameKind::Error,
            _ => return None,
        };
        let name = name_of(item).filter(|name| !name.text.starts_with('_'))?;
        Some((name.text.to_string(), kind, path.clone()))
    };
    module.items.iter().filter_map(of_item).collect()
}
