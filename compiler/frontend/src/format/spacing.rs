//! Where a blank stands between two tokens.

use crate::syntax::{SyntaxElement, SyntaxKind, SyntaxToken};

/// Whether a blank stands between the last token printed and the next part.
pub(super) fn blank_between(last: &SyntaxToken, next: &SyntaxElement) -> bool {
    let Some(next) = first_token(next) else {
        return false;
    };
    !touches_what_follows(last) && !touches_what_precedes(&next)
}

fn touches_what_follows(last: &SyntaxToken) -> bool {
    use SyntaxKind as K;
    match last.kind() {
        K::RoundOpen | K::SquareOpen | K::Dot | K::QuestionDot | K::DotDot => true,
        K::BraceOpen => parent_kind(last) == Some(K::MapType),
        K::Minus => is_sign(last),
        K::NotKw => last.text() == "!",
        _ => false,
    }
}

fn touches_what_precedes(next: &SyntaxToken) -> bool {
    use SyntaxKind as K;
    match next.kind() {
        K::Comma | K::Colon | K::RoundClose | K::SquareClose | K::Question => true,
        K::Dot | K::QuestionDot | K::DotDot => true,
        K::RoundOpen => matches!(
            parent_kind(next),
            Some(K::Call | K::Params | K::Binds | K::HeardNames | K::Produced)
        ),
        K::SquareOpen => parent_kind(next) == Some(K::Index),
        K::BraceClose => parent_kind(next) == Some(K::MapType),
        _ => false,
    }
}

/// Whether a `-` stands before its only operand.
pub(super) fn is_sign(minus: &SyntaxToken) -> bool {
    let before = |element: &SyntaxElement| element.prev_sibling_or_token();
    let mut siblings = std::iter::successors(minus.prev_sibling_or_token(), before);
    let previous = siblings.find(|element| !element.kind().is_trivia());
    !previous.is_some_and(|element| matches!(element.kind(), SyntaxKind::Operand | SyntaxKind::Type))
}

fn parent_kind(token: &SyntaxToken) -> Option<SyntaxKind> {
    token.parent().map(|parent| parent.kind())
}

fn first_token(element: &SyntaxElement) -> Option<SyntaxToken> {
    match element {
        SyntaxElement::Node(node) => node.first_token(),
        SyntaxElement::Token(token) => Some(token.clone()),
    }
}

/// The last token of a part.
pub(super) fn last_token(element: &SyntaxElement) -> Option<SyntaxToken> {
    match element {
        SyntaxElement::Node(node) => node.last_token(),
        SyntaxElement::Token(token) => Some(token.clone()),
    }
}

/// How many lines end in a piece of white space.
pub(super) fn line_breaks(element: &SyntaxElement) -> usize {
    element
        .as_token()
        .map_or(0, |token| token.text().matches('\n').count())
}
