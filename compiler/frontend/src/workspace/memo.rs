//! What the checker made of bodies, under the number of what they are and see.

use crate::check::tree;
use flowmesh_diagnostics::Span;
use flowmesh_ir::{PolicyId, expr::Function, policy::Policy};
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// What a declaration is and sees.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sight {
    /// One number for all of it but the order of functions.
    pub(super) own: u64,
    /// The functions that it sees.
    pub(super) functions: Vec<u32>,
}

/// The number under which something is kept.
pub(crate) type Key = u64;

/// What the checking of a body left behind, besides what was made of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    /// Uses of its own module that it needed.
    pub(crate) used: Vec<usize>,
    /// Policies that it asked for, with the numbers that they got.
    pub(crate) policies: Vec<(Policy, PolicyId)>,
}

/// Bodies that were found to be right.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    sights: Vec<Vec<Option<Sight>>>,
    /// Calls between functions: who, whom, where.
    pub(crate) edges: Shelf<Vec<(u32, u32, Span)>>,
    pub(crate) functions: Shelf<(Function, Trace)>,
    pub(crate) flows: Shelf<(Arc<tree::Flow>, Trace)>,
}

/// Things by number; those that nobody asked for lately are let go.
#[derive(Debug)]
pub(crate) struct Shelf<T> {
    now: HashMap<Key, T>,
    before: HashMap<Key, T>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self {
            now: HashMap::new(),
            before: HashMap::new(),
        }
    }
}

impl<T> Shelf<T> {
    /// What is kept under a number.
    pub(crate) fn get(&mut self, key: Key) -> Option<&T> {
        if let Some(kept) = self.before.remove(&key) {
            self.now.insert(key, kept);
        }
        self.now.get(&key)
    }

    pub(crate) fn put(&mut self, key: Key, what: T) {
        self.now.insert(key, what);
    }

    fn turn(&mut self) {
        self.before = std::mem::take(&mut self.now);
    }
}

impl Memo {
    /// A new check begins, of declarations that see this.
    pub(super) fn begin(&mut self, sights: Vec<Vec<Option<Sight>>>) {
        self.sights = sights;
        self.edges.turn();
        self.functions.turn();
        self.flows.turn();
    }

    /// The number of the declaration `at` of its kind; `order` numbers the functions, once that is known.
    pub(crate) fn key(&self, module: u32, item: usize, at: usize, order: &[u32]) -> Option<Key> {
        let sight = self.sights.get(module as usize)?.get(item)?.as_ref()?;
        let mut hasher = DefaultHasher::new();
        (sight.own, module, at).hash(&mut hasher);
        let numbers = sight.functions.iter().map(|at| order.get(*at as usize));
        numbers.for_each(|number| number.hash(&mut hasher));
        Some(hasher.finish())
    }
}
