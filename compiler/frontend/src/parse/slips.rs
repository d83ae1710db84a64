//! Common slips, most of them habits from other languages, that deserve words of their own.

use super::error::ParseError;
use super::explain::Failure;
use super::words::{ITEMS, STATEMENTS};
use crate::syntax::SyntaxKind;
use flowmesh_grammar::Rule;

/// What other languages call a declaration, and what it is called here.
const OTHER_ITEMS: &[(&str, &str)] = &[
    ("function", "fn"),
    ("def", "fn"),
    ("func", "fn"),
    ("fun", "fn"),
    ("struct", "type"),
    ("record", "type"),
    ("class", "type"),
    ("interface", "type"),
    ("import", "use"),
    ("include", "use"),
    ("workflow", "flow"),
    ("exception", "error"),
];

/// The slip that explains a failure, if it is a known one.
pub(super) fn slip(rule: Rule, failure: &Failure<'_>) -> Option<ParseError> {
    at_the_start(rule, failure)
        .or_else(|| among_statements(rule, failure))
        .or_else(|| within(failure))
}

/// A setting where a statement should be.
fn among_statements(rule: Rule, failure: &Failure<'_>) -> Option<ParseError> {
    let (_, found) = failure.found?;
    let second = failure.before.is_some_and(|(_, before)| before == failure.first);
    if rule != Rule::bad_statement || !second {
        return None;
    }
    (found == ":").then(|| {
        let help = "settings stand at the head of a flow's body, before its first statement";
        sentence("a statement", &format!("{}:", failure.first), help)
    })
}

/// The part begins with something that no part of its sort begins with.
fn at_the_start(rule: Rule, failure: &Failure<'_>) -> Option<ParseError> {
    if failure.before.is_some() {
        return after_else(failure);
    }
    let (_, found) = failure.found?;
    if rule == Rule::bad_item {
        if let Some((_, say)) = OTHER_ITEMS.iter().find(|(word, _)| *word == found) {
            return Some(ParseError::foreign(found, say));
        }
        if STATEMENTS.contains(&found) || matches!(found, "if" | "match") {
            return Some(sentence(
                "a declaration",
                found,
                "statements stand in the body of a `flow`",
            ));
        }
    }
    if rule == Rule::bad_statement && ITEMS.contains(&found) {
        let word = found.to_owned();
        return Some(ParseError::NotInFlow { word });
    }
    match (rule, found) {
        (Rule::bad_statement, "else") => Some(sentence(
            "a statement",
            found,
            "`else` follows the `}` of an `if`",
        )),
        (Rule::bad_statement, "=") => {
            let help = "only a name can be assigned; a changed record is made anew and assigned whole";
            Some(sentence("a statement", found, help))
        }
        (Rule::bad_statement, "catch" | "undo" | "with" | "cache") => Some(sentence(
            "a statement",
            found,
            "it follows a call, and nothing may stand between them",
        )),
        (Rule::bad_statement, "?") => Some(ParseError::foreign("?", "if c { a } else { b }")),
        (Rule::bad_statement, "when") => Some(sentence(
            "a statement",
            found,
            "`when` stands inside `match x { }`, `await { }`, `parallel { }` and `race { }`",
        )),
        _ => None,
    }
}

fn after_else(failure: &Failure<'_>) -> Option<ParseError> {
    let (_, found) = failure.found?;
    let after = failure
        .before
        .filter(|(_, before)| failure.first == "else" && *before == "else")?
        .1;
    let (expected, after) = ("`{` or `if`".to_owned(), Some(after.to_owned()));
    Some(ParseError::Unexpected {
        expected,
        after,
        found: format!("`{found}`"),
        help: None,
    })
}

/// The part breaks off at a sign that other languages have there.
fn within(failure: &Failure<'_>) -> Option<ParseError> {
    let (kind, _) = failure.found?;
    let (before, word) = failure.before?;
    let arithmetic = matches!(
        before,
        SyntaxKind::Plus | SyntaxKind::Minus | SyntaxKind::Star | SyntaxKind::Slash
    );
    match kind {
        SyntaxKind::Equals if arithmetic => Some(ParseError::foreign(
            &format!("{word}="),
            &format!("x = x {word} ..."),
        )),
        SyntaxKind::Equals if failure.positives.contains(&Rule::operator) => {
            Some(ParseError::foreign("=", "=="))
        }
        SyntaxKind::Question if failure.positives.contains(&Rule::operator) => {
            Some(ParseError::foreign("?", "if c { a } else { b }"))
        }
        _ => None,
    }
}

fn sentence(expected: &str, found: &str, help: &str) -> ParseError {
    let (expected, found) = (expected.to_owned(), format!("`{found}`"));
    ParseError::Unexpected {
        expected,
        after: None,
        found,
        help: Some(help.to_owned()),
    }
}
