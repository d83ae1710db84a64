//! Statements whose tails stand on lines of their own.

use super::spacing::line_breaks;
use super::{Doc, INDENT, Printer};
use crate::syntax::{SyntaxElement, SyntaxKind, SyntaxNode};
use pretty::DocAllocator as _;

impl<'a> Printer<'a> {
    /// A statement, and under it `undo`, `catch`, `with` and `cache`, indented.
    pub(super) fn with_tails(self, node: &SyntaxNode) -> Doc<'a> {
        let elements: Vec<SyntaxElement> = node.children_with_tokens().collect();
        let Some(first) = elements.iter().position(|element| is_tail(element.kind())) else {
            return self.inline(node);
        };
        // Comments between the statement and its first tail belong to the tails.
        let trivia = elements
            .iter()
            .take(first)
            .rev()
            .take_while(|element| element.kind().is_trivia())
            .count();
        let (head, tails) = elements
            .split_at_checked(first - trivia)
            .unwrap_or((&elements, &[]));
        let mut doc = self.row(head.iter().cloned(), |_| None);
        let mut lines = 0;
        for element in tails {
            match element.kind() {
                SyntaxKind::Whitespace => lines += line_breaks(element),
                SyntaxKind::Semicolon => {}
                kind if kind.is_comment() && lines == 0 => {
                    doc = doc.append(self.arena.space()).append(self.element(element));
                }
                _ => {
                    lines = 0;
                    doc = doc.append(self.arena.hardline().append(self.element(element)).nest(INDENT));
                }
            }
        }
        doc
    }

    /// A mock on one line if it fits, else every `then` on a line of its own.
    pub(super) fn mock(self, node: &SyntaxNode) -> Doc<'a> {
        let is_then =
            |element: &SyntaxElement| element.as_token().is_some_and(|token| token.text() == "then");
        let row = self.row(node.children_with_tokens(), |element| {
            is_then(element).then(|| self.arena.line())
        });
        row.nest(INDENT).group()
    }
}

fn is_tail(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::Undo | SyntaxKind::Catch | SyntaxKind::With | SyntaxKind::Cache
    )
}
