//! Checked statements that other statements run in.

use super::{Catch, Statement};
use flowmesh_ir::{
    Name, SlotId,
    expr::Expr,
    flow::{Gather, Guard, Need, Rest},
};

/// Branches that end together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Region {
    pub(crate) branches: Vec<Branch>,
    pub(crate) need: Need,
    pub(crate) rest: Rest,
    pub(crate) within: Option<(Expr, Vec<Statement>)>,
    pub(crate) guard: Option<Guard>,
    pub(crate) catch: Vec<Catch>,
    pub(crate) finally: Option<Vec<Statement>>,
    /// The number of its step, if it can be cancelled by name.
    pub(crate) step: Option<u32>,
    /// What people see it as, where waiting for it to begin is worth a word: `lock`.
    pub(crate) title: Option<&'static str>,
}

/// A branch as written.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    pub(crate) when: Option<Expr>,
    /// The branches that come before it, by number.
    pub(crate) after: Vec<u32>,
    pub(crate) body: Vec<Statement>,
}

impl Region {
    /// One branch, in which everything stands.
    pub(crate) fn of(body: Vec<Statement>) -> Self {
        let branch = Branch {
            when: None,
            after: Vec::new(),
            body,
        };
        Self {
            branches: vec![branch],
            ..Self::default()
        }
    }
}

/// How the rounds of a loop run side by side.
#[derive(Clone, Debug)]
pub(crate) struct Fan {
    pub(crate) own: Vec<SlotId>,
    pub(crate) limit: Option<Expr>,
    pub(crate) need: Need,
    pub(crate) rest: Rest,
    pub(crate) gather: Option<Gather>,
}

/// A named part of a flow that people see.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) name: Name,
    pub(crate) title: Option<String>,
}
