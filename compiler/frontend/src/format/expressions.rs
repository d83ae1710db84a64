//! Operators: a long expression breaks before its weakest ones.

use super::spacing::is_sign;
use super::{Doc, INDENT, Printer};
use crate::parse::strength;
use crate::syntax::{SyntaxElement, SyntaxKind, SyntaxNode};
use pretty::DocAllocator as _;

impl<'a> Printer<'a> {
    /// An expression on one line if it fits.
    pub(super) fn expr(self, node: &SyntaxNode) -> Doc<'a> {
        let weakest = node
            .children_with_tokens()
            .filter_map(|element| joint(&element))
            .min();
        let breaks = |element: &SyntaxElement| {
            let here = weakest.is_some() && joint(element) == weakest && element.kind() != SyntaxKind::DotDot;
            here.then(|| self.arena.line())
        };
        match weakest {
            Some(_) => self.row(node.children_with_tokens(), breaks).nest(INDENT).group(),
            None => self.inline(node),
        }
    }
}

/// The strength of an operator between two operands.
fn joint(element: &SyntaxElement) -> Option<u8> {
    let token = element.as_token()?;
    let is_prefix = token.kind() == SyntaxKind::Minus && is_sign(token);
    strength(token.kind()).filter(|_| !is_prefix)
}
