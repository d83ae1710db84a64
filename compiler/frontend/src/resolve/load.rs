//! Reads and parses the root module and everything that it uses.

use super::{Error, Module, ModuleId, Scope, Use};
use crate::{
    World,
    ast::{self, Ident, ItemKind},
    workspace::{Parsed, Tree},
    world::{self, Work},
};
use flowmesh_diagnostics::{Diagnostics, Sources, Span};
use std::{collections::HashMap, sync::Arc};

/// All modules that can be reached, the roots first, each with its uses.
pub(super) fn load(
    world: &dyn World,
    roots: &[&str],
    sources: &mut Sources,
    found: &mut Diagnostics,
    parsed: Option<&mut Parsed>,
) -> Vec<Module> {
    let mut loader = Loader {
        world,
        sources,
        found,
        parsed,
        modules: Vec::new(),
        read: 0,
        known: HashMap::new(),
    };
    for root in roots {
        if loader.module(root).is_some() {
            continue;
        }
        let reason = loader.why_not(root);
        let source = loader.sources.add(*root, "");
        loader.found.add(
            Error::Unreadable {
                path: (*root).into(),
                reason,
                span: Span::new(source, 0, 0),
            }
            .diagnostic(),
        );
    }
    let mut next = 0;
    while next < loader.modules.len() {
        if next >= loader.read {
            loader.parse();
        }
        let uses = loader.uses(next);
        if let Some(module) = loader.modules.get_mut(next) {
            module.uses = uses;
        }
        next += 1;
    }
    loader.modules
}

struct Loader<'a> {
    world: &'a dyn World,
    sources: &'a mut Sources,
    found: &'a mut Diagnostics,
    parsed: Option<&'a mut Parsed>,
    modules: Vec<Module>,
    /// So many of them are parsed; the others wait, so that they are parsed side by side.
    read: usize,
    /// Modules by path; what could not be read is remembered too.
    known: HashMap<String, Result<ModuleId, String>>,
}

impl Loader<'_> {
    fn module(&mut self, path: &str) -> Option<ModuleId> {
        if let Some(known) = self.known.get(path) {
            return known.as_ref().ok().copied();
        }
        let read = world::read(self.world, path).map(|text| self.add(path, text));
        let module = read.as_ref().ok().copied();
        self.known.insert(path.to_owned(), read);
        module
    }

    /// Why a module could not be read.
    fn why_not(&self, path: &str) -> String {
        let known = self.known.get(path).cloned();
        known.and_then(Result::err).unwrap_or_default()
    }

    fn add(&mut self, path: &str, text: String) -> ModuleId {
        let source = self.sources.add(path, text);
        let id = ModuleId(u32::try_from(self.modules.len()).unwrap_or(u32::MAX));
        let name = path
            .strip_suffix(".flow")
            .unwrap_or(path)
            .replace('/', ".")
            .into();
        self.modules.push(Module {
            path: path.to_owned(),
            name,
            source,
            ast: Arc::default(),
            uses: Vec::new(),
            scope: Scope::default(),
        });
        id
    }

    /// Parses the modules that were found since it did so last.
    fn parse(&mut self) {
        let Self { sources, parsed, .. } = self;
        let new = self.modules.get_mut(self.read..).unwrap_or_default();
        let text = |module: &Module| {
            sources
                .get(module.source)
                .map_or("", |source| source.text.as_str())
        };
        let known = |module: &Module| parsed.as_ref()?.known(&module.path, module.source, text(module));
        let mut trees: Vec<Option<Tree>> = new.iter().map(known).collect();
        if let (0, Some(root), Some(first @ None)) = (self.read, new.first(), trees.first_mut()) {
            *first = parsed
                .as_mut()
                .map(|parsed| Tree::again(&mut parsed.root, root.source, text(root)));
        }
        let wants_words = parsed.as_ref().is_some_and(|parsed| parsed.wants_words);
        let missing = trees.iter_mut().zip(&*new).filter(|(tree, _)| tree.is_none());
        let work = missing.map(|(tree, module)| -> Work<'_> {
            let (source, text) = (module.source, text(module));
            Box::new(move || {
                let made = Tree::of(source, text);
                *tree = Some(if wants_words { made.with_words(text) } else { made });
            })
        });
        self.world.work(work.collect());
        for (module, tree) in new.iter_mut().zip(trees.into_iter().flatten()) {
            tree.found.iter().for_each(|found| self.found.add(found.clone()));
            module.ast = Arc::clone(&tree.module);
            if let Some(parsed) = parsed {
                parsed.keep(&module.path, text(module), tree);
            }
        }
        self.read = self.modules.len();
    }

    fn uses(&mut self, at: usize) -> Vec<Use> {
        let items = self.modules.get(at).map(|module| &module.ast.items);
        let paths: Vec<Vec<Ident>> = items.into_iter().flatten().filter_map(path_of).collect();
        paths.iter().filter_map(|path| self.find(path)).collect()
    }

    /// `a.b` is the module `a/b.flow`, or else the item `b` of the module `a.flow`.
    fn find(&mut self, path: &[Ident]) -> Option<Use> {
        let (name, parents) = path.split_last()?;
        let span = parents
            .first()
            .map_or(name.span, |first| first.span.to(name.span));
        let whole = file(path);
        if let Some(module) = self.module(&whole) {
            return Some(Use {
                span,
                name: name.clone(),
                module,
                item: false,
            });
        }
        if let (false, Some(module)) = (parents.is_empty(), self.module(&file(parents))) {
            return Some(Use {
                span,
                name: name.clone(),
                module,
                item: true,
            });
        }
        let reason = self.why_not(&whole);
        self.found.add(
            Error::UnknownModule {
                path: whole,
                reason,
                span,
            }
            .diagnostic(),
        );
        None
    }
}

fn path_of(item: &ast::Item) -> Option<Vec<Ident>> {
    match &item.kind {
        ItemKind::Use(path) => Some(path.clone()),
        _ => None,
    }
}

fn file(path: &[Ident]) -> String {
    let mut file = String::new();
    for (at, word) in path.iter().enumerate() {
        if at > 0 {
            file.push('/');
        }
        file.push_str(&word.text);
    }
    file.push_str(".flow");
    file
}
