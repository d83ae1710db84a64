//! Into which types a declaration looks while it is checked: of all others it does not matter what they are made of.
//!
//! INVARIANT: a check learns what a type is made of from [`super::Globals::ty`] alone, or from what was made of another
//! declaration by looking into types, for which that one stands in [`Seen::through`]. The cases that a module can name
//! without their enum are no part of this: they are in the number under which a declaration is kept.

use super::{Checker, Globals};
use crate::resolve::Def;
use flowmesh_ir::TypeId;
use std::{cell::RefCell, collections::HashMap, sync::Arc};

/// What was looked into since it is noted.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Nothing is noted while nobody asks.
    types: Option<RefCell<Vec<TypeId>>>,
    /// Into what it was looked to say what policies, services and flows are from outside.
    through: Arc<HashMap<Def, Vec<TypeId>>>,
}

impl Seen {
    /// From here on it is noted.
    pub(super) fn begin(&mut self) {
        self.types = Some(RefCell::default());
    }

    /// All that was looked into, each once; from here on nothing is noted.
    pub(super) fn end(&mut self) -> Vec<TypeId> {
        let mut types = self.types.take().map(RefCell::into_inner).unwrap_or_default();
        types.sort_unstable();
        types.dedup();
        types
    }

    /// For who looks at a part of the program beside others: the same is known, and nothing is noted yet.
    pub(super) fn beside(&self) -> Self {
        Self {
            types: None,
            through: Arc::clone(&self.through),
        }
    }

    pub(super) fn look(&self, id: TypeId) {
        let Some(types) = &self.types else { return };
        let mut types = types.borrow_mut();
        if types.last() != Some(&id) {
            types.push(id);
        }
    }

    /// Into what was looked to say what a declaration is from outside.
    pub(super) fn note(&mut self, def: Def, types: Vec<TypeId>) {
        if !types.is_empty() {
            Arc::make_mut(&mut self.through).insert(def, types);
        }
    }

    pub(super) fn through(&self, def: Def) {
        if let (Some(types), Some(known)) = (&self.types, self.through.get(&def)) {
            types.borrow_mut().extend(known);
        }
    }
}

impl Checker<'_> {
    /// Says what a declaration is from outside, and notes into which types it looks for that.
    pub(super) fn declaring<T>(&mut self, def: Def, what: impl FnOnce(&mut Self) -> T) -> T {
        if self.memo.is_none() {
            return what(self);
        }
        self.globals.seen.begin();
        let done = what(self);
        let Globals { seen, .. } = &mut self.globals;
        let types = seen.end();
        seen.note(def, types);
        done
    }
}
