//! `parallel { }`: branches share the frame, so they must not get into each other's way.

use super::Error;
use crate::{
    ast::{self, StatementKind},
    check::{
        Checker,
        frame::Access,
        tree::{Kind, Statement},
    },
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{Name, SlotId};
use std::collections::HashMap;

impl<'a> Checker<'a> {
    pub(super) fn parallel(&mut self, span: Span, block: &'a ast::Block, out: &mut Vec<Statement>) -> bool {
        let before = self.frame.locals.len();
        let names = bound(&block.statements);
        self.forget_vars();
        self.frame.parallel += 1;
        let start = self.frame.accesses.len();
        let mut ends = Vec::with_capacity(block.statements.len());
        let mut adopted: Vec<(Name, SlotId)> = Vec::new();
        let mut branches = Vec::with_capacity(block.statements.len());
        let mut falls = true;
        for statement in &block.statements {
            let mut siblings = names.clone();
            let own = bound(std::slice::from_ref(statement));
            siblings.retain(|name, _| !own.contains_key(name));
            self.frame.siblings.push(siblings);
            self.frame.open();
            let body = self.single(statement);
            adopted.extend(self.frame.close());
            self.frame.siblings.pop();
            falls &= body.falls;
            branches.push(body.statements);
            ends.push(self.frame.accesses.len());
        }
        self.frame.parallel -= 1;
        self.conflicts(start, &ends, before);
        if self.frame.parallel == 0 {
            self.frame.accesses.clear();
        }
        self.forget_vars();
        self.adopt(adopted);
        self.push(out, span, Kind::Parallel(branches));
        falls
    }

    /// What the branches bound is visible after the block.
    fn adopt(&mut self, mut names: Vec<(Name, SlotId)>) {
        names.sort_by_key(|(_, slot)| *slot);
        for (name, slot) in names {
            if let Some(earlier) = self.frame.adopt(name.clone(), slot) {
                let span = |slot| self.frame.local(slot).map(|local| local.span).unwrap_or_default();
                let (span, first) = (span(slot), span(earlier));
                self.twice(name, span, first);
            }
        }
    }

    /// No two branches may write one name, and none may read what another writes.
    fn conflicts(&mut self, start: usize, ends: &[usize], before: usize) {
        let mut writers: HashMap<SlotId, (usize, Span)> = HashMap::new();
        let mut found = Vec::new();
        let accesses = |from: usize, to: usize| self.frame.accesses.get(from..to).unwrap_or_default().iter();
        let branches = || {
            let starts = std::iter::once(&start).chain(ends);
            starts
                .zip(ends)
                .enumerate()
                .flat_map(|(branch, (from, to))| accesses(*from, *to).map(move |access| (branch, *access)))
        };
        let outer = |access: &Access| access.slot.index() < before;
        for (branch, access) in branches().filter(|(_, access)| access.write && outer(access)) {
            let (first, span) = *writers.entry(access.slot).or_insert((branch, access.span));
            if first != branch {
                found.push((access, span));
            }
        }
        for (branch, access) in branches().filter(|(_, access)| !access.write) {
            match writers.get(&access.slot) {
                Some((writer, span)) if *writer != branch => found.push((access, *span)),
                _ => {}
            }
        }
        for (access, other) in found {
            let name = self
                .frame
                .local(access.slot)
                .map(|local| local.name.clone())
                .unwrap_or_default();
            let (span, write) = (access.span, access.write);
            self.report(
                Error::Conflict {
                    name,
                    span,
                    other,
                    write,
                }
                .diagnostic(),
            );
        }
    }
}

/// The names that statements bind.
fn bound(statements: &[ast::Statement]) -> HashMap<Name, Span> {
    let name = |statement: &ast::Statement| match &statement.kind {
        StatementKind::Let { name, .. } => Some((name.text.clone(), name.span)),
        StatementKind::Await { bind: Some(name), .. } => Some((name.text.clone(), name.span)),
        _ => None,
    };
    statements.iter().filter_map(name).collect()
}
