//! Where things stand in the text around a place.

use flowmesh_diagnostics::{Source, Span};

/// The empty place at an offset of the same text.
pub(crate) fn span_at(like: Span, at: usize) -> Span {
    let at = u32::try_from(at).unwrap_or(u32::MAX);
    Span::new(like.source, at, at)
}

/// The place together with a word that stands just before it.
pub(crate) fn back_over(source: &Source, span: Span, word: &str) -> Option<Span> {
    let before = source.text.get(..span.start as usize)?.trim_end();
    let rest = before.strip_suffix(word)?;
    let start = u32::try_from(rest.len()).ok()?;
    (!rest.ends_with(is_letter)).then_some(Span { start, ..span })
}

/// What stands before a place on its line.
pub(crate) fn line_before(source: &Source, span: Span) -> &str {
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

pub(crate) fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// What begins here, up to the end of the line on which its brackets are closed.
pub(crate) fn balanced(text: &str) -> &str {
    let mut depth = 0usize;
    let mut quoted = false;
    let mut before = '\0';
    let end = text.char_indices().find(|(_, c)| {
        match c {
            '"' if before != '\\' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted && depth == 0 => return true,
            ')' | ']' | '}' if !quoted => depth -= 1,
            '\n' if depth == 0 => return true,
            _ => {}
        }
        before = *c;
        false
    });
    let end = end.map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text).trim_end()
}

/// The first of some names that a part of a text does not have, or the last of them with a number. What stands behind a
/// dot belongs to something else.
pub(crate) fn free_name(source: &Source, within: Span, names: &[&str]) -> Option<String> {
    let last = names.last()?;
    let numbered = (2..9).map(|number| format!("{last}_{number}"));
    let mut all = names.iter().map(|name| (*name).to_owned()).chain(numbered);
    all.find(|name| uses(source, within, name) == 0)
}

/// How often a name stands in a part of a text, not counting what belongs to something else.
pub(crate) fn uses(source: &Source, within: Span, name: &str) -> usize {
    let of_itself = |span: &Span| {
        let before = source.text.get(..span.start as usize).unwrap_or("");
        !before.ends_with('.') || before.ends_with("..")
    };
    let inside = |span: &Span| within.start <= span.start && span.end <= within.end;
    let places = places_of(source, within, name).into_iter();
    places.filter(inside).filter(of_itself).count()
}

/// A part of a text, its further lines as far left as the line on which it begins: where it lands it is indented anew.
pub(crate) fn dedented(source: &Source, span: Span) -> String {
    let line = line_before(source, span);
    let indent = line.get(..line.len() - line.trim_start().len()).unwrap_or("");
    source.slice(span).replace(&format!("\n{indent}"), "\n")
}
