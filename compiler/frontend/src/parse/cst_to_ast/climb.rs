//! Operators: from operands and operators in a row to a tree, by strength.

use super::{DEPTH, Reader};
use crate::ast::{Expr, ExprKind, Type};
use crate::parse::error::ParseError;
use crate::syntax::{SyntaxElement, SyntaxKind, SyntaxNode};
use flowmesh_diagnostics::Span;
use flowmesh_ir::expr::{Binary, Unary};

/// Strengths: a higher one binds its operands first.
const ELSE: u8 = 1;
const OR: u8 = 2;
const AND: u8 = 3;
const NOT: u8 = 4;
const COMPARE: u8 = 5;
const RANGE: u8 = 6;
const ADD: u8 = 7;
const MULTIPLY: u8 = 8;
const NEGATE: u8 = 9;
const AS: u8 = 10;
const OF: u8 = 11;

/// A piece of an expression in the order of the text.
#[derive(Debug)]
enum Piece {
    Operand(Expr),
    Operator(SyntaxKind, Span),
    Type(Type),
}

impl Reader {
    /// An expression, `depth` levels down.
    pub(super) fn expr(&mut self, node: &SyntaxNode, depth: usize) -> Expr {
        let operators = node
            .children_with_tokens()
            .filter(|e| is_operator(e.kind()))
            .count();
        let heads: Vec<SyntaxNode> = super::children(node, SyntaxKind::LambdaHead).collect();
        let deeper = depth + operators + heads.len();
        if deeper > DEPTH {
            return self.too_deep_expr(node);
        }
        let pieces: Vec<Piece> = node
            .children_with_tokens()
            .filter_map(|e| self.piece(&e, deeper))
            .collect();
        let mut climb = Climb {
            reader: self,
            pieces: pieces.into_iter().peekable(),
        };
        let Some(mut value) = climb.climb(0) else {
            return self.bad(node);
        };
        for head in heads.iter().rev() {
            let span = self.span(head).to(value.span);
            value = Expr {
                span,
                kind: ExprKind::Lambda(self.names(head), Box::new(value)),
            };
        }
        value
    }

    fn piece(&mut self, element: &SyntaxElement, depth: usize) -> Option<Piece> {
        match element {
            SyntaxElement::Token(token) if is_operator(token.kind()) => {
                Some(Piece::Operator(token.kind(), self.place(token.text_range())))
            }
            SyntaxElement::Node(node) if node.kind() == SyntaxKind::Operand => {
                Some(Piece::Operand(self.operand(node, depth)))
            }
            SyntaxElement::Node(node) if node.kind() == SyntaxKind::Type => Some(Piece::Type(self.ty(node))),
            _ => None,
        }
    }
}

struct Climb<'a> {
    reader: &'a mut Reader,
    pieces: std::iter::Peekable<std::vec::IntoIter<Piece>>,
}

