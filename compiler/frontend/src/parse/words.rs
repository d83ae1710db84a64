//! The words of the language, by their parts in it.

use crate::syntax::SyntaxKind;

/// Words that are reserved everywhere except as names of fields and settings.
pub(super) const RESERVED: &[&str] = &[
    "and", "as", "await", "break", "catch", "continue", "else", "fail", "false", "for", "has", "if", "in",
    "let", "log", "match", "matches", "none", "not", "or", "parallel", "return", "signal", "sleep", "true",
    "undo", "var", "when", "while", "with",
];

/// Words that begin a declaration of this version.
pub(super) const ITEMS: &[&str] = &[
    "use", "config", "secret", "type", "enum", "error", "policy", "service", "fn", "flow",
];

/// Words that begin a statement and nothing else.
pub(super) const STATEMENTS: &[&str] = &[
    "let", "var", "for", "while", "break", "continue", "parallel", "sleep", "signal", "await", "fail",
    "return", "log", "undo", "catch",
];

/// The kind of token that a word is.
pub(super) fn word_kind(word: &str) -> SyntaxKind {
    match word {
        "var" => SyntaxKind::VarKw,
        "if" => SyntaxKind::IfKw,
        "else" => SyntaxKind::ElseKw,
        "and" => SyntaxKind::AndKw,
        "or" => SyntaxKind::OrKw,
        "not" => SyntaxKind::NotKw,
        "in" => SyntaxKind::InKw,
        "has" => SyntaxKind::HasKw,
        "matches" => SyntaxKind::MatchesKw,
        "as" => SyntaxKind::AsKw,
        "true" => SyntaxKind::TrueKw,
        "false" => SyntaxKind::FalseKw,
        "none" => SyntaxKind::NoneKw,
        _ if RESERVED.contains(&word) => SyntaxKind::Keyword,
        _ => SyntaxKind::Word,
    }
}
