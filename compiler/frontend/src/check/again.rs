//! Declarations that were checked before: what was made of them, and what checking them left behind, is taken again.
//!
//! Only those about which nothing was said are kept, so that no message is old. The root is always looked at anew,
//! since an editor asks for its facts.

use super::Checker;
use crate::{
    lower::Lowered,
    resolve::ModuleId,
    workspace::{Edges, Kept, Key, Memo, Served, Shelf},
};
use flowmesh_ir::{
    TypeId,
    numbers::{Numbers, Renumber, Renumbering},
};
use std::collections::HashSet;

/// What there was before something was checked.
struct Mark {
    used: HashSet<(ModuleId, usize)>,
    found: usize,
    made: usize,
}

impl Renumber for Lowered {
    fn renumber(&mut self, to: &Renumbering<'_>) {
        self.flow.renumber(to);
    }
}

impl Renumber for Served {
    fn renumber(&mut self, to: &Renumbering<'_>) {
        self.service.renumber(to);
    }
}

impl Checker<'_> {
    /// What checking a declaration makes of it.
    pub(crate) fn again<T: Clone + Renumber>(
        &mut self,
        (module, item): (ModuleId, usize),
        shelf: impl Fn(&mut Memo) -> &mut Shelf<Kept<T>>,
        check: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let Some(key) = self.kept_under(module, item) else {
            return check(self);
        };
        let known = self.memo.as_mut().and_then(|memo| shelf(memo).take(key));
        let (made, kept) = match known {
            Some(mut kept) => {
                self.follow(module, &mut kept);
                (Some(kept.made.clone()), Some(kept))
            }
            None => {
                let mark = self.mark();
                let made = check(self);
                let kept = made.clone().and_then(|made| self.kept(module, mark, made));
                (made, kept)
            }
        };
        if let (Some(kept), Some(memo)) = (kept, &mut self.memo) {
            shelf(memo).put(key, kept);
        }
        made
    }

    /// The calls of a function, which its body tells.
    pub(crate) fn edges_again(&mut self, module: ModuleId, item: usize, check: impl FnOnce(&mut Self)) {
        let key = self.kept_under(module, item);
        let (before, found) = (self.edges.len(), self.found.len());
        match self.edges_before(key) {
            Some(edges) => self.edges.extend(edges),
            None => check(self),
        }
        let clean = self.found.len() == found;
        if let (Some(key), Some(memo), true) = (key, &mut self.memo, clean) {
            let new = self.edges.get(before..).unwrap_or(&[]);
            memo.edges.put(key, new.to_vec());
        }
    }

    fn edges_before(&mut self, key: Option<Key>) -> Option<Edges> {
        let memo = self.memo.as_mut()?;
        let mut edges = memo.edges.take(key?)?;
        if let Some(numbers) = &memo.numbers {
            let moved = |at: &mut u32| {
                let now = numbers.functions.get(*at as usize);
                now.into_iter().for_each(|now| *at = now.0);
            };
            edges.iter_mut().for_each(|(who, whom, _)| {
                moved(who);
                moved(whom);
            });
        }
        Some(edges)
    }

    /// The number under which a declaration is kept; none for those of the root.
    fn kept_under(&self, module: ModuleId, item: usize) -> Option<Key> {
        let memo = self.memo.as_ref().filter(|_| module != ModuleId(0))?;
        memo.key(module.0, item)
    }

    fn mark(&mut self) -> Mark {
        self.policies.mark();
        self.copies.asked = false;
        Mark {
            used: std::mem::take(&mut self.used),
            found: self.found.len(),
            made: self.made.len(),
        }
    }

    /// What was made, with what was left behind since the mark; nothing where it cannot be taken again.
    fn kept<T>(&mut self, module: ModuleId, mark: Mark, made: T) -> Option<Kept<T>> {
        let new = std::mem::replace(&mut self.used, mark.used);
        // A copy of a flow has a number that only this check knows.
        let clean = self.found.len() == mark.found
            && !self.copies.asked
            && new.iter().all(|(user, _)| *user == module);
        let used = new.iter().map(|(_, at)| *at).collect();
        self.used.extend(new);
        let policies = self.policies.asked();
        let types = self.made.get(mark.made..).unwrap_or(&[]).to_vec();
        let first = self.made_type(mark.made);
        clean.then_some(Kept {
            made,
            used,
            policies,
            types: (types, first),
        })
    }

    /// Leaves behind again what was left behind before, and gives everything the numbers that it has now.
    fn follow<T: Renumber>(&mut self, module: ModuleId, kept: &mut Kept<T>) {
        self.used.extend(kept.used.iter().map(|at| (module, *at)));
        let now = self.made_type(self.made.len());
        let same = Numbers::default();
        let numbers = self.memo.as_ref().and_then(|memo| memo.numbers.as_ref());
        let policies = self.policies.ask_again(&mut kept.policies, numbers);
        let (types, first) = &mut kept.types;
        let made = (!types.is_empty()).then_some((*first, now));
        if numbers.is_some() || !policies.is_empty() || made.is_some_and(|(old, new)| old != new) {
            let to = Renumbering {
                declared: numbers.unwrap_or(&same),
                policies: &policies,
                made,
            };
            kept.made.renumber(&to);
            types.renumber(&to);
        }
        *first = now;
        self.made.extend(types.iter().cloned());
    }

    /// The number of a type that no author wrote.
    fn made_type(&self, at: usize) -> TypeId {
        let id = self.globals.types.len().saturating_add(at);
        TypeId(u32::try_from(id).unwrap_or(u32::MAX))
    }
}
