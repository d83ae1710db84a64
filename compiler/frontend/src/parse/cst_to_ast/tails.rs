//! What may follow a call: `undo`, `catch`, `with`, `cache`.

use super::{Reader, child, children};
use crate::ast::{self, Tails};
use crate::parse::error::ParseError;
use crate::syntax::{SyntaxKind, SyntaxNode};

impl Reader {
    pub(super) fn tails(&mut self, node: &SyntaxNode, depth: usize) -> Tails {
        let undo =
            child(node, SyntaxKind::Undo).map(|tail| (self.first_word(&tail).span, self.expr_in(&tail)));
        let catch = self.catches(node, depth);
        let with = child(node, SyntaxKind::With).map(|tail| (self.span(&tail), self.child_settings(&tail)));
        let cache = child(node, SyntaxKind::Cache).map(|tail| (self.span(&tail), self.child_settings(&tail)));
        self.report_second(node, SyntaxKind::Undo, "at a call");
        self.report_second(node, SyntaxKind::With, "at a call");
        self.report_second(node, SyntaxKind::Cache, "at a call");
        Tails {
            undo,
            catch,
            with,
            cache,
        }
    }

    /// What stands once in a node, as `place` says.
    pub(super) fn report_second(&mut self, node: &SyntaxNode, kind: SyntaxKind, place: &str) {
        if let Some(second) = children(node, kind).nth(1) {
            let word = self.first_word(&second);
            let expected = format!("one `{}` {place}", word.text);
            let found = "a second one".to_owned();
            self.report(
                ParseError::Unexpected {
                    expected,
                    after: None,
                    found,
                    help: None,
                },
                word.span,
            );
        }
    }

    /// Each `catch` of a node.
    pub(super) fn catches(&mut self, node: &SyntaxNode, depth: usize) -> Vec<ast::Catch> {
        children(node, SyntaxKind::Catch)
            .map(|tail| self.catch(&tail, depth))
            .collect()
    }

    fn catch(&mut self, node: &SyntaxNode, depth: usize) -> ast::Catch {
        let bind = self.names(node).into_iter().nth(1);
        let (error, body) = (self.name(node), Box::new(self.body(node, depth)));
        ast::Catch {
            span: self.span(node),
            error,
            bind,
            body,
        }
    }
}
