//! Migrations: where runs of the version before go on.

use super::Error;
use crate::{
    ast,
    check::{Checker, service::value::plain},
    resolve::Def,
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::program::Migration;
use std::collections::HashMap;

impl<'a> Checker<'a> {
    /// Steps of the version before are not known here; those of this one are looked at when they exist.
    pub(super) fn migrate(&mut self, migrate: &'a ast::Migrate) {
        let Some(Def::Flow(id)) = self.entry(&migrate.flow.text).map(|entry| entry.def) else {
            let near = self.nearest_of(&migrate.flow.text, |def| matches!(def, Def::Flow(_)));
            let (name, span) = (migrate.flow.text.clone(), migrate.flow.span);
            return self.report(Error::UnknownFlow { name, span, near }.diagnostic());
        };
        self.fact(migrate.flow.span, Def::Flow(id));
        let Some(flow) = self.globals.flows.get(id as usize).map(|flow| flow.name.clone()) else {
            return;
        };
        let mut known: HashMap<String, Span> = HashMap::new();
        for (from, to) in &migrate.moves {
            let Some((text, into)) = plain(from).zip(plain(to)) else {
                continue;
            };
            if let Some(first) = known.insert(text.clone(), from.span) {
                let span = from.span;
                self.report(Error::MovedTwice { span, first }.diagnostic());
            }
            let path = format!("migrate/{}", self.mesh.migrations.len());
            self.origins.add(&path, to.span);
            self.mesh.migrations.push(Migration {
                flow: flow.clone(),
                from: text,
                to: into,
            });
        }
    }
}
