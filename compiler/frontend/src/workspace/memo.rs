//! What the checker made of declarations, under the number of what they are and see.

use super::{
    heads::{Heads, Place, Said},
    identity::Identities,
    sight::Sights,
};
use crate::{
    check::{KnownPolicy, ServiceInfo},
    lower::Lowered,
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    FunctionId, PolicyId, TypeId, expr::Function, numbers::Numbers, program::Places, service::Service,
    ty::TypeDef,
};
use std::{collections::HashMap, sync::Arc};

/// The number under which something is kept.
pub(crate) type Key = u64;

/// What a type is made of, as a number.
pub(crate) type Print = u64;

/// What a check made of a declaration, and what it left behind besides.
#[derive(Clone, Debug)]
pub(crate) struct Kept<T> {
    pub(crate) made: T,
    /// Uses of its own module that it needed.
    pub(crate) used: Vec<usize>,
    /// Policies that it asked for, with the numbers that they got.
    pub(crate) policies: Vec<(KnownPolicy, PolicyId)>,
    /// Types that were made for it, and the number of the first.
    pub(crate) types: (Vec<TypeDef>, TypeId),
    /// The types into which it was looked, and what they were.
    pub(crate) sees: Vec<(TypeId, Print)>,
}

/// A service, the places of its parts, and those where it was said what holds for its operations.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    pub(crate) service: Arc<Service>,
    pub(crate) places: Arc<Places>,
    pub(crate) said: Arc<Places>,
}

/// Calls of a function.
#[derive(Clone, Debug)]
pub(crate) struct Edges {
    /// Who, whom, where.
    pub(crate) calls: Vec<(u32, u32, Span)>,
    /// The types into which it was looked, and what they were.
    pub(crate) sees: Vec<(TypeId, Print)>,
}

/// Declarations that were found to be right.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    /// Whether nothing is kept of any check before.
    pub(crate) is_new: bool,
    sights: Sights,
    identities: Identities,
    /// The number of each function in the program.
    order: Vec<u32>,
    /// The calls from which that order came, if it is one.
    calls: Option<Vec<(u32, u32)>>,
    /// Whether at most functions came or went.
    only_functions: bool,
    /// The numbers of declarations now by those in the last check, where they are others.
    pub(crate) numbers: Option<Numbers>,
    pub(crate) heads: Heads,
    pub(crate) edges: Shelf<Edges>,
    pub(crate) functions: Shelf<Kept<Arc<Function>>>,
    pub(crate) services: Shelf<Kept<Served>>,
    /// What is seen of services from outside.
    pub(crate) services_outside: Shelf<Kept<Arc<ServiceInfo>>>,
    pub(crate) flows: Shelf<Kept<Lowered>>,
    pub(crate) tests: Shelf<Kept<()>>,
}

/// Things by number. Those that nobody asked for in the last check are let go, so that all that is kept has the numbers
/// of that check.
#[derive(Debug)]
pub(crate) struct Shelf<T> {
    now: HashMap<Key, T, foldhash::fast::RandomState>,
    before: HashMap<Key, T, foldhash::fast::RandomState>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self {
            now: HashMap::default(),
            before: HashMap::default(),
        }
    }
}

impl<T> Shelf<T> {
    /// Takes what was kept under a number in the last check.
    pub(crate) fn take(&mut self, key: Key) -> Option<T> {
        self.before.remove(&key)
    }

    /// Something is kept as if it was in the last check.
    pub(crate) fn put_before(&mut self, key: Key, what: T) {
        self.before.insert(key, what);
    }

    pub(crate) fn put(&mut self, key: Key, what: T) {
        self.now.insert(key, what);
    }

    fn turn(&mut self) {
        self.before = std::mem::take(&mut self.now);
    }
}

