//! The signs of the language.

use crate::syntax::SyntaxKind;

/// The longest sign of the language at the start of `rest`.
pub(super) fn known_sign(rest: &str) -> Option<(SyntaxKind, usize)> {
    use SyntaxKind as K;
    const SIGNS: &[(&str, SyntaxKind)] = &[
        ("->", K::Arrow),
        ("=>", K::FatArrow),
        ("==", K::EqualsEquals),
        ("!=", K::NotEquals),
        ("<=", K::LessEquals),
        (">=", K::GreaterEquals),
        ("..", K::DotDot),
        ("?.", K::QuestionDot),
        ("??", K::QuestionQuestion),
        ("(", K::RoundOpen),
        (")", K::RoundClose),
        ("[", K::SquareOpen),
        ("]", K::SquareClose),
        (",", K::Comma),
        (":", K::Colon),
        (".", K::Dot),
        ("=", K::Equals),
        ("?", K::Question),
        ("<", K::Less),
        (">", K::Greater),
        ("+", K::Plus),
        ("-", K::Minus),
        ("*", K::Star),
        ("/", K::Slash),
        ("%", K::Percent),
    ];
    SIGNS
        .iter()
        .find(|(sign, _)| rest.starts_with(sign))
        .map(|(sign, kind)| (*kind, sign.len()))
}
