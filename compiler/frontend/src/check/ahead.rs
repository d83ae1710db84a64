//! Bodies that nobody knows yet, checked beside each other before each is asked for in its turn.
//!
//! INVARIANT: what comes out is what checking one after the other gives. Of a body about which nothing was said,
//! [`super::again`] keeps all that checking it leaves behind, and takes it in its turn, under the numbers of then. Of any
//! other nothing is kept, so that it is checked again in its turn, and says what it has to say there.

use super::{Checker, Globals, service::Policies};
use crate::{
    resolve::{Declared, ModuleId, Resolved},
    workspace::{Edges, Kept, Key, Memo, Shelf},
    world::Work,
};
use flowmesh_diagnostics::{Diagnostics, SourceId, Sources};
use flowmesh_ir::{TypeId, service::Service};
use std::sync::Arc;

/// So many bodies are given out together: for fewer it is not worth while.
const TOGETHER: usize = 24;

/// What the check of a body needs of what is there before it.
struct Beside<'b> {
    resolved: &'b Resolved,
    sources: &'b Sources,
    globals: Globals,
    policies: Policies,
    services: Vec<Arc<Service>>,
    function_numbers: Vec<u32>,
    only: Option<SourceId>,
    muted: bool,
}

impl<'b> Beside<'b> {
    fn of(checker: &Checker<'b>) -> Self {
        Self {
            resolved: checker.resolved,
            sources: checker.sources,
            globals: checker.globals.shared(),
            policies: checker.policies.clone(),
            services: checker.services.clone(),
            function_numbers: checker.function_numbers.clone(),
            only: checker.facts.only,
            muted: checker.muted,
        }
    }

    fn checker(self, found: &'b mut Diagnostics) -> Checker<'b> {
        let mut checker = Checker::new(self.resolved, self.sources, found);
        checker.globals = self.globals;
        checker.policies = self.policies;
        checker.services = self.services;
        checker.function_numbers = self.function_numbers;
        checker.facts.only = self.only;
        checker.muted = self.muted;
        checker
    }
}

impl Checker<'_> {
    /// Checks those of some declarations beside each other, where nothing is known of any. Later, those of which nothing is kept
    /// have something to say, and would be checked twice.
    pub(super) fn ahead<T: Clone + Send>(
        &mut self,
        table: &[Declared],
        shelf: impl Fn(&mut Memo) -> &mut Shelf<Kept<T>>,
        check: impl Fn(&mut Checker<'_>, usize, &Declared) -> Option<T> + Sync,
    ) {
        // What a template is given is looked up in what was made of others.
        if !self.globals.templates.is_empty() {
            return;
        }
        let right = self.beside(table, |checker, at, declared| {
            checker.unheard(declared.module, |checker| check(checker, at, declared))
        });
        for (key, (kept, seen)) in right {
            let kept = self.sighted(Some(kept), &seen);
            if let (Some(kept), Some(memo)) = (kept, &mut self.memo) {
                shelf(memo).put_before(key, kept);
            }
        }
    }

    /// As [`Self::ahead`], for the calls of functions.
    pub(super) fn edges_ahead(
        &mut self,
        table: &[Declared],
        check: impl Fn(&mut Checker<'_>, usize, &Declared) + Sync,
    ) {
        let known = self.beside(table, |checker, at, declared| {
            checker.calls_of(|checker| check(checker, at, declared))
        });
        let Some(memo) = &mut self.memo else { return };
        for (key, (calls, seen)) in known {
            let sees = memo.sight_of(&seen);
            memo.edges.put_before(key, Edges { calls, sees });
        }
    }

    /// Looks at declarations of which nothing is known yet, on all hands, and says what came out of each.
    fn beside<R: Send>(
        &mut self,
        table: &[Declared],
        look: impl Fn(&mut Checker<'_>, usize, &Declared) -> Option<R> + Sync,
    ) -> Vec<(Key, R)> {
        let is_new = self.memo.as_ref().is_some_and(|memo| memo.is_new);
        let Some(world) = self.hands.filter(|_| is_new) else {
            return Vec::new();
        };
        let mut unknown = Vec::new();
        for (at, declared) in table.iter().enumerate() {
            let key = self.kept_under(declared.module, declared.item);
            unknown.extend(key.map(|key| (key, at, declared)));
        }
        if unknown.len() <= TOGETHER {
            return Vec::new();
        }
        let mut done: Vec<Vec<(Key, R)>> = Vec::new();
        done.resize_with(unknown.len().div_ceil(TOGETHER), Vec::new);
        let look = &look;
        let work = unknown
            .chunks(TOGETHER)
            .zip(&mut done)
            .map(|(some, done)| -> Work<'_> {
                let beside = Beside::of(self);
                Box::new(move || {
                    let mut found = Diagnostics::default();
                    let mut checker = beside.checker(&mut found);
                    for (key, at, declared) in some {
                        let came = look(&mut checker, *at, declared);
                        done.extend(came.map(|came| (*key, came)));
                    }
                })
            });
        world.work(work.collect());
        done.into_iter().flatten().collect()
    }

    /// Checks a body whose messages nobody hears; nothing where there are some.
    fn unheard<T>(
        &mut self,
        module: ModuleId,
        check: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<(Kept<T>, Vec<TypeId>)> {
        let mark = self.mark();
        let made = check(self);
        let (kept, seen) = self.kept(module, mark, made);
        Some((kept?, seen))
    }
}
