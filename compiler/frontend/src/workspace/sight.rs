//! What a declaration is and what it sees of others, as one number: while that stays, so does its meaning.
//!
//! A declaration sees what its words name, what those name in turn, and the enums of its module's names, since a case
//! may stand without its enum. Words are taken from the text alone, of comments and texts too: to see too much is only
//! slower. Of a function others see everything but its body. What a type is made of is a number of its own, since most
//! that names a type does not look into it: the checker notes who does.

use super::{
    Key, Parsed, Print,
    heads::{Place, Said},
    identity::{Identities, hash, hasher},
};
use crate::{
    ast::{self, ItemKind},
    resolve::{Declared, Def, Entry, Module, Resolved, Tables},
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::Name;
use std::{
    collections::HashSet,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// The words of one declaration, each once.
#[derive(Debug)]
pub(crate) struct Words {
    /// Of the whole text and its place.
    whole: u64,
    /// Of what others see.
    outside: u64,
    /// Words that others see come first.
    all: Vec<Name>,
    outer: usize,
}

impl Words {
    /// The words of all items of a module.
    pub(super) fn of_items(module: &ast::Module, text: &str) -> Vec<Self> {
        module.items.iter().map(|item| Self::of(item, text)).collect()
    }

    fn of(item: &ast::Item, text: &str) -> Self {
        let span = item.span;
        let inside = match &item.kind {
            ItemKind::Function { body, .. } => body.span.start.clamp(span.start, span.end),
            _ => span.end,
        };
        // Services say where the settings stand that they have from a policy.
        let shown = matches!(item.kind, ItemKind::Policy { .. }).then_some(span);
        let part = |from: u32, to: u32| text.get(from as usize..to as usize).unwrap_or("");
        let (head, body) = (part(span.start, inside), part(inside, span.end));
        let mut seen = HashSet::new();
        let mut all: Vec<Name> = Vec::new();
        all.extend(split(head).filter(|word| seen.insert(*word)).map(Name::new));
        let outer = all.len();
        all.extend(split(body).filter(|word| seen.insert(*word)).map(Name::new));
        Self {
            whole: hash(&(span, &item.doc, head, body)),
            outside: hash(&(&item.doc, head, shown)),
            all,
            outer,
        }
    }

    fn outer(&self) -> &[Name] {
        self.all.get(..self.outer).unwrap_or(&[])
    }
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

/// What the words of a declaration mean, and where the things are declared that they lead to.
#[derive(Debug, Default)]
pub(super) struct Meaning {
    outer: Mentions,
    all: Mentions,
}

/// What words mean as a number, and the declarations by module and item.
type Mentions = (u64, Vec<(usize, usize)>);

/// A declaration as others see it.
#[derive(Debug)]
struct Node {
    own: u64,
    is_type: bool,
    is_enum: bool,
    /// When it was met last.
    met: u32,
}

/// What declarations are and see.
#[derive(Debug, Default)]
pub(crate) struct Sights {
    /// Of each declaration of each module; nothing for those that nothing is made of that is kept.
    pub(super) keys: Vec<Vec<Option<Key>>>,
    /// Of each type, and then of what each event carries.
    pub(super) types: Vec<Print>,
    /// Names that several modules declare.
    pub(super) shared: u64,
    /// By module and item.
    words: Vec<Arc<Vec<Words>>>,
    meanings: Vec<Arc<Vec<Meaning>>>,
}

impl Sights {
    /// The text of a declaration with its place, and what all its words name.
    pub(super) fn said(&self, (module, item): Place) -> Option<Said> {
        let words = self.words.get(module)?.get(item)?;
        let (meaning, _) = self.meanings.get(module)?.get(item)?.all;
        Some((words.whole, meaning))
    }
}

/// What each declaration is and sees.
pub(super) fn sights(resolved: &Resolved, identities: &Identities, parsed: &mut Parsed) -> Sights {
    let names: Vec<u64> = resolved
        .modules
        .iter()
        .map(|module| own_names(resolved, module))
        .collect();
    let shared = shared(&resolved.tables);
    let mut outlook = Outlook {
        shared: hash(&(shared, documents(resolved))),
        meanings: Vec::with_capacity(names.len()),
        nodes: Vec::with_capacity(names.len()),
        turn: 0,
    };
    let mut words = Vec::with_capacity(names.len());
    for (module, of_module) in resolved.modules.iter().zip(&names) {
        let own = parsed.words(&module.path);
        let in_sight = names_in_sight(module, *of_module, &names);
        let names = Names {
            resolved,
            identities,
            module,
        };
        let look = || own.iter().map(|words| names.meaning(words)).collect();
        let meanings = parsed.meanings(&module.path, in_sight, look);
        let node = |((item, words), meaning): ((&ast::Item, &Words), &Meaning)| Node {
            own: hash(&(words.outside, meaning.outer.0)),
            is_type: is_type(&item.kind),
            is_enum: matches!(item.kind, ItemKind::Enum { .. }),
            met: 0,
        };
        let parts = module.ast.items.iter().zip(own.iter()).zip(meanings.iter());
        outlook.nodes.push(parts.map(node).collect());
        outlook.meanings.push(meanings);
        words.push(own);
    }
    let all = resolved.modules.iter().zip(&words).enumerate();
    let keys = all.map(|(at, (module, words))| {
        let names = Names {
            resolved,
            identities,
            module,
        };
        outlook.module(names, at, words)
    });
    let keys = keys.collect();
    let types = resolved.tables.types.iter().chain(&resolved.tables.events);
    let print = |declared: &Declared| {
        let node = outlook.node((declared.module.0 as usize, declared.item));
        node.map_or(0, |node| node.own)
    };
    let types = types.map(print).collect();
    Sights {
        keys,
        types,
        shared,
        words,
        meanings: outlook.meanings,
    }
}

/// Whether it is something that has a type of its own name.
fn is_type(kind: &ItemKind) -> bool {
    matches!(
        kind,
        ItemKind::Record { .. } | ItemKind::Alias { .. } | ItemKind::Enum { .. } | ItemKind::Event { .. }
    )
}

/// All names of a module and where they lead.
fn own_names(resolved: &Resolved, module: &Module) -> u64 {
    let entry = |(name, entry): (&Name, &Entry)| {
        let declared = resolved
            .declared(entry.def)
            .map(|declared| (declared.module, declared.item));
        let kind = entry.def.kind();
        let module = matches!(entry.def, Def::Module(_)).then_some(entry.def);
        hash(&(
            name,
            kind,
            module,
            entry.import,
            declared,
            entry.span == Span::default(),
        ))
    };
    module.scope.iter().map(entry).fold(0, u64::wrapping_add)
}

/// The names of a module and of those that it has a name for.
fn names_in_sight(module: &Module, own: u64, names: &[u64]) -> u64 {
    let others = module.scope.values().filter_map(|entry| match entry.def {
        Def::Module(id) => Some(hash(&(id, names.get(id.0 as usize)))),
        _ => None,
    });
    others.fold(own, u64::wrapping_add)
}

/// The names of a module, and what they stand for.
#[derive(Clone, Copy)]
struct Names<'r> {
    resolved: &'r Resolved,
    identities: &'r Identities,
    module: &'r Module,
}

impl Names<'_> {
    fn meaning(self, words: &Words) -> Meaning {
        Meaning {
            outer: self.mentions(words.outer()),
            all: self.mentions(&words.all),
        }
    }

    fn mentions(self, words: &[Name]) -> Mentions {
        let mut hasher = hasher();
        let mut sees = Vec::new();
        let mut modules = Vec::new();
        for word in words {
            let Some(entry) = self.module.scope.get(word) else {
                continue;
            };
            (word, self.identities.identity(entry.def), entry.import).hash(&mut hasher);
            match entry.def {
                Def::Module(id) => modules.extend(self.resolved.module(id)),
                def => sees.extend(self.place(def)),
            }
        }
        let own = |entry: &&Entry| entry.import.is_none() && entry.span != Span::default();
        for module in modules {
            for word in words {
                if let Some(entry) = module.scope.get(word).filter(own) {
                    (word, self.identities.identity(entry.def)).hash(&mut hasher);
                    sees.extend(self.place(entry.def));
                }
            }
        }
        (hasher.finish(), sees)
    }

    fn place(self, def: Def) -> Option<(usize, usize)> {
        let declared = self.resolved.declared(def)?;
        Some((declared.module.0 as usize, declared.item))
    }

    /// The types that a module has names for, as a number, and where they are declared.
    fn types(self) -> Mentions {
        let scope = self.module.scope.iter();
        let types = scope.filter(|(_, entry)| matches!(entry.def, Def::Type(_)));
        let mut number = 0u64;
        let mut places = Vec::new();
        for (name, entry) in types {
            number = number.wrapping_add(hash(&(name, self.identities.identity(entry.def))));
            places.extend(self.place(entry.def));
        }
        (number, places)
    }
}

struct Outlook {
    /// Names that several modules declare: in the program they are called differently.
    shared: u64,
    /// By module and item.
    meanings: Vec<Arc<Vec<Meaning>>>,
    nodes: Vec<Vec<Node>>,
    turn: u32,
}

impl Outlook {
    fn node(&mut self, (module, item): (usize, usize)) -> Option<&mut Node> {
        self.nodes.get_mut(module)?.get_mut(item)
    }

    fn module(&mut self, names: Names<'_>, at: usize, words: &[Words]) -> Vec<Option<Key>> {
        let module = names.module;
        let Some(meanings) = self.meanings.get(at).cloned() else {
            return Vec::new();
        };
        // The cases of an enum may stand without its type.
        let (own_types, types) = names.types();
        let mut enums = 0u64;
        for at in types {
            let node = self.node(at).filter(|node| node.is_enum);
            enums = node.map_or(enums, |node| enums.wrapping_add(node.own));
        }
        let parts = module.ast.items.iter().zip(words).zip(meanings.iter());
        let sight = |((item, words), meaning): ((&ast::Item, &Words), &Meaning)| {
            is_kept(&item.kind).then(|| {
                let seen = self.reach(&meaning.all.1);
                hash(&(
                    self.shared,
                    module.source,
                    words.whole,
                    meaning.all.0,
                    own_types,
                    enums,
                    seen,
                ))
            })
        };
        parts.map(sight).collect()
    }

    /// All that can be reached but through types, as a number.
    fn reach(&mut self, first: &[(usize, usize)]) -> u64 {
        self.turn = self.turn.wrapping_add(1);
        let turn = self.turn;
        let mut open = first.to_vec();
        let mut seen = 0u64;
        while let Some(at) = open.pop() {
            let Some(node) = self.node(at) else { continue };
            if node.is_type || std::mem::replace(&mut node.met, turn) == turn {
                continue;
            }
            seen = seen.wrapping_add(node.own);
            let meaning = self.meanings.get(at.0).and_then(|module| module.get(at.1));
            open.extend(meaning.into_iter().flat_map(|meaning| &meaning.outer.1));
        }
        seen
    }
}

/// Whether something is made of a declaration that can be kept. What a document says of a service is no part of its text.
fn is_kept(kind: &ItemKind) -> bool {
    match kind {
        ItemKind::Function { .. } | ItemKind::Flow(_) | ItemKind::Test(_) => true,
        ItemKind::Service(service) => service.from.is_none(),
        _ => false,
    }
}

/// The documents that describe services: of one that changes, everything may look different.
fn documents(resolved: &Resolved) -> u64 {
    let digest = |outside: &crate::outside::Outside| outside.digest;
    hash(&resolved.outside.iter().map(digest).collect::<Vec<u64>>())
}

/// Declarations whose names are taken by earlier ones of the same kind.
fn shared(tables: &Tables) -> u64 {
    let mut hasher = hasher();
    for (kind, table) in tables.kinds().into_iter().enumerate() {
        let mut taken = HashSet::with_capacity(table.len());
        let twice = table.iter().filter(|declared| !taken.insert(&declared.name.text));
        twice.for_each(|declared| (kind, declared.module, &declared.name.text).hash(&mut hasher));
    }
    hasher.finish()
}
