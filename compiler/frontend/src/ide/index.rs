//! What the modules of a project declare for each other, known without knowing what it means: an editor keeps it while texts
//! change, and it costs less than any other look at a whole project.

use super::{
    names::NameKind,
    snapshot::Snapshot,
    symbols::{SymbolKind, kind_of, name_of},
};
use crate::{
    ast::{self, Item},
    parse,
};
use flowmesh_diagnostics::{Diagnostics, SourceId};
use std::{
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::LazyLock,
};

/// The names that modules of a project declare and that others can `use`.
#[derive(Clone, Debug, Default)]
pub struct Index(BTreeMap<String, Listed>);

/// What one text declares.
#[derive(Clone, Debug)]
struct Listed {
    /// As a `use` has it: `orders.pay`.
    module: String,
    /// Of the text.
    print: u64,
    names: Vec<(String, NameKind)>,
}

/// A name that a module declares.
pub(super) struct Away<'i> {
    pub(super) name: &'i str,
    pub(super) kind: NameKind,
    pub(super) module: &'i str,
}

impl Index {
    /// The author's modules among those of a program or of a project.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut index = Self::default();
        for module in &snapshot.analysis.resolved.modules {
            let text = snapshot.sources.get(module.source);
            if let Some(source) = text.filter(|_| snapshot.is_own(module.source)) {
                let listed = Listed::new(&module.path, &source.text, || declared(&module.ast));
                index.0.insert(module.path.clone(), listed);
            }
        }
        index
    }

    /// Lists what a text declares; false where that was known.
    pub fn list(&mut self, path: &str, text: &str) -> bool {
        let print = print(text);
        if self.0.get(path).is_some_and(|listed| listed.print == print) {
            return false;
        }
        let listed = Listed::new(path, text, || declared(&tree(text)));
        self.0.insert(path.to_owned(), listed);
        true
    }

    /// Lets go the modules that are not at these paths.
    pub fn keep(&mut self, paths: &[String]) {
        let paths: HashSet<&String> = paths.iter().collect();
        self.0.retain(|path, _| paths.contains(path));
    }

    /// The modules, as a `use` has them.
    pub(super) fn modules(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(|listed| listed.module.as_str())
    }

    /// All names.
    pub(super) fn names(&self) -> impl Iterator<Item = Away<'_>> {
        self.0.values().flat_map(|listed| {
            listed.names.iter().map(|(name, kind)| Away {
                name,
                kind: *kind,
                module: &listed.module,
            })
        })
    }
}

impl Listed {
    fn new(path: &str, text: &str, names: impl FnOnce() -> Vec<(String, NameKind)>) -> Self {
        Self {
            module: path.strip_suffix(".flow").unwrap_or(path).replace('/', "."),
            print: print(text),
            names: names(),
        }
    }
}

/// What the library declares.
pub(super) fn library() -> &'static Index {
    static LIBRARY: LazyLock<Index> = LazyLock::new(|| {
        let mut index = Index::default();
        for (path, text) in flowmesh_stdlib::sources::SOURCES {
            index.list(path, text);
        }
        index
    });
    &LIBRARY
}

fn tree(text: &str) -> ast::Module {
    parse::parse(SourceId::default(), text, &mut Diagnostics::default()).module
}

fn print(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The names of a module that are not its own alone.
fn declared(module: &ast::Module) -> Vec<(String, NameKind)> {
    let of_item = |item: &Item| {
        let name = name_of(item).filter(|name| !name.text.starts_with('_'))?;
        let SymbolKind::Name(kind) = kind_of(item)? else {
            return None;
        };
        Some((name.text.to_string(), kind))
    };
    module.items.iter().filter_map(of_item).collect()
}
