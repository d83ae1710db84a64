//! Comments that say which warnings are meant, and what they are about.
//!
//! What such a comment is about follows from the tree and not from lines, so that laying the text out anew changes
//! nothing: above a line, it is what begins there; at the end of a line, what ends or opens there. Both without what
//! has lines of its own: the statements of a block, the members of a service, the arms of a `match`.

use super::Reader;
use crate::ast::{Ident, Ignore};
use crate::syntax::{SyntaxElement, SyntaxKind as K, SyntaxNode, SyntaxToken};
use flowmesh_diagnostics::Span;
use rowan::{TextRange, TextSize};

/// The word behind `//`.
const WORD: &str = "ignore";

/// A comment that was read: its codes by where they stand in it, and whether it says why.
type Said = (Vec<(usize, usize)>, bool);

impl Reader {
    /// All such comments of a file. Most files have none, which their text tells soonest.
    pub(super) fn ignores(&self, root: &SyntaxNode) -> Vec<Ignore> {
        let mut has_word = false;
        root.text().for_each_chunk(|chunk| has_word |= is_comment(chunk));
        if !has_word {
            return Vec::new();
        }
        let comments = root
            .descendants_with_tokens()
            .filter_map(SyntaxElement::into_token)
            .filter(|token| token.kind() == K::Comment);
        comments.filter_map(|comment| self.ignore(&comment)).collect()
    }

    fn ignore(&self, comment: &SyntaxToken) -> Option<Ignore> {
        let text = comment.text();
        let (codes, has_reason) = said(text)?;
        let span = self.place(comment.text_range());
        let code = |(start, end): (usize, usize)| {
            let at = |offset: usize| span.start.saturating_add(u32::try_from(offset).unwrap_or(0));
            Some(Ident {
                text: text.get(start..end)?.into(),
                span: Span::new(self.source, at(start), at(end)),
            })
        };
        Some(Ignore {
            span,
            codes: codes.into_iter().filter_map(code).collect(),
            has_reason,
            about: about(comment)
                .into_iter()
                .map(|range| self.place(range))
                .collect(),
        })
    }
}

/// Whether a token is such a comment, as far as one look tells.
fn is_comment(text: &str) -> bool {
    text.starts_with("//") && text.contains(WORD)
}

/// Whether a code can stand behind what a comment begins with: `// ignore `, and perhaps other codes.
pub(crate) fn asks_for_code(begun: &str) -> bool {
    let rest = begun
        .strip_prefix("//")
        .and_then(|rest| rest.trim_start().strip_prefix(WORD));
    rest.is_some_and(|rest| rest.starts_with(char::is_whitespace) && !rest.contains(':'))
}

/// What a comment is about.
pub(crate) fn about(comment: &SyntaxToken) -> Vec<TextRange> {
    match code_before(comment) {
        Some(last) => ended(&last),
        None => next_code(comment)
            .map(|first| above(&first))
            .into_iter()
            .collect(),
    }
}

/// What a comment says, if it is one: `ignore`, and something that looks like a code.
fn said(comment: &str) -> Option<Said> {
    let rest = comment.strip_prefix("//")?.trim_start().strip_prefix(WORD)?;
    let first = rest.trim_start();
    let mut letters = first.chars();
    let is_code =
        matches!(letters.next(), Some('F' | 'f')) && letters.next().is_some_and(|c| c.is_ascii_digit());
    if !is_code || first.len() == rest.len() {
        return None;
    }
    let mut codes = Vec::new();
    let mut rest = rest;
    loop {
        rest = rest.trim_start();
        let length = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        if length > 0 {
            let start = comment.len().saturating_sub(rest.len());
            codes.push((start, start + length));
        }
        rest = rest.get(length..).unwrap_or("").trim_start();
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => break,
        }
    }
    let reason = rest.strip_prefix(':').unwrap_or("");
    Some((codes, !reason.trim().is_empty()))
}

/// What a comment above a token is about: the outermost part that begins with it or, behind what only closes something or
/// goes on with it, later on its line; and the rest of that line.
pub(crate) fn above(first: &SyntaxToken) -> TextRange {
    let start = first.text_range().start();
    let line = std::iter::successors(Some(first.clone()), next_on_line);
    let part = line
        .take_while(|token| !opens_body(token))
        .find_map(|token| part_from(&token));
    let end = part.map_or(start, |part| head(&part).end());
    TextRange::new(start, end.max(line_end(first)))
}

