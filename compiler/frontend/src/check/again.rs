//! Declarations that were checked before: what was made of them, and what checking them left behind, is taken again.
//!
//! Only those about which nothing was said are kept, so that no message is old. The root is always looked at anew,
//! since an editor asks for its facts.

use super::Checker;
use crate::{
    lower::Lowered,
    resolve::{Def, ModuleId},
    workspace::{Edges, Kept, Key, Memo, Print, Served, Shelf},
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    TypeId,
    numbers::{Numbers, Renumber, Renumbering},
};
use std::collections::HashSet;

/// Who calls whom, and where.
pub(super) type Call = (u32, u32, Span);

/// What there was before something was checked.
pub(super) struct Mark {
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

/// Gives types that were looked into the numbers that they have now.
fn renumber_all(sees: &mut [(TypeId, Print)], declared: &Numbers) {
    let to = Renumbering {
        declared,
        policies: &[],
        made: None,
    };
    sees.iter_mut().for_each(|(id, _)| id.renumber(&to));
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
        let (made, kept) = match known.filter(|kept| self.still(&kept.sees)) {
            Some(mut kept) => {
                self.follow(module, &mut kept);
                (Some(kept.made.clone()), Some(kept))
            }
            None => {
                let mark = self.mark();
                let made = check(self);
                let (kept, seen) = self.kept(module, mark, made.clone());
                (made, self.sighted(kept, &seen))
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
        if let Some(known) = self.edges_before(key) {
            self.edges.extend_from_slice(&known.calls);
            if let (Some(key), Some(memo)) = (key, &mut self.memo) {
                memo.edges.put(key, known);
            }
            return;
        }
        let known = self.calls_of(check);
        if let (Some(key), Some(memo), Some((calls, seen))) = (key, &mut self.memo, known) {
            let sees = memo.sight_of(&seen);
            memo.edges.put(key, Edges { calls, sees });
        }
    }

    /// The calls of a function, if there is nothing to say of it, and the types into which it looks.
    pub(super) fn calls_of(&mut self, check: impl FnOnce(&mut Self)) -> Option<(Vec<Call>, Vec<TypeId>)> {
        let (before, found) = (self.edges.len(), self.found.len());
        self.globals.seen.begin();
        check(self);
        let seen = self.globals.seen.end();
        let calls = self.edges.get(before..).unwrap_or(&[]).to_vec();
        (self.found.len() == found).then_some((calls, seen))
    }

    fn edges_before(&mut self, key: Option<Key>) -> Option<Edges> {
        let known = self.memo.as_mut()?.edges.take(key?)?;
        let mut known = Some(known).filter(|known| self.still(&known.sees))?;
        if let Some(numbers) = self.memo.as_ref().and_then(|memo| memo.numbers.as_ref()) {
            let moved = |at: &mut u32| {
                let now = numbers.functions.get(*at as usize);
                now.into_iter().for_each(|now| *at = now.0);
            };
            known.calls.iter_mut().for_each(|(who, whom, _)| {
                moved(who);
                moved(whom);
            });
            renumber_all(&mut known.sees, numbers);
        }
        Some(known)
    }

    /// Whether types into which something looked are what they were.
    fn still(&self, sees: &[(TypeId, Print)]) -> bool {
        let memo = self.memo.as_ref();
        memo.is_some_and(|memo| memo.still(sees))
    }

    /// The number under which a declaration is kept; none for those of the root.
    pub(super) fn kept_under(&self, module: ModuleId, item: usize) -> Option<Key> {
        let memo = self.memo.as_ref().filter(|_| module != ModuleId(0))?;
        memo.key(module.0, item)
    }

    pub(super) fn mark(&mut self) -> Mark {
        self.policies.mark();
        self.copies.asked = false;
        self.globals.seen.begin();
        Mark {
            used: std::mem::take(&mut self.used),
            found: self.found.len(),
            made: self.made.len(),
        }
    }

    /// What a declaration says of itself from outside. It is not moved to other numbers, but said anew.
    pub(crate) fn head_again<T: Clone>(
        &mut self,
        def: Def,
        (module, item): (ModuleId, usize),
        shelf: impl Fn(&mut Memo) -> &mut Shelf<Kept<T>>,
        say: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let same = self.memo.as_ref().is_some_and(|memo| memo.numbers.is_none());
        let key = self.kept_under(module, item);
        let known = key.and_then(|key| shelf(self.memo.as_mut()?).take(key));
        if let Some(kept) = known.filter(|kept| same && self.still(&kept.sees)) {
            self.used.extend(kept.used.iter().map(|at| (module, *at)));
            let made = kept.made.clone();
            self.globals
                .seen
                .note(def, kept.sees.iter().map(|(id, _)| *id).collect());
            if let (Some(key), Some(memo)) = (key, &mut self.memo) {
                shelf(memo).put(key, kept);
            }
            return made;
        }
        if key.is_none() {
            return self.declaring(def, say);
        }
        let mark = self.mark();
        let made = say(self);
        let (kept, seen) = self.kept(module, mark, Some(made.clone()));
        let kept = self.sighted(kept, &seen);
        self.globals.seen.note(def, seen);
        if let (Some(key), Some(kept), Some(memo)) = (key, kept, &mut self.memo) {
            shelf(memo).put(key, kept);
        }
        made
    }

    /// What was made, with what was left behind since the mark; nothing where it cannot be taken again. And the types into
    /// which it was looked, of which it is not said yet what they are.
    pub(super) fn kept<T>(
        &mut self,
        module: ModuleId,
        mark: Mark,
        made: Option<T>,
    ) -> (Option<Kept<T>>, Vec<TypeId>) {
        let seen = self.globals.seen.end();
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
        let kept = made.filter(|_| clean).map(|made| Kept {
            made,
            used,
            policies,
            types: (types, first),
            sees: Vec::new(),
        });
        (kept, seen)
    }

    /// Says what the types are into which it was looked.
    pub(super) fn sighted<T>(&self, kept: Option<Kept<T>>, seen: &[TypeId]) -> Option<Kept<T>> {
        let sees = self.memo.as_ref()?.sight_of(seen);
        Some(Kept { sees, ..kept? })
    }

    /// Leaves behind again what was left behind before, and gives everything the numbers that it has now.
    fn follow<T: Renumber>(&mut self, module: ModuleId, kept: &mut Kept<T>) {
        self.used.extend(kept.used.iter().map(|at| (module, *at)));
        let now = self.made_type(self.made.len());
        let same = Numbers::default();
        let numbers = self.memo.as_ref().and_then(|memo| memo.numbers.as_ref());
        if let Some(numbers) = numbers {
            renumber_all(&mut kept.sees, numbers);
        }
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
