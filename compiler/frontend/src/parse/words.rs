//! The words of the language, by their parts in it.

use crate::syntax::SyntaxKind;
use flowmesh_diagnostics::nearest;

/// Words that are reserved everywhere except as names of fields and settings.
pub(crate) const RESERVED: &[&str] = &[
    "and", "as", "await", "break", "catch", "continue", "else", "fail", "false", "for", "has", "if", "in",
    "let", "log", "match", "matches", "none", "not", "or", "parallel", "return", "signal", "sleep", "true",
    "undo", "var", "when", "while", "with",
];

/// Words that begin a declaration of this version.
pub(crate) const ITEMS: &[&str] = &[
    "use", "config", "secret", "type", "enum", "error", "event", "policy", "service", "fn", "flow",
];

/// Words that begin a statement and nothing else.
pub(super) const STATEMENTS: &[&str] = &[
    "let", "var", "for", "while", "break", "continue", "parallel", "sleep", "signal", "await", "fail",
    "return", "log", "undo", "catch",
];

/// Words that begin a statement or go on with one, the commonest first: what a misspelt word may have been meant to be.
const OF_STATEMENTS: &[&str] = &[
    "let", "return", "if", "for", "else", "catch", "await", "fail", "log", "undo", "match", "var", "when",
    "while", "with", "break", "continue", "sleep", "signal", "parallel", "try", "finally", "race", "spawn",
    "start", "emit", "view", "lock", "limit", "step", "state", "goto", "within", "cancel", "restart",
    "shift", "tag", "on",
];

/// What statements are called in other languages, with what they are called here.
const OTHER_STATEMENTS: [(&str, &str); 13] = [
    ("const", "let"),
    ("val", "let"),
    ("throw", "fail"),
    ("raise", "fail"),
    ("print", "log"),
    ("println", "log"),
    ("echo", "log"),
    ("switch", "match"),
    ("case", "when"),
    ("except", "catch"),
    ("rescue", "catch"),
    ("foreach", "for"),
    ("yield", "emit"),
];

/// Words that begin a declaration, the commonest first.
const OF_ITEMS: &[&str] = &[
    "flow", "service", "type", "error", "policy", "fn", "enum", "use", "config", "secret", "gateway",
    "allow", "deny", "schedule", "test", "mesh", "event", "migrate",
];

/// Whether a word begins a declaration.
pub(crate) fn is_item(word: &str) -> bool {
    OF_ITEMS.contains(&word)
}

/// Whether a word begins a statement of a test.
pub(crate) fn is_test_statement(word: &str) -> bool {
    const FIRST: [&str; 11] = [
        "expect", "always", "mock", "let", "start", "send", "emit", "advance", "cancel", "config", "crash",
    ];
    FIRST.contains(&word)
}

/// Words behind which a statement of a test goes on.
pub(super) const OF_TESTS: &[&str] = &[
    "to", "then", "after", "mock", "send", "start", "emit", "advance", "expect", "always", "returns", "at",
    "of",
];

/// The word that a misspelt one or one of another language was perhaps meant to be, of those that stand where statements are.
pub(super) fn near_statement(word: &str) -> Option<&'static str> {
    let other = OTHER_STATEMENTS.iter().find(|(other, _)| *other == word);
    let other = other.map(|(_, ours)| *ours);
    other.or_else(|| near(word, OF_STATEMENTS).filter(|_| !ITEMS.contains(&word)))
}

/// The same where declarations are.
pub(super) fn near_item(word: &str) -> Option<&'static str> {
    near(word, OF_ITEMS)
}

/// The same of some words; nothing for a word that is one of them.
pub(super) fn near(word: &str, words: &[&'static str]) -> Option<&'static str> {
    let known = words.contains(&word) || RESERVED.contains(&word);
    nearest(word, words.iter().copied().filter(|_| !known))
}

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
        "of" => SyntaxKind::OfKw,
        "true" => SyntaxKind::TrueKw,
        "false" => SyntaxKind::FalseKw,
        "none" => SyntaxKind::NoneKw,
        _ if RESERVED.contains(&word) => SyntaxKind::Keyword,
        _ => SyntaxKind::Word,
    }
}