impl Memo {
    /// A new check begins, of declarations that are these and see this.
    pub(super) fn begin(&mut self, sights: Sights, identities: Identities) {
        let same_names = self.sights.shared == sights.shared;
        self.sights = sights;
        self.turn();
        self.numbers = None;
        self.only_functions = true;
        self.is_new = self.identities == Identities::default();
        if !self.is_new && identities != self.identities {
            if !(same_names && self.identities.same_types(&identities)) {
                self.heads = Heads::default();
            }
            self.only_functions = self.identities.same_but_functions(&identities);
            self.numbers = self.identities.moved(&identities);
            if self.numbers.is_none() {
                *self = Self {
                    sights: std::mem::take(&mut self.sights),
                    is_new: true,
                    ..Self::default()
                };
            }
        }
        self.identities = identities;
    }

    fn turn(&mut self) {
        self.edges.turn();
        self.functions.turn();
        self.services.turn();
        self.services_outside.turn();
        self.flows.turn();
        self.tests.turn();
    }

    /// The numbers of so many functions in the program, if they call each other as they did in the last check.
    pub(crate) fn order(&self, calls: &[(u32, u32)], count: usize) -> Option<Vec<u32>> {
        let same = self.calls.as_deref() == Some(calls) && self.order.len() == count;
        same.then(|| self.order.clone())
    }

    /// Functions get their numbers in the program; `calls` are those from which the numbers follow.
    pub(crate) fn number(&mut self, order: &[u32], calls: Option<Vec<(u32, u32)>>) {
        self.calls = calls;
        let declared = self.numbers.as_ref().map(|numbers| numbers.functions.as_slice());
        let declared = |at: usize| match declared {
            Some(moved) => moved.get(at).map(|id| id.index()),
            None => Some(at),
        };
        let number = |at: usize| declared(at).and_then(|at| order.get(at)).copied();
        let mut functions: Vec<FunctionId> = (0u32..).map(FunctionId).take(self.order.len()).collect();
        for (at, before) in self.order.iter().enumerate() {
            let place = functions.get_mut(*before as usize);
            let now = number(at).unwrap_or(u32::MAX);
            place.into_iter().for_each(|place| *place = FunctionId(now));
        }
        // What is gone is asked for by nothing that is kept.
        let same = (0u32..)
            .zip(&functions)
            .all(|(at, now)| at == now.0 || now.0 == u32::MAX);
        if same && self.only_functions {
            self.numbers = None;
        } else if !same || self.numbers.is_some() {
            self.numbers.get_or_insert_default().functions = functions;
        }
        self.order = order.to_vec();
    }

    /// The number of a declaration, if it can be kept.
    pub(crate) fn key(&self, module: u32, item: usize) -> Option<Key> {
        *self.sights.keys.get(module as usize)?.get(item)?
    }

    /// What a declaration says, and what its words name.
    pub(crate) fn words(&self, place: Place) -> Option<Said> {
        self.sights.said(place)
    }

    /// An alias turned out to stand for nothing, which its words do not tell.
    pub(crate) fn spoil(&mut self, id: TypeId) {
        let print = self.sights.types.get_mut(id.index());
        print.into_iter().for_each(|print| *print = !*print);
    }

    /// What types are now.
    pub(crate) fn sight_of(&self, types: &[TypeId]) -> Vec<(TypeId, Print)> {
        let print = |id: &TypeId| Some((*id, *self.sights.types.get(id.index())?));
        types.iter().filter_map(print).collect()
    }

    /// Whether types, by the numbers of the last check, are what they were in it.
    pub(crate) fn still(&self, sees: &[(TypeId, Print)]) -> bool {
        let moved = self.numbers.as_ref().map(|numbers| numbers.types.as_slice());
        let now = |id: TypeId| match moved {
            Some(moved) => moved.get(id.index()).copied().unwrap_or(id),
            None => id,
        };
        let print = |id: TypeId| self.sights.types.get(now(id).index());
        sees.iter().all(|(id, before)| print(*id) == Some(before))
    }
}
