//! Names of other modules and of the library that this one does not use yet: they bring their `use` along.

use super::{Context, Item, ItemKind, Origin, place::Place, rank::MOST};
use crate::{
    ast::ItemKind as Declares,
    ide::{
        fuzzy,
        index::{Away, Index, library},
        names::NameKind,
    },
    resolve::Module,
};
use flowmesh_diagnostics::{Edit, SourceId, Span};
use std::cmp::Reverse;

/// How much less likely a name is that has to be brought first.
const AWAY: i32 = -30;

impl Context<'_> {
    /// Names of other modules of a project, and of the library.
    pub(super) fn elsewhere(&mut self, index: &Index) {
        let Some(kinds) = self.wanted() else { return };
        let (own, scope, prefix) = (&self.module.name, &self.module.scope, &self.site.prefix);
        let can_stand = |away: &Away<'_>| {
            kinds.contains(&away.kind) && away.module != &**own && !scope.contains_key(away.name)
        };
        let scored = index.names().filter(can_stand).filter_map(|away| {
            let spoken = if self.counts.contains_key(away.name) {
                30
            } else {
                0
            };
            let letters = fuzzy::score(prefix, away.name)?;
            Some((letters, spoken, away))
        });
        let mut scored: Vec<_> = scored.collect();
        // There can be thousands, and no more than these are offered in the end.
        scored.sort_by_key(|(letters, spoken, away)| (Reverse((*letters, *spoken)), away.name));
        scored.truncate(MOST);
        let place = bringing(self.module);
        for (_, spoken, Away { name, kind, module }) in scored {
            let path = format!("{module}.{name}");
            let mut item = Item::new(name, ItemKind::Name(kind), AWAY + spoken);
            item.detail = format!("use {path}");
            item.also = vec![place.edit(self.source, &path)];
            item.origin = Origin::Nowhere;
            self.add(item);
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
}

/// Where a `use` is put.
struct Bringing {
    at: u32,
    before: &'static str,
    after: &'static str,
}

/// After those that are there, or before the first declaration.
fn bringing(module: &Module) -> Bringing {
    let items = &module.ast.items;
    let uses = items.iter().filter(|item| matches!(item.kind, Declares::Use(_)));
    let last = uses.map(|item| item.span.end).max();
    let (at, before, after) = match (last, items.first()) {
        (Some(end), _) => (end, "\n", ""),
        (None, Some(first)) if first.doc.is_none() => (first.span.start, "", "\n\n"),
        _ => (0, "", "\n\n"),
    };
    Bringing { at, before, after }
}

impl Bringing {
    fn edit(&self, source: SourceId, path: &str) -> Edit {
        let Self { at, before, after } = *self;
        Edit {
            span: Span::new(source, at, at),
            text: format!("{before}use {path}{after}"),
        }
    }
}

/// The edit that adds a `use`.
pub(in crate::ide) fn bring(module: &Module, source: SourceId, path: &str) -> Edit {
    bringing(module).edit(source, path)
}

/// The modules of a project and of the library that a name could be taken from.
pub(in crate::ide) fn homes(project: &Index, name: &str) -> Vec<String> {
    let all = project.names().chain(library().names());
    all.filter(|away| away.name == name)
        .map(|away| away.module.to_owned())
        .collect()
}
