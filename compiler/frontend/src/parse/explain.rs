//! Says what is wrong with a part of the text that fits no rule, by reading it again strictly.

use super::cover::Covered;
use super::error::ParseError;
use super::expected::{expected, keywords};
use super::slips::slip;
use super::tokens::Token;
use super::tree::Bad;
use super::words::{ITEMS, RESERVED, near, near_item, near_statement};
use crate::syntax::SyntaxKind;
use flowmesh_grammar::{FlowParser, Rule};
use pest::Parser as _;
use pest::error::{ErrorVariant, InputLocation};

/// The text and all that is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
    pub(super) covered: &'a Covered,
}

/// Where the strict rule gave up, and what it could have gone on with.
#[derive(Debug)]
pub(super) struct Failure<'a> {
    /// The first token of the part.
    pub(super) first: &'a str,
    /// The token before the place, if it belongs to the part.
    pub(super) before: Option<(SyntaxKind, &'a str)>,
    /// The token at the place; nothing at the end of the text.
    pub(super) found: Option<(SyntaxKind, &'a str)>,
    /// Rules that would have fitted.
    pub(super) positives: Vec<Rule>,
}

/// A message for each bad part; the tails of a bad statement are a part of it.
pub(super) fn all(context: Context<'_>, bad: Vec<Bad>) -> Vec<(ParseError, u32, u32)> {
    let text = |from: usize, to: usize| context.covered.text.get(from..to).unwrap_or("");
    let tail = |part: &str| {
        ["undo ", "catch ", "with ", "cache {"]
            .iter()
            .any(|word| part.starts_with(word))
    };
    let mut end = None;
    let mut problems = Vec::new();
    for bad in bad {
        let follows = end.is_some_and(|end| text(end, bad.start).trim().is_empty());
        end = Some(bad.end);
        if !follows || !tail(text(bad.start, bad.end)) {
            problems.extend(explain(context, bad));
        }
    }
    problems
}

/// The message for one bad part, and the place that it speaks of. Nothing if a covered token is to blame, which was
/// reported on its own.
pub(super) fn explain(context: Context<'_>, bad: Bad) -> Option<(ParseError, u32, u32)> {
    let part = context.covered.text.get(bad.start..bad.end)?;
    let (place, positives) = read_again(strict_rule(bad, part), part);
    let start = context.covered.to_source(bad.start);
    let place = context.covered.to_source(bad.start + place);
    let at = context.tokens.partition_point(|token| token.end <= place);
    let found = context
        .tokens
        .get(at..)?
        .iter()
        .find(|token| !token.kind.is_trivia());
    let before = context
        .tokens
        .get(..at)?
        .iter()
        .rfind(|token| !token.kind.is_trivia());
    let text_of = |token: &Token| (token.kind, context.slice(*token));
    let first = context
        .tokens
        .iter()
        .skip(context.tokens.partition_point(|token| token.end <= start))
        .find(|t| !t.kind.is_trivia());
    let failure = Failure {
        first: first.map_or("", |token| context.slice(*token)),
        before: before.filter(|token| token.start >= start).map(text_of),
        found: found.map(text_of),
        positives,
    };
    if failure.found.is_some_and(|(kind, _)| kind == SyntaxKind::Stray) {
        return None;
    }
    let second = context
        .tokens
        .iter()
        .skip(context.tokens.partition_point(|token| token.end <= start));
    let second = second.filter(|token| !token.kind.is_trivia()).nth(1);
    if let (Some(first), Some(error)) = (first, misspelt(bad, &failure, second.map(text_of))) {
        return Some((error, first.start, first.end));
    }
    let error = slip(bad.rule, &failure).unwrap_or_else(|| unexpected(&failure));
    let end = u32::try_from(context.text.len()).unwrap_or(u32::MAX);
    let (from, to) = found.map_or((end, end), |token| (token.start, token.end));
    Some((error, from, to))
}

impl<'a> Context<'a> {
    fn slice(&self, token: Token) -> &'a str {
        self.text
            .get(token.start as usize..token.end as usize)
            .unwrap_or("")
    }
}

