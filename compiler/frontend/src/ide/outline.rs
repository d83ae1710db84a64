//! The shape of a text: what can be folded, what a selection grows to, and its lines in the one style.

use super::snapshot::Snapshot;
use crate::{
    format::format,
    syntax::{SyntaxKind as K, SyntaxNode, SyntaxToken},
};
use flowmesh_diagnostics::{Edit, SourceId, Span};

/// What can be folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldKind {
    /// A block, a list, a declaration.
    Region,
    /// Comments one after the other.
    Comment,
    /// `use` one after the other.
    Imports,
}

/// A part of a text that can be folded: from the end of its first line to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// All of it.
    pub span: Span,
    /// What it is.
    pub kind: FoldKind,
}

/// What of a text can be folded.
#[must_use]
pub fn folds(snapshot: &Snapshot, source: SourceId) -> Vec<Fold> {
    let Some(tree) = snapshot.tree(source) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let several = |span: Span| snapshot.slice(span).contains('\n');
    for node in tree.descendants() {
        let Some((open, close)) = brackets(&node) else {
            continue;
        };
        let span = Span::new(
            source,
            open.text_range().start().into(),
            close.text_range().end().into(),
        );
        if several(span) {
            found.push(Fold {
                span,
                kind: FoldKind::Region,
            });
        }
    }
    let tokens = tree
        .descendants_with_tokens()
        .filter_map(|element| element.into_token());
    let comments = tokens
        .filter(|token| token.kind().is_comment())
        .map(|token| token.text_range());
    found.extend(runs(
        snapshot,
        source,
        comments.map(Into::into),
        FoldKind::Comment,
    ));
    let uses = tree.children().filter(|node| node.kind() == K::Import);
    found.extend(runs(
        snapshot,
        source,
        uses.map(|node| node.text_range().into()),
        FoldKind::Imports,
    ));
    found.sort_by_key(|fold| (fold.span.start, fold.span.end));
    found
}

/// The brackets of a node that has some of its own.
fn brackets(node: &SyntaxNode) -> Option<(SyntaxToken, SyntaxToken)> {
    let tokens = || {
        node.children_with_tokens()
            .filter_map(|element| element.into_token())
    };
    let open = tokens().find(|token| token.kind().opens())?;
    let close = tokens().filter(|token| token.kind().closes()).last()?;
    Some((open, close))
}

/// Things of one sort that stand below each other, as one.
fn runs(
    snapshot: &Snapshot,
    source: SourceId,
    all: impl Iterator<Item = std::ops::Range<u32>>,
    kind: FoldKind,
) -> Vec<Fold> {
    let mut found: Vec<(Span, usize)> = Vec::new();
    for range in all {
        let next = Span::new(source, range.start, range.end);
        let joined = found.last_mut().filter(|(last, _)| {
            let between = snapshot.slice(Span::new(source, last.end, next.start));
            between.trim().is_empty() && between.matches('\n').count() == 1
        });
        match joined {
            Some((last, count)) => (last.end, *count) = (next.end, *count + 1),
            None => found.push((next, 1)),
        }
    }
    let several = found.into_iter().filter(|(_, count)| *count > 1);
    several.map(|(span, _)| Fold { span, kind }).collect()
}

/// What a selection at an offset grows to, step by step, the smallest first.
#[must_use]
pub fn selections(snapshot: &Snapshot, source: SourceId, offset: u32) -> Vec<Span> {
    let better = |token: &SyntaxToken| !token.kind().is_trivia() && !token.kind().closes();
    let (left, right) = snapshot.tokens_at(source, offset);
    let Some(token) = right.clone().filter(better).or(left.filter(better)).or(right) else {
        return Vec::new();
    };
    let nodes = token.parent_ancestors().map(|node| node.text_range());
    let mut spans: Vec<Span> = std::iter::once(token.text_range())
        .chain(nodes)
        .map(|range| Span::new(source, range.start().into(), range.end().into()))
        .collect();
    spans.dedup();
    spans
}

/// The edits that lay out the lines of a part of a text as the formatter would.
#[must_use]
pub fn format_range(snapshot: &Snapshot, source: SourceId, range: Span) -> Vec<Edit> {
    let Some(text) = snapshot.sources.get(source).map(|source| source.text.as_str()) else {
        return Vec::new();
    };
    let Ok(formatted) = format(text) else {
        return Vec::new();
    };
    let all = line_edits(text, &formatted, source);
    let touches = |edit: &Edit| edit.span.start <= range.end && range.start <= edit.span.end;
    all.into_iter().filter(touches).collect()
}

/// The least edits of whole lines that make one text of another.
///
/// The formatter changes blanks and line ends alone, and leaves out what is reported: so the texts are gone over side by
/// side, and meet wherever what is no blank is the same.
fn line_edits(old: &str, new: &str, source: SourceId) -> Vec<Edit> {
    let (a, b): (Vec<&str>, Vec<&str>) = (
        old.split_inclusive('\n').collect(),
        new.split_inclusive('\n').collect(),
    );
    let same_head = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (mut i, mut j) = (same_head, same_head);
    let mut at: usize = a.iter().take(same_head).map(|line| line.len()).sum();
    let mut edits = Vec::new();
    while i < a.len() || j < b.len() {
        let (from, to) = (i, j);
        let meeting = meet((&a, from), (&b, to));
        let (next_i, next_j) = meeting.unwrap_or((a.len(), b.len()));
        let replaced: usize = a.iter().take(next_i).skip(from).map(|line| line.len()).sum();
        let text: String = b.iter().take(next_j).skip(to).copied().collect();
        let before: String = a.iter().take(next_i).skip(from).copied().collect();
        let (start, end) = (
            u32::try_from(at).unwrap_or(u32::MAX),
            u32::try_from(at + replaced).unwrap_or(u32::MAX),
        );
        if before != text {
            edits.push(Edit {
                span: Span::new(source, start, end),
                text,
            });
        }
        at += replaced;
        (i, j) = (next_i, next_j);
    }
    edits
}

/// After how many lines of each text as much was said in both.
fn meet((a, from): (&[&str], usize), (b, to): (&[&str], usize)) -> Option<(usize, usize)> {
    let ink = |line: &str| line.chars().filter(|c| !c.is_whitespace()).count();
    let (mut i, mut j, mut left, mut right) = (from, to, 0usize, 0usize);
    loop {
        if left <= right {
            left += ink(a.get(i)?);
            i += 1;
        } else {
            right += ink(b.get(j)?);
            j += 1;
        }
        if left == right && left > 0 {
            return Some((i, j));
        }
    }
}
