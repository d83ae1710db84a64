//! A comment by which a warning is not told any more.

use super::{Action, Ask, edit, mend};
use crate::{
    parse::{above, code_before},
    syntax::{SyntaxKind, SyntaxToken},
};
use flowmesh_diagnostics::{Diagnostic, Fix, Severity};

pub(super) fn actions(ask: &Ask<'_>) -> Vec<Action> {
    let found = ask.snapshot.found.iter();
    let warned = found.filter(|d| d.severity == Severity::Warning && ask.touches(d.span));
    warned.filter_map(|warning| ignored(ask, warning)).collect()
}

/// A comment above what a warning is about. Its author says why.
fn ignored(ask: &Ask<'_>, warning: &Diagnostic) -> Option<Action> {
    if !crate::ignored::can_be_ignored(warning.code) {
        return None;
    }
    let comment = format!("// ignore {}: why this is meant\n", warning.code);
    let (at, is_first) = place(ask, warning.span.start)?;
    let text = if is_first { comment } else { format!("\n{comment}") };
    let fix = Fix {
        title: format!("ignore {} here", warning.code),
        edits: vec![edit(ask.spot(at), text)],
    };
    Some(mend(warning, fix))
}

/// Where a comment is about a place, and whether a line begins there.
fn place(ask: &Ask<'_>, offset: u32) -> Option<(u32, bool)> {
    let (_, token) = ask.snapshot.tokens_at(ask.id, offset);
    let token = token?;
    let first = first_of_line(&token);
    let about = |first: &SyntaxToken| above(first).contains(offset.into());
    let start = |first: &SyntaxToken| u32::from(first.text_range().start());
    if about(&first) {
        return Some((start(&first), true));
    }
    // What has a line of its own in style, and stands on that of its head or of its neighbour, is parted from it.
    let parts = token.parent_ancestors().filter(|part| {
        let is_arm = matches!(part.kind(), SyntaxKind::Arm | SyntaxKind::ExprArm);
        is_arm || part.first_token().is_some_and(|first| follows_body(&first))
    });
    let mut inner = parts.filter_map(|part| part.first_token()).filter(about);
    inner.next().map(|first| (start(&first), false))
}

/// The first token of a line. A text of several lines belongs to the line on which it begins.
fn first_of_line(token: &SyntaxToken) -> SyntaxToken {
    let before = |token: &SyntaxToken| code_before(token).map(outside_text);
    let all = std::iter::successors(Some(outside_text(token.clone())), before);
    all.last().unwrap_or_else(|| token.clone())
}

/// The first token of the text that a token is part of, or it itself.
fn outside_text(token: SyntaxToken) -> SyntaxToken {
    let texts = token
        .parent_ancestors()
        .filter(|node| node.kind() == SyntaxKind::Text);
    texts.last().and_then(|text| text.first_token()).unwrap_or(token)
}

/// Whether a token is the first behind a bracket that opens a body, or behind a part of that body.
fn follows_body(first: &SyntaxToken) -> bool {
    let before = code_before(first).map(|token| token.kind());
    matches!(before, Some(SyntaxKind::BraceOpen | SyntaxKind::BraceClose))
}
