//! Which names of its surroundings a statement mentions.

use super::{Block, Expr, ExprKind, Ident, Part, Statement, StatementKind};
use flowmesh_diagnostics::Span;
use flowmesh_ir::Name;

/// How deep the tree is looked into; the parser makes no deeper ones.
const DEEPEST: u32 = 512;

/// The names that a statement reads or assigns and does not bind itself, each with its place.
#[must_use]
pub fn names(statement: &Statement) -> Vec<(Name, Span)> {
    let mut search = Search::default();
    search.statement(statement, 0);
    search.found
}

/// As [`names`], of an expression.
#[must_use]
pub fn names_of(expr: &Expr) -> Vec<(Name, Span)> {
    let mut search = Search::default();
    search.expr(expr, 0);
    search.found
}

#[derive(Default)]
struct Search<'a> {
    /// Names bound on the way, the innermost last.
    bound: Vec<&'a Ident>,
    found: Vec<(Name, Span)>,
}

impl<'a> Search<'a> {
    fn part(&mut self, part: Part<'a>, bound: &[&'a Ident], depth: u32) {
        let before = self.bound.len();
        self.bound.extend_from_slice(bound);
        if depth < DEEPEST {
            match part {
                Part::Expr(expr) => self.expr(expr, depth),
                Part::Statement(statement) => self.statement(statement, depth),
                Part::Block(block) => self.block(block, depth),
            }
        }
        self.bound.truncate(before);
    }

    fn block(&mut self, block: &'a Block, depth: u32) {
        for statement in &block.statements {
            self.statement(statement, depth);
            self.bound.extend(statement.binds());
        }
    }

    fn statement(&mut self, statement: &'a Statement, depth: u32) {
        if let StatementKind::Assign { name, .. } = &statement.kind {
            self.name(&name.text, name.span);
        }
        statement.each_part(&mut |part, bound| self.part(part, bound, depth + 1));
    }

    fn expr(&mut self, expr: &'a Expr, depth: u32) {
        if let ExprKind::Name(name) = &expr.kind {
            self.name(name, expr.span);
        }
        expr.each_part(&mut |part, bound| self.part(part, bound, depth + 1));
    }

    fn name(&mut self, name: &Name, span: Span) {
        if !self.bound.iter().any(|bound| bound.text == *name) {
            self.found.push((name.clone(), span));
        }
    }
}
