//! Operators: a long expression breaks before its weakest ones, and only then before stronger ones.

use super::spacing::is_sign;
use super::{Doc, INDENT, Printer};
use crate::parse::strength;
use crate::syntax::{SyntaxElement, SyntaxKind, SyntaxNode};
use pretty::DocAllocator as _;

impl<'a> Printer<'a> {
    /// An expression on one line if it fits.
    pub(super) fn expr(self, node: &SyntaxNode) -> Doc<'a> {
        let elements: Vec<SyntaxElement> = node.children_with_tokens().collect();
        if elements.iter().any(|element| element.kind().is_comment()) {
            return self.row(elements.into_iter(), |_| None);
        }
        self.chain(&elements)
    }

    /// Operands with operators between them. There are only as many levels as operators have strengths.
    fn chain(self, elements: &[SyntaxElement]) -> Doc<'a> {
        let Some(weakest) = elements.iter().filter_map(joint).min() else {
            return self.row(elements.iter().cloned(), |_| None);
        };
        let arena = self.arena;
        let mut doc = arena.nil();
        let mut rest = elements;
        while let Some(at) = rest
            .iter()
            .skip(1)
            .position(|element| joint(element) == Some(weakest))
        {
            let (part, next) = rest.split_at_checked(at + 1).unwrap_or((rest, &[]));
            doc = doc.append(self.operator_and_chain(part, weakest));
            rest = next;
        }
        doc.append(self.operator_and_chain(rest, weakest))
            .nest(INDENT)
            .group()
    }

    /// A part that may begin with the operator that divides the chain.
    fn operator_and_chain(self, part: &[SyntaxElement], weakest: u8) -> Doc<'a> {
        let arena = self.arena;
        match part.split_first() {
            Some((operator, operand)) if joint(operator) == Some(weakest) => {
                let operand = self.chain(operand);
                match operator.kind() {
                    SyntaxKind::DotDot => self.element(operator).append(operand),
                    _ => arena
                        .line()
                        .append(self.element(operator))
                        .append(arena.space())
                        .append(operand),
                }
            }
            _ => self.chain(part),
        }
    }
}

/// The strength of an operator between two operands.
fn joint(element: &SyntaxElement) -> Option<u8> {
    let token = element.as_token()?;
    let is_prefix = token.kind() == SyntaxKind::Minus && is_sign(token);
    strength(token.kind()).filter(|_| !is_prefix)
}