impl Climb<'_> {
    /// An operand, and all operators after it that are at least as strong as `least`. The number of operators was
    /// limited before, and with it the depth of this.
    fn climb(&mut self, least: u8) -> Option<Expr> {
        let mut left = self.prefix()?;
        let mut compared = false;
        while let Some(Piece::Operator(kind, span)) = self.pieces.peek() {
            let (kind, span) = (*kind, *span);
            let (strength, right_strength) = strengths(kind)?;
            if strength < least {
                break;
            }
            self.pieces.next();
            if strength == COMPARE && compared {
                self.chained(kind, span);
            }
            compared = strength == COMPARE;
            left = if kind == SyntaxKind::AsKw {
                self.cast(left)?
            } else {
                self.join(left, kind, span, right_strength)?
            };
        }
        Some(left)
    }

    fn prefix(&mut self) -> Option<Expr> {
        match self.pieces.next()? {
            Piece::Operand(value) => Some(value),
            Piece::Operator(SyntaxKind::NotKw, span) => self.unary(Unary::Not, span, NOT),
            Piece::Operator(SyntaxKind::Minus, span) => self.unary(Unary::Negate, span, NEGATE),
            _ => None,
        }
    }

    fn unary(&mut self, operator: Unary, span: Span, strength: u8) -> Option<Expr> {
        let value = self.climb(strength)?;
        Some(Expr {
            span: span.to(value.span),
            kind: ExprKind::Unary(operator, Box::new(value)),
        })
    }

    fn cast(&mut self, value: Expr) -> Option<Expr> {
        let Some(Piece::Type(ty)) = self.pieces.next() else {
            return None;
        };
        Some(Expr {
            span: value.span.to(ty.span),
            kind: ExprKind::As(Box::new(value), ty),
        })
    }

    fn join(&mut self, left: Expr, kind: SyntaxKind, span: Span, strength: u8) -> Option<Expr> {
        let right = self.climb(strength)?;
        let whole = left.span.to(right.span);
        if kind == SyntaxKind::OfKw {
            return Some(self.share(left, span, right, whole));
        }
        let kind = ExprKind::Binary(binary(kind)?, span, Box::new(left), Box::new(right));
        Some(Expr { span: whole, kind })
    }

    /// `50% of 20`
    fn share(&mut self, left: Expr, span: Span, right: Expr, whole: Span) -> Expr {
        if !matches!(left.kind, ExprKind::Percent(_) | ExprKind::Bad) {
            self.reader.report(ParseError::ShareOf, span);
        }
        Expr {
            span: whole,
            kind: ExprKind::Of(Box::new(left), Box::new(right)),
        }
    }

    fn chained(&mut self, kind: SyntaxKind, span: Span) {
        let found = if kind == SyntaxKind::InKw {
            "`in`"
        } else {
            "a second comparison"
        };
        let error = ParseError::Unexpected {
            expected: "`and` or `or` between comparisons".to_owned(),
            after: None,
            found: found.to_owned(),
            help: Some("comparisons are not chained: write `a < b and b < c`".to_owned()),
        };
        self.reader.report(error, span);
    }
}

fn is_operator(kind: SyntaxKind) -> bool {
    kind == SyntaxKind::NotKw || strengths(kind).is_some()
}

/// How strong an operator between two operands is.
pub(crate) fn strength(kind: SyntaxKind) -> Option<u8> {
    strengths(kind).map(|(strength, _)| strength)
}

/// How strong an operator is, and the least strength of operators in its right operand.
fn strengths(kind: SyntaxKind) -> Option<(u8, u8)> {
    use SyntaxKind as K;
    let strength = match kind {
        K::QuestionQuestion => return Some((ELSE, ELSE)),
        K::OrKw => OR,
        K::AndKw => AND,
        K::EqualsEquals | K::NotEquals | K::Less | K::LessEquals | K::Greater | K::GreaterEquals => COMPARE,
        K::InKw | K::HasKw | K::MatchesKw => COMPARE,
        K::DotDot => RANGE,
        K::Plus | K::Minus => ADD,
        K::Star | K::Slash | K::Percent => MULTIPLY,
        K::AsKw => AS,
        K::OfKw => OF,
        _ => return None,
    };
    Some((strength, strength + 1))
}

fn binary(kind: SyntaxKind) -> Option<Binary> {
    use SyntaxKind as K;
    Some(match kind {
        K::QuestionQuestion => Binary::Else,
        K::OrKw => Binary::Or,
        K::AndKw => Binary::And,
        K::EqualsEquals => Binary::Equal,
        K::NotEquals => Binary::NotEqual,
        K::Less => Binary::Less,
        K::LessEquals => Binary::LessEqual,
        K::Greater => Binary::Greater,
        K::GreaterEquals => Binary::GreaterEqual,
        K::InKw => Binary::In,
        K::HasKw => Binary::Has,
        K::MatchesKw => Binary::Matches,
        K::DotDot => Binary::Range,
        K::Plus => Binary::Add,
        K::Minus => Binary::Subtract,
        K::Star => Binary::Multiply,
        K::Slash => Binary::Divide,
        K::Percent => Binary::Remainder,
        _ => return None,
    })
}
