//! Checks a program again and again, as an editor does: what a change does not touch is not looked at again.
//!
//! [`parsed`] keeps the trees of texts that stay as they are. [`sight`] says in one number what a declaration is and
//! sees of others; [`Memo`] keeps under that number what the checker made of it, and [`heads`] what types, errors and functions
//! say of themselves. [`identity`] says which declaration is which where numbers have changed. The rest (names, heads of
//! other declarations, what only the whole shows) is done anew: it is little.
//!
//! INVARIANT: diagnostics and program are those that [`crate::compile`] gives for the same texts. Only the facts of
//! other modules than the root are missing, but where [`Workspace::project`] asks for all.

mod heads;
mod identity;
mod memo;
mod parsed;
mod sight;

pub(crate) use heads::{Head, Heads, Row, Said};
pub(crate) use memo::{Edges, Kept, Key, Memo, Print, Served, Shelf};
pub(crate) use parsed::{Parsed, Tree};
pub(crate) use sight::Words;

use crate::{
    Analysis, World, check,
    parse::Pieces,
    resolve::{self, Resolved},
    settle,
};
use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_ir::Program;
use identity::Identities;

/// What is known of the last texts of one root.
#[derive(Debug, Default)]
pub struct Workspace {
    parsed: Parsed,
    memo: Memo,
}

impl Workspace {
    /// As [`crate::analyse`], with the facts of the root module alone.
    pub fn analyse(
        &mut self,
        world: &dyn World,
        root: &str,
        sources: &mut Sources,
        found: &mut Diagnostics,
    ) -> Analysis {
        self.parsed.wants_words = true;
        let resolved = resolve::resolve_with(world, root, sources, found, Some(&mut self.parsed));
        self.begin(&resolved);
        let root = resolved.modules.first().map(|root| root.source);
        let checked = check::check_again(world, (&resolved, sources), found, &mut self.memo, root);
        self.parsed.forget(&resolved);
        let analysis = crate::assembled(resolved, checked, sources, found);
        settle(&analysis.resolved, sources, found);
        analysis
    }

    /// The declarations of the root, as they were read last.
    pub(crate) fn pieces(&mut self) -> &mut Pieces {
        &mut self.parsed.root
    }

    /// As [`Self::analyse`], for the sake of what is known where a word is missing: nothing is made of what was found.
    pub(crate) fn probe(&mut self, world: &dyn World, root: &str, sources: &mut Sources) -> Analysis {
        let mut found = Diagnostics::default();
        let resolved = resolve::resolve_with(world, root, sources, &mut found, Some(&mut self.parsed));
        self.begin(&resolved);
        let root = resolved.modules.first().map(|root| root.source);
        let checked = check::check_again(world, (&resolved, sources), &mut found, &mut self.memo, root);
        self.parsed.forget(&resolved);
        Analysis {
            resolved,
            checked,
            ..Analysis::default()
        }
    }

    /// All modules of a project, whether one uses the other or not, with the facts of all: for a workspace of its own.
    /// Nothing is said of what only a whole program shows.
    pub(crate) fn project(
        &mut self,
        world: &dyn World,
        paths: &[String],
        sources: &mut Sources,
        found: &mut Diagnostics,
    ) -> Analysis {
        let resolved = resolve::resolve_all(world, paths, sources, found, Some(&mut self.parsed));
        // Nothing of the last check is taken again: what is noted of a text says where other things are declared, and
        // those may have moved.
        let checked = check::check(&resolved, sources, found);
        self.parsed.forget(&resolved);
        Analysis {
            resolved,
            checked,
            ..Analysis::default()
        }
    }

    fn begin(&mut self, resolved: &Resolved) {
        let identities = Identities::of(resolved);
        let sights = sight::sights(resolved, &identities, &mut self.parsed);
        self.memo.begin(sights, identities);
    }

    /// As [`crate::compile`].
    pub fn compile(
        &mut self,
        world: &dyn World,
        root: &str,
        sources: &mut Sources,
        found: &mut Diagnostics,
    ) -> Option<Program> {
        let mut analysis = self.analyse(world, root, sources, found);
        crate::valid(&mut analysis, found)
    }
}
