//! Where things stand in the text around a place.

use flowmesh_diagnostics::{Source, Span};

/// The empty place at an offset of the same text.
pub(super) fn span_at(like: Span, at: usize) -> Span {
    let at = u32::try_from(at).unwrap_or(u32::MAX);
    Span::new(like.source, at, at)
}

/// The place together with a word that stands just before it.
pub(super) fn back_over(source: &Source, span: Span, word: &str) -> Option<Span> {
    let before = source.text.get(..span.start as usize)?.trim_end();
    let rest = before.strip_suffix(word)?;
    let start = u32::try_from(rest.len()).ok()?;
    (!rest.ends_with(is_letter)).then_some(Span { start, ..span })
}

/// What stands before a place on its line.
pub(super) fn line_before(source: &Source, span: Span) -> &str {
    let before = source.text.get(..span.start as usize).unwrap_or("");
    before.rsplit('\n').next().unwrap_or("")
}

/// Every place where a text has a word as a whole.
pub(crate) fn places_of(source: &Source, like: Span, word: &str) -> Vec<Span> {
    if word.is_empty() {
        return Vec::new();
    }
    let whole = |at: &usize| {
        let before = source.text.get(..*at).and_then(|text| text.chars().next_back());
        let after = source
            .text
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(is_letter) && !after.is_some_and(is_letter)
    };
    let starts = source.text.match_indices(word).map(|(at, _)| at).filter(whole);
    let end = |span: Span| span.start + u32::try_from(word.len()).unwrap_or(0);
    starts
        .map(|at| span_at(like, at))
        .map(|span| Span {
            end: end(span),
            ..span
        })
        .collect()
}

pub(super) fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
