//! Places at which only declarations of some kinds can stand: types, errors, events, services, and parts of a flow.

use super::{
    Context, Item, ItemKind, Origin,
    rank::{UNUSED, of_kind},
};
use crate::{
    ast::{Flow, Ident, ItemKind as Declares},
    check::{Asked, Base, Ty},
    ide::{
        index::{Index, library},
        names::{NameKind, kind_of},
        parts::named_parts,
        walk,
    },
    resolve::Def,
};
use flowmesh_ir::program::BUILTIN_ERRORS;
use std::collections::BTreeSet;

/// The built-in types, the usual ones first.
const TYPES: [(&str, i32); 11] = [
    ("string", 30),
    ("int", 24),
    ("decimal", 14),
    ("bool", 14),
    ("json", 10),
    ("duration", 6),
    ("time", 6),
    ("float", 4),
    ("date", 4),
    ("url", 4),
    ("bytes", 2),
];

impl Context<'_> {
    /// What the module has a name for, of some kinds.
    pub(super) fn of_kinds(&mut self, kinds: &[NameKind], score: i32) {
        let entries: Vec<_> = self
            .module
            .scope
            .iter()
            .map(|(name, entry)| (name.clone(), *entry))
            .collect();
        for (name, entry) in entries {
            let kind = kind_of(entry.def);
            if !kinds.contains(&kind) {
                continue;
            }
            let given = self.site.given.iter().any(|given| name == *given);
            let builtin = if self.resolved.declared(entry.def).is_none() && kind == NameKind::Error {
                -20
            } else {
                0
            };
            let module = if kind == NameKind::Module { -20 } else { 0 };
            let score = score + self.unused(&name) + builtin + module - if given { 80 } else { 0 };
            let item = Item::new(name.as_str(), ItemKind::Name(kind), score).of(Origin::Def(entry.def));
            self.add(item.detail(entry.def.kind()));
        }
    }

    pub(super) fn declared(&mut self, kinds: &[NameKind]) {
        self.of_kinds(kinds, 50);
        if kinds.contains(&NameKind::Flow) && kinds.contains(&NameKind::Service) {
            self.add(Item::new("anyone", ItemKind::Word, 30));
            self.add(Item::new("gateway", ItemKind::Keyword, 30));
        }
    }

    /// All that the module has a name for, where nothing is known of the place.
    pub(super) fn all_declared(&mut self) {
        let entries: Vec<_> = self
            .module
            .scope
            .iter()
            .map(|(name, entry)| (name.clone(), *entry))
            .collect();
        for (name, entry) in entries {
            if self.resolved.declared(entry.def).is_none() && matches!(entry.def, Def::Error(_)) {
                continue;
            }
            let kind = ItemKind::Name(kind_of(entry.def));
            let callable = matches!(
                entry.def,
                Def::Function(_) | Def::Flow(_) | Def::Template(_) | Def::Type(_)
            );
            let score =
                of_kind(kind) + self.unused(&name) + self.follows(&Base::Def(entry.def), callable) - 30;
            let item = Item::new(name.as_str(), kind, score).of(Origin::Def(entry.def));
            let item = match self.globals.called(entry.def) {
                Some(signature) if callable => self.callable(item, signature),
                _ => item,
            };
            self.add(item);
        }
    }

    /// The names that the declaration around gives, as far as they stand before the place: parameters and what is bound.
    pub(super) fn written_names(&mut self) {
        let at = self.site.start;
        let Some(item) = self.around else { return };
        let mut names: Vec<(Ident, NameKind)> = Vec::new();
        let of = |fields: &[crate::ast::Field]| {
            fields
                .iter()
                .map(|field| (field.name.clone(), NameKind::Param))
                .collect::<Vec<_>>()
        };
        match &item.kind {
            Declares::Flow(flow) => {
                names.extend(of(&flow.params));
                walk::statements(&flow.body, &mut |statement| {
                    names.extend(statement.binds().map(|name| (name.clone(), NameKind::Local)));
                });
            }
            Declares::Function { params, .. } => names.extend(of(params)),
            Declares::Service(service) => {
                let operation = service
                    .operations
                    .iter()
                    .find(|operation| operation.span.touches(at));
                let own = operation.map(|operation| (of(&operation.params), operation.span));
                let Some((params, span)) = own else { return };
                let text = self
                    .site
                    .text
                    .get(span.start as usize..span.end as usize)
                    .unwrap_or("");
                for (name, kind) in params {
                    let letter = |c: char| !c.is_ascii_alphanumeric() && c != '_';
                    let unused = text.split(letter).filter(|word| name.text == *word).count() == 1;
                    let score = 90 + if unused { UNUSED } else { 0 };
                    self.add(Item::new(name.text.as_str(), ItemKind::Name(kind), score));
                }
                return;
            }
            _ => {}
        }
        for (name, kind) in names.into_iter().filter(|(name, _)| name.span.end <= at) {
            let score = of_kind(ItemKind::Name(kind))
                + self.unused(&name.text)
                + self.follows(&Base::Value(Ty::Bad), false);
            self.add(Item::new(name.text.as_str(), ItemKind::Name(kind), score));
        }
    }

    pub(super) fn types(&mut self) {
        let follows = self.site.after.member.is_some();
        for (name, usual) in TYPES {
            let score = 40 + usual - if follows { 90 } else { 0 };
            self.add(Item::new(name, ItemKind::Builtin, score).detail("a built-in type"));
        }
        self.of_kinds(&[NameKind::Type, NameKind::Event], 46);
        if follows {
            self.of_kinds(&[NameKind::Module, NameKind::Service], 80);
        }
    }

    /// Errors: those that can come here first.
    pub(super) fn errors(&mut self) {
        let (fails, seen) = match self.probe.map(|probe| &probe.asked) {
            Some(Asked::Error(fails, seen)) => (fails.clone(), seen.clone()),
            _ => (Vec::new(), Vec::new()),
        };
        let given = match self.probe.map(|probe| &probe.asked) {
            Some(Asked::Value(_, given)) => given.clone(),
            _ => None,
        };
        let entries: Vec<_> = self
            .module
            .scope
            .iter()
            .map(|(name, entry)| (name.clone(), *entry))
            .collect();
        for (name, entry) in entries {
            let Def::Error(id) = entry.def else { continue };
            let builtin = (id as usize) < BUILTIN_ERRORS.len();
            let id = flowmesh_ir::ErrorId(id);
            let Some(error) = self.globals.error(id) else {
                continue;
            };
            let mut score = if builtin { 20 } else { 50 };
            score += if fails.contains(&id) { 80 } else { 0 };
            score -= if seen.contains(&id) || self.site.given.iter().any(|given| name == *given) {
                120
            } else {
                0
            };
            score += if self.promised(&name) { 40 } else { 0 };
            score += if builtin { 0 } else { self.unused(&name) };
            score += self.takes(&super::value::params(&error.params), given.as_ref());
            let names = error
                .params
                .iter()
                .map(|param| (param.name.as_str(), param.ty.is_optional()));
            let insert = match self.is_raised() {
                true => super::value::record(&name, names, self.site.after.brackets),
                false => name.to_string(),
            };
            let item = Item::new(name.as_str(), ItemKind::Name(NameKind::Error), score).snippet(insert);
            self.add(item.of(Origin::Def(entry.def)).detail("error"));
        }
        if !self.is_raised() {
            self.add(
                Item::new("any", ItemKind::Word, if fails.is_empty() { 45 } else { 30 })
                    .detail("every error"),
            );
        }
    }

    /// Whether the error is made here, and not only named.
    fn is_raised(&self) -> bool {
        let before = self
            .site
            .text
            .get(..self.site.start as usize)
            .unwrap_or("")
            .trim_end();
        before.ends_with("fail") || before.ends_with(':')
    }

    /// Whether the flow around says that it fails so.
    fn promised(&self, name: &str) -> bool {
        self.flow()
            .is_some_and(|flow| flow.fails.iter().any(|fails| fails.text == name))
    }

    fn flow(&self) -> Option<&Flow> {
        match &self.around?.kind {
            Declares::Flow(flow) => Some(flow),
            _ => None,
        }
    }

    /// Cases of what is matched.
    pub(super) fn patterns(&mut self) {
        let ty = match self.probe.map(|probe| &probe.asked) {
            Some(Asked::Pattern(ty)) => ty.clone(),
            _ => Ty::Open,
        };
        let present = self.globals.unfold(&ty).present().clone();
        if let Some((_, cases)) = self.globals.cases(&present) {
            for case in cases.iter().cloned() {
                let given = self.site.given.iter().any(|given| case.name == *given);
                let fields: Vec<&str> = case.fields.iter().map(|field| field.name.as_str()).collect();
                let call = match (self.site.after.call, fields.is_empty()) {
                    (true, true) => -40,
                    (true, false) => 40,
                    _ => 0,
                };
                let insert = match fields.is_empty() || self.site.after.brackets {
                    true => case.name.to_string(),
                    false => format!("{}({})", case.name, fields.join(", ")),
                };
                let score = 90 + call + self.unused(&case.name) / 2 - if given { 100 } else { 0 };
                let item =
                    Item::new(case.name.as_str(), ItemKind::Name(NameKind::Case), score).snippet(insert);
                self.add(
                    item.of(Origin::Field(case.span))
                        .typed(self.globals, present.clone()),
                );
            }
        }
        if ty.is_optional() {
            self.add(Item::new("none", ItemKind::Keyword, 70));
        }
        self.add(Item::new("_", ItemKind::Keyword, 10));
    }

    /// Signals, states and steps of the flow around, subsets of the service around.
    pub(super) fn named(&mut self, kind: NameKind) {
        if kind == NameKind::Subset {
            return self.subsets(60);
        }
        let flows: Vec<&Flow> = match self.flow() {
            Some(flow) => vec![flow],
            None => crate::ide::walk::flows(&self.module.ast).collect(),
        };
        let mut items = Vec::new();
        for flow in flows {
            for (name, own) in named_parts(flow) {
                let also = kind == NameKind::Step && own == NameKind::State;
                if own == kind || also {
                    let unused = if self.counts.get(name.text.as_str()) == Some(&1) {
                        UNUSED
                    } else {
                        0
                    };
                    let follows = self.follows(&Base::Value(Ty::Open), false);
                    let item = Item::new(name.text.as_str(), ItemKind::Name(own), 60 + unused + follows);
                    items.push(item.of(Origin::Field(name.span)));
                }
            }
        }
        self.items.extend(items);
    }

    /// What a `use` can go on with, after some words: a folder or a module, or what a module declares.
    pub(super) fn paths(&mut self, words: &[String]) {
        let indexes = [self.index, Some(library())];
        let modules = indexes.into_iter().flatten().flat_map(Index::modules);
        let before = words.iter().map(|word| format!("{word}.")).collect::<String>();
        let own = self.module.name.clone();
        let rest = modules.filter_map(|module| {
            let name = module.strip_prefix(&before).filter(|_| *module != *own)?;
            Some(name.split('.').next().unwrap_or(name).to_owned())
        });
        let names: BTreeSet<String> = rest.collect();
        for name in names {
            let unused = self.unused_path(&name);
            self.add(Item::new(name, ItemKind::Name(NameKind::Module), 40 + unused));
        }
        let module = words.join(".");
        for away in indexes.into_iter().flatten().flat_map(Index::names) {
            if away.module == module {
                let spoken = self.unused_path(away.name);
                self.add(Item::new(away.name, ItemKind::Name(away.kind), 30 + spoken));
            }
        }
    }

    /// What is needed, since the text speaks of it.
    fn unused_path(&self, name: &str) -> i32 {
        if self.counts.contains_key(name) { 40 } else { 0 }
    }
}
