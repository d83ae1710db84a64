//! Statements that do several things: loops, branches that run at once, and `try`.

use super::{Reader, child, children};
use crate::ast::{self, ForSource, StatementKind};
use crate::syntax::{SyntaxKind, SyntaxNode};

impl Reader {
    /// A loop, branches or `try`; nothing for a node that is none of them.
    pub(super) fn branching(&mut self, node: &SyntaxNode, depth: usize) -> Option<StatementKind> {
        Some(match node.kind() {
            SyntaxKind::For => StatementKind::For(Box::new(self.looping(node, depth))),
            SyntaxKind::Parallel => StatementKind::Parallel {
                fan: self.fan(node),
                branches: self.child_block(node, depth),
            },
            SyntaxKind::Race => StatementKind::Race {
                branches: self.child_block(node, depth),
            },
            SyntaxKind::Branch => StatementKind::When {
                condition: self.expr_in(node),
                body: Box::new(self.body(node, depth)),
            },
            SyntaxKind::Try => StatementKind::Try {
                body: self.child_block(node, depth),
                catch: self.catches(node, depth),
                finally: child(node, SyntaxKind::Finally).map(|finally| self.child_block(&finally, depth)),
            },
            _ => return None,
        })
    }

    /// A loop over a list or a signal.
    pub(super) fn looping(&mut self, node: &SyntaxNode, depth: usize) -> ast::For {
        let source = match child(node, SyntaxKind::Heard) {
            Some(heard) => ForSource::Signal(self.name(&heard)),
            None => ForSource::In(self.expr_in(node)),
        };
        ast::For {
            name: self.name(node),
            source,
            fan: child(node, SyntaxKind::Fan).and_then(|fan| self.fan(&fan)),
            limit: self.limit(node, depth),
            body: self.child_block(node, depth),
        }
    }

    /// `parallel(...)` at the start of a node, if it has brackets.
    fn fan(&mut self, node: &SyntaxNode) -> Option<ast::Fan> {
        let call = child(node, SyntaxKind::Call)?;
        Some(ast::Fan {
            span: self.first_word(node).span.to(self.span(&call)),
            arguments: self.arguments(&call),
        })
    }

    /// The arguments in the brackets of a node.
    pub(super) fn arguments(&mut self, node: &SyntaxNode) -> Vec<ast::Argument> {
        children(node, SyntaxKind::Argument)
            .map(|argument| self.argument(&argument, 0))
            .collect()
    }
}
