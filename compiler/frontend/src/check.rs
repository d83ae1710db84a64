//! Finds the type of everything, and refuses what cannot work, before anything runs.
//!
//! The steps: [`declare`] gives types, errors and signatures their meaning; `service` reads services and policies;
//! `function` and `flow` check bodies, and turn them into expressions of the program as they go. What comes out is a
//! tree in which names are numbers, types are known and overrides are merged; control flow is still nested, until
//! [`mod@crate::lower`] makes states of a flow that is sound.

mod again;
mod ahead;
mod argument;
mod constant;
mod context;
mod declare;
mod error;
mod events;
mod expr;
mod fact;
mod flow;
mod frame;
mod function;
mod globals;
mod heads;
mod mesh;
mod narrow;
mod pattern;
mod probe;
mod prompt;
mod seen;
mod service;
mod shared;
mod template;
mod test;
pub(crate) mod tree;
mod ty;
mod within;
mod words;
mod written;

pub(crate) use context::{Checker, Taken};
pub use expr::surroundings;
pub use fact::{Fact, FactKind, Facts};
pub(crate) use frame::{Kind, Role};
pub use globals::Globals;
pub(crate) use globals::{FieldInfo, OperationInfo, ServiceInfo, ShapeInfo, Signature, TypeInfo};
pub(crate) use probe::{Asked, Base, Given, Probe, Seen, WORD};
pub use prompt::Bound;
pub(crate) use prompt::{Said, Spoken, session};
pub(crate) use service::KnownPolicy;
pub(crate) use service::setting::Place;
pub use service::setting::{SETTINGS, Setting};
pub(crate) use service::words::time;
pub use ty::Ty;
pub(crate) use within::probe_within;
pub(crate) use words::symbol;

use crate::{
    World,
    resolve::{Error as ResolveError, Resolved},
    workspace::Memo,
};
use flowmesh_diagnostics::{Diagnostics, SourceId, Sources};
use flowmesh_ir::{
    expr::Function,
    flow::Flow,
    policy::Policy,
    program::{Config, Origins},
    service::Service,
    ty::{ErrorDef, EventDef, TypeDef},
};
use std::{collections::HashSet, sync::Arc};

/// A program whose parts were all looked at, right or wrong.
#[derive(Debug, Default)]
pub struct Checked {
    /// What every declaration means.
    pub globals: Globals,
    /// What stands where in the texts, for the editor.
    pub facts: Facts,
    pub(crate) policies: Vec<Policy>,
    pub(crate) tests: Vec<flowmesh_ir::test::Test>,
    /// What is known where a word is missing.
    pub(crate) probes: Vec<Probe>,
    sound: Option<Sound>,
}

/// The parts of a program without errors, from which it can be made.
#[derive(Debug)]
pub struct Sound {
    pub(crate) types: Vec<TypeDef>,
    pub(crate) errors: Vec<ErrorDef>,
    pub(crate) events: Vec<EventDef>,
    pub(crate) configs: Vec<Config>,
    pub(crate) secrets: Vec<flowmesh_ir::Name>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) services: Vec<Arc<Service>>,
    pub(crate) functions: Vec<Arc<Function>>,
    pub(crate) flows: Vec<Arc<Flow>>,
    /// What only the tests need.
    pub(crate) beside: Beside,
    pub(crate) origins: Origins,
    pub(crate) mesh: mesh::Parts,
}

/// What the tests of a program need besides: the ends of some tables, after those of the program.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    pub(crate) flows: Vec<Arc<Flow>>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) types: Vec<TypeDef>,
}

/// How much of these tables is of the program itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Own {
    pub(crate) flows: usize,
    pub(crate) policies: usize,
    pub(crate) types: usize,
}

/// Checks all modules.
pub fn check(resolved: &Resolved, sources: &Sources, found: &mut Diagnostics) -> Checked {
    let mut checker = Checker::new(resolved, sources, found);
    all(&mut checker);
    checker.finish()
}

/// As [`check`], with bodies that are known already, and the facts of one text alone.
pub(crate) fn check_again(
    world: &dyn World,
    (resolved, sources): (&Resolved, &Sources),
    found: &mut Diagnostics,
    memo: &mut Memo,
    only: Option<SourceId>,
) -> Checked {
    let mut checker = Checker::new(resolved, sources, found);
    checker.facts.only = only;
    checker.memo = Some(memo);
    checker.hands = Some(world);
    all(&mut checker);
    checker.finish()
}

fn all(checker: &mut Checker<'_>) {
    declare::all(checker);
    function::all(checker);
    service::all(checker);
    flow::all(checker);
    template::all(checker);
    mesh::all(checker);
    checker.copies();
    checker.keep_apart();
    test::all(checker);
    checker.copies();
    unused_uses(checker);
}

fn unused_uses(checker: &mut Checker<'_>) {
    for (id, module) in (0u32..)
        .map(crate::resolve::ModuleId)
        .zip(&checker.resolved.modules)
    {
        let known: HashSet<usize> = module.scope.values().filter_map(|entry| entry.import).collect();
        let uses = module
            .uses
            .iter()
            .enumerate()
            .filter(|(at, _)| known.contains(at));
        let unused = uses.filter(|(at, _)| !checker.used.contains(&(id, *at)));
        for (_, used) in unused {
            let (name, span) = (used.name.text.clone(), used.span);
            checker
                .found
                .add(ResolveError::UnusedUse { name, span }.diagnostic());
        }
    }
}

impl Checked {
    /// What the program is made of, if nothing is wrong; it can be taken once.
    #[must_use]
    pub fn sound(&mut self) -> Option<Sound> {
        self.sound.take()
    }
}
