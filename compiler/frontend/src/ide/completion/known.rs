//! What is known before anything is looked for.

use crate::{
    Workspace, World,
    ide::{index::Index, snapshot::Snapshot},
};
use std::rc::Rc;

/// What is known already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'k> {
    /// The names of the project that can be taken although the module does not use them yet.
    pub elsewhere: Option<&'k Index>,
    /// The program as it is.
    pub program: Option<&'k Rc<Snapshot>>,
}

/// The program as it is.
pub(super) enum Program<'k> {
    Known(&'k Snapshot),
    Made(Box<Snapshot>),
}

impl<'k> Program<'k> {
    pub(super) fn now(
        workspace: &mut Workspace,
        world: &dyn World,
        root: &str,
        known: Option<&'k Rc<Snapshot>>,
    ) -> Self {
        let make = || Self::Made(Box::new(Snapshot::again(workspace, world, root)));
        known.map_or_else(make, |known| Self::Known(known))
    }

    /// What had to be made.
    pub(super) fn made(self) -> Option<Snapshot> {
        match self {
            Self::Known(_) => None,
            Self::Made(snapshot) => Some(*snapshot),
        }
    }
}

impl std::ops::Deref for Program<'_> {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        match self {
            Self::Known(snapshot) => snapshot,
            Self::Made(snapshot) => snapshot,
        }
    }
}
