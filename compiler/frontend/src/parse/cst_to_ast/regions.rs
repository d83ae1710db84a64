//! Statements that put a frame around others, move between states, or tell the world outside.

use super::{Reader, child, children};
use crate::ast::{self, StatementKind};
use crate::syntax::{SyntaxKind, SyntaxNode};

impl Reader {
    /// A region or a plain statement with a word of its own; nothing for a node that is none of them.
    pub(super) fn region(&mut self, node: &SyntaxNode, depth: usize) -> Option<StatementKind> {
        Some(match node.kind() {
            SyntaxKind::Deadline => self.deadline(node, depth),
            SyntaxKind::Lock => StatementKind::Lock {
                name: self.expr_in(node),
                bind: child(node, SyntaxKind::Name).map(|name| self.ident(&name)),
                body: self.child_block(node, depth),
            },
            SyntaxKind::Limited => self.limited(node, depth),
            SyntaxKind::State => StatementKind::State {
                name: self.name(node),
                body: self.child_block(node, depth),
            },
            SyntaxKind::Step => StatementKind::Step {
                name: self.name(node),
                title: child(node, SyntaxKind::Text).map(|text| self.text(&text, 0)),
                body: self.child_block(node, depth),
            },
            _ => return self.word(node),
        })
    }

    fn word(&mut self, node: &SyntaxNode) -> Option<StatementKind> {
        Some(match node.kind() {
            SyntaxKind::Goto => StatementKind::Goto {
                name: self.name(node),
            },
            SyntaxKind::Cancel => StatementKind::Cancel {
                what: self.expr_in(node),
            },
            SyntaxKind::Emit => StatementKind::Emit {
                event: self.expr_in(node),
            },
            SyntaxKind::Shift => self.shift(node),
            SyntaxKind::Restart => StatementKind::Restart {
                arguments: child(node, SyntaxKind::Arguments)
                    .map_or_else(Vec::new, |arguments| self.arguments(&arguments)),
            },
            SyntaxKind::Tag => StatementKind::Tag {
                key: self.name(node),
                value: self.expr_in(node),
            },
            _ => return None,
        })
    }

    fn deadline(&mut self, node: &SyntaxNode, depth: usize) -> StatementKind {
        let duration = self.expr_in(node);
        let mut blocks = children(node, SyntaxKind::Block);
        let (first, second) = (blocks.next(), blocks.next());
        StatementKind::Within {
            duration,
            body: match first {
                Some(block) => self.block(&block, depth),
                None => self.child_block(node, depth),
            },
            otherwise: second.map(|block| self.block(&block, depth)),
        }
    }

    fn limited(&mut self, node: &SyntaxNode, depth: usize) -> StatementKind {
        let mut most: Vec<ast::Expr> = children(node, SyntaxKind::Expr)
            .skip(1)
            .map(|most| self.expr(&most, 0))
            .collect();
        if most.is_empty() {
            most.push(self.bad(node));
        }
        StatementKind::Limited {
            name: self.expr_in(node),
            most,
            body: self.child_block(node, depth),
        }
    }

    fn shift(&mut self, node: &SyntaxNode) -> StatementKind {
        let weights = self.child_settings(node);
        let weight = |setting: ast::Setting| (setting.name, setting.value);
        StatementKind::Shift {
            service: self.name(node),
            weights: weights.into_iter().map(weight).collect(),
        }
    }
}