/// The rule that the author probably meant to fulfil.
fn strict_rule(bad: Bad, part: &str) -> Rule {
    let first = part
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .next();
    let begins = |words: &[&str]| first.is_some_and(|first| words.contains(&first));
    match (bad.rule, bad.within) {
        (Rule::bad_item, _) => Rule::lone_item,
        (Rule::lone_expression, _) => Rule::lone_expression,
        (Rule::prompt, _) if begins(ITEMS) => Rule::lone_item,
        (Rule::bad_member, _) => Rule::lone_member,
        (Rule::bad_entry, Some(Rule::fields)) => Rule::lone_field,
        (Rule::bad_entry, Some(Rule::enumeration)) => Rule::lone_case,
        (Rule::bad_entry, _) => Rule::lone_setting,
        (Rule::bad_arm, Some(Rule::route)) => Rule::lone_route_rule,
        (Rule::bad_arm, Some(Rule::await_arms)) => Rule::lone_await_arm,
        (Rule::bad_arm, _) => Rule::lone_arm,
        (Rule::bad_statement, Some(Rule::flow_block)) if is_setting(part) => Rule::lone_setting,
        (Rule::bad_statement, Some(Rule::branches)) if begins(&["when"]) => Rule::lone_branch,
        _ if begins(&["undo", "catch", "with"]) || part.starts_with("cache {") => Rule::lone_tail,
        _ => Rule::lone_statement,
    }
}

/// Whether a part begins like a setting.
fn is_setting(part: &str) -> bool {
    let rest = part.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    rest.len() < part.len() && rest.trim_start().starts_with(':')
}

/// The furthest place that was reached, and the rules that were tried there.
fn read_again(rule: Rule, part: &str) -> (usize, Vec<Rule>) {
    let Err(error) = FlowParser::parse(rule, part) else {
        return (0, Vec::new());
    };
    let place = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    match error.variant {
        ErrorVariant::ParsingError { positives, .. } => (place, positives),
        ErrorVariant::CustomError { .. } => (place, Vec::new()),
    }
}

/// The part begins with a word that is nearly one with which such a part begins.
fn misspelt(bad: Bad, failure: &Failure<'_>, second: Option<(SyntaxKind, &str)>) -> Option<ParseError> {
    let goes_on = second.is_some_and(|(kind, _)| {
        use SyntaxKind as K;
        kind.is_word() || matches!(kind, K::NumberToken | K::Quote | K::BraceOpen)
    });
    let (expected, near) = match (bad.rule, bad.within) {
        (Rule::bad_item, _)
            if second.is_some_and(|(kind, _)| kind.is_word() || kind == SyntaxKind::Quote) =>
        {
            ("a declaration", near_item(failure.first))
        }
        (Rule::bad_member, _) if goes_on => (
            "`op`, `at`, `route` or a setting",
            near(failure.first, &["op", "at", "route"]),
        ),
        (Rule::bad_entry, Some(Rule::operation_body)) if goes_on => {
            ("a setting", near(failure.first, &["on"]))
        }
        (Rule::bad_arm, _) => ("`when` or `else`", near(failure.first, &["when", "else"])),
        (Rule::bad_statement, _) if goes_on => ("a statement", near_statement(failure.first)),
        _ => return None,
    };
    near.map(|near| ParseError::Misspelt {
        expected: expected.to_owned(),
        found: failure.first.to_owned(),
        near: Some(near),
    })
}

fn unexpected(failure: &Failure<'_>) -> ParseError {
    let (expected, help) = expected(&failure.positives);
    let words = keywords(&failure.positives);
    let found = failure
        .found
        .filter(|(kind, _)| *kind == SyntaxKind::Word)
        .map(|(_, word)| word);
    if let Some((found, near)) = found.and_then(|found| Some((found, near(found, &words)?))) {
        return ParseError::Misspelt {
            expected: format!("`{near}`"),
            found: found.to_owned(),
            near: Some(near),
        };
    }
    let after = failure.before.map(|(kind, text)| match kind {
        SyntaxKind::Chars | SyntaxKind::Quote => "\"".to_owned(),
        _ => text.to_owned(),
    });
    ParseError::Unexpected {
        expected,
        after,
        found: words_for(failure.found),
        help,
    }
}

/// How a message names a token.
fn words_for(found: Option<(SyntaxKind, &str)>) -> String {
    match found {
        None => "the end of the file".to_owned(),
        Some((SyntaxKind::Chars | SyntaxKind::Quote, _)) => "a text".to_owned(),
        Some((kind, text)) if kind.is_word() && RESERVED.contains(&text) => {
            format!("the reserved word `{text}`")
        }
        Some((_, text)) => format!("`{text}`"),
    }
}
