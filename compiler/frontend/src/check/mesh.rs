//! Gateways, access rules, the mesh as a whole, schedules and migrations: what they name, and what they say.
//!
//! [`gateway`] reads gateways, [`visitors`] how they know who asks, [`route`] and [`target`] where they lead, [`order`] which route comes first; [`access`]
//! reads rules, [`schedule`] schedules, [`migrate`] migrations. The words for what is wrong are in [`error`].

mod access;
mod error;
mod gateway;
mod migrate;
mod order;
mod parts;
mod pass;
mod route;
mod schedule;
mod target;
mod visitors;

pub(crate) use error::Error;

use super::Checker;
use crate::ast::ItemKind;
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    access::{Mesh, Rule},
    gateway::Gateway,
    program::Migration,
    schedule::Schedule,
};

/// What these declarations amount to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) access: Vec<Rule>,
    pub(crate) mesh: Mesh,
    pub(crate) schedules: Vec<Schedule>,
    pub(crate) migrations: Vec<Migration>,
}

/// Gateways and schedules by their numbers, then what has no name, module by module.
pub(super) fn all(checker: &mut Checker<'_>) {
    gateway::all(checker);
    schedule::all(checker);
    let resolved = checker.resolved;
    let mut mesh: Option<Span> = None;
    for (id, module) in (0u32..).map(crate::resolve::ModuleId).zip(&resolved.modules) {
        checker.frame.module = id;
        for item in &module.ast.items {
            match &item.kind {
                ItemKind::Access(access) => checker.access(access, item.span),
                ItemKind::Mesh { word, settings } => {
                    if let Some(first) = mesh {
                        checker.report(Error::MeshTwice { span: *word, first }.diagnostic());
                    }
                    mesh = Some(*word);
                    checker.origins.add("mesh", *word);
                    checker.mesh_settings(settings);
                }
                ItemKind::Migrate(migrate) => checker.migrate(migrate),
                _ => {}
            }
        }
    }
}
