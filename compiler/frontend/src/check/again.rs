//! Bodies that were checked before: what was made of them, and what checking them left behind, is taken again.
//!
//! Only bodies about which nothing was said are kept, so that no message is old. The root is always looked at anew,
//! since an editor asks for its facts.

use super::{Checker, tree};
use crate::{
    resolve::{Declared, ModuleId},
    workspace::{Key, Trace},
};
use flowmesh_ir::expr::Function;
use std::{collections::HashSet, sync::Arc};

/// What there was before a body was checked.
struct Mark {
    used: HashSet<(ModuleId, usize)>,
    found: usize,
    made: usize,
}

impl Checker<'_> {
    /// The calls of a function, which its body tells.
    pub(crate) fn edges_again(&mut self, declared: &Declared, at: usize, body: impl FnOnce(&mut Self)) {
        let key = self.kept_under(declared, at);
        if let (Some(key), Some(memo)) = (key, &mut self.memo)
            && let Some(edges) = memo.edges.get(key)
        {
            self.edges.extend(edges);
            return;
        }
        let (before, found) = (self.edges.len(), self.found.len());
        body(self);
        let clean = self.found.len() == found;
        if let (Some(key), Some(memo), true) = (key, &mut self.memo, clean) {
            let new = self.edges.get(before..).unwrap_or(&[]);
            memo.edges.put(key, new.to_vec());
        }
    }

    /// The function that a body makes.
    pub(crate) fn function_again(
        &mut self,
        declared: &Declared,
        at: usize,
        body: impl FnOnce(&mut Self) -> Option<Function>,
    ) -> Option<Function> {
        let Some(key) = self.kept_under(declared, at) else {
            return body(self);
        };
        let kept = self.memo.as_mut().and_then(|memo| memo.functions.get(key));
        if let Some((made, trace)) = kept.cloned()
            && self.follow(declared.module, &trace)
        {
            return Some(made);
        }
        let mark = self.mark();
        let made = body(self);
        let trace = self.trace(declared.module, mark);
        if let (Some(made), Some(trace), Some(memo)) = (&made, trace, &mut self.memo) {
            memo.functions.put(key, (made.clone(), trace));
        }
        made
    }

    /// The flow that a body makes.
    pub(crate) fn flow_again(
        &mut self,
        declared: &Declared,
        at: usize,
        body: impl FnOnce(&mut Self) -> tree::Flow,
    ) -> Arc<tree::Flow> {
        let Some(key) = self.kept_under(declared, at) else {
            return Arc::new(body(self));
        };
        let kept = self.memo.as_mut().and_then(|memo| memo.flows.get(key));
        if let Some((made, trace)) = kept.cloned()
            && self.follow(declared.module, &trace)
        {
            return made;
        }
        let mark = self.mark();
        let made = Arc::new(body(self));
        let trace = self.trace(declared.module, mark);
        if let (Some(trace), Some(memo)) = (trace, &mut self.memo) {
            memo.flows.put(key, (Arc::clone(&made), trace));
        }
        made
    }

    /// The number under which a declaration is kept; none for those of the root.
    fn kept_under(&self, declared: &Declared, at: usize) -> Option<Key> {
        let memo = self.memo.as_ref().filter(|_| declared.module != ModuleId(0))?;
        memo.key(declared.module.0, declared.item, at, &self.function_numbers)
    }

    fn mark(&mut self) -> Mark {
        self.policies.asked.clear();
        Mark {
            used: std::mem::take(&mut self.used),
            found: self.found.len(),
            made: self.made.len(),
        }
    }

    /// What was left behind since the mark; nothing where it cannot be taken again.
    fn trace(&mut self, module: ModuleId, mark: Mark) -> Option<Trace> {
        let new = std::mem::replace(&mut self.used, mark.used);
        let clean = self.found.len() == mark.found
            && self.made.len() == mark.made
            && new.iter().all(|(user, _)| *user == module);
        let used = new.iter().map(|(_, at)| *at).collect();
        self.used.extend(new);
        let asked = self.policies.asked.iter();
        let policies = asked.filter_map(|id| Some((self.policies.get(*id)?.clone(), *id)));
        clean.then(|| Trace {
            used,
            policies: policies.collect(),
        })
    }

    /// Leaves behind again what a body left behind before; says whether that could be.
    fn follow(&mut self, module: ModuleId, trace: &Trace) -> bool {
        let same = self.policies.again(&trace.policies);
        if same {
            self.used.extend(trace.used.iter().map(|at| (module, *at)));
        }
        same
    }
}