/// What a comment behind the last token of a line is about: the outermost part that ends with it, or whose body begins with
/// it; and the line before it.
fn ended(last: &SyntaxToken) -> Vec<TextRange> {
    let mut last = last.clone();
    while last.kind() == K::Comma
        && let Some(before) = code_before(&last)
    {
        last = before;
    }
    let end = last.text_range().end();
    let opens = opens_body(&last);
    let ends = |node: &SyntaxNode| {
        node.kind() != K::Module && (node.text_range().end() == end || opens && begins_body_of(&last, node))
    };
    let part = last.parent_ancestors().take_while(ends).last();
    let line = TextRange::new(line_start(&last), end);
    part.map(|part| head(&part)).into_iter().chain([line]).collect()
}

/// Whether the body of a part begins with a bracket, and none before it.
fn begins_body_of(open: &SyntaxToken, part: &SyntaxNode) -> bool {
    let start = part.text_range().start();
    let before = std::iter::successors(open.prev_token(), SyntaxToken::prev_token);
    let mut inside = before.take_while(|token| token.text_range().start() >= start);
    !inside.any(|token| bounds_body(&token))
}

/// The outermost part that begins with a token.
fn part_from(token: &SyntaxToken) -> Option<SyntaxNode> {
    let start = token.text_range().start();
    let parts = token.parent_ancestors();
    parts
        .take_while(|node| node.text_range().start() == start && node.kind() != K::Module)
        .last()
}

/// A part up to its body: the first bracket that opens something with lines of its own.
fn head(part: &SyntaxNode) -> TextRange {
    let mut tokens = part
        .descendants_with_tokens()
        .filter_map(SyntaxElement::into_token);
    let body = tokens.find(opens_body);
    let range = part.text_range();
    let end = body.map_or(range.end(), |open| open.text_range().start());
    TextRange::new(range.start(), end)
}

fn opens_body(token: &SyntaxToken) -> bool {
    token.kind() == K::BraceOpen && is_of_body(token)
}

/// Whether a token is no bracket of a value or of settings.
fn is_of_body(token: &SyntaxToken) -> bool {
    use K::{Enumeration, Fields, Hole, MapType, OperationBody, Record, Settings, ValueBlock, Zones};
    let is_value = |node: SyntaxNode| {
        matches!(
            node.kind(),
            Record | MapType | Hole | ValueBlock | Zones | Settings | OperationBody | Fields | Enumeration
        )
    };
    !token.parent().is_some_and(is_value)
}

/// Whether a token is where a body begins or ends.
fn bounds_body(token: &SyntaxToken) -> bool {
    matches!(token.kind(), K::BraceOpen | K::BraceClose) && is_of_body(token)
}

/// The last token of code before another one or a comment, on the same line.
pub(crate) fn code_before(token: &SyntaxToken) -> Option<SyntaxToken> {
    let mut token = token.prev_token()?;
    while token.kind().is_trivia() {
        if token.text().contains('\n') {
            return None;
        }
        token = token.prev_token()?;
    }
    Some(token)
}

/// The first token of code behind a comment.
fn next_code(comment: &SyntaxToken) -> Option<SyntaxToken> {
    std::iter::successors(comment.next_token(), SyntaxToken::next_token)
        .find(|token| !token.kind().is_trivia())
}

/// The next token of code, if it stands on the same line.
fn next_on_line(token: &SyntaxToken) -> Option<SyntaxToken> {
    let next = token.next_token()?;
    match next.kind() {
        K::Whitespace if !next.text().contains('\n') => next_on_line(&next),
        kind if kind.is_trivia() => None,
        _ => Some(next),
    }
}

/// Where the line of a token ends, or a body begins on it.
fn line_end(token: &SyntaxToken) -> TextSize {
    let within = |token: &SyntaxToken| next_on_line(token).filter(|next| !opens_body(next));
    let first = Some(token.clone()).filter(|token| !opens_body(token));
    let last = std::iter::successors(first, within).last();
    last.map_or(token.text_range().start(), |last| last.text_range().end())
}

/// Where the line of a token begins, or the part of it behind the last body.
fn line_start(token: &SyntaxToken) -> TextSize {
    if bounds_body(token) && token.kind() == K::BraceClose {
        return token.text_range().start();
    }
    let within = |token: &SyntaxToken| code_before(token).filter(|before| !bounds_body(before));
    let first = std::iter::successors(Some(token.clone()), within).last();
    first.map_or(token.text_range().start(), |first| first.text_range().start())
}
