//! What formatting a text must keep: its words and signs, its comments, and what the parser makes of it.

use flowmesh_diagnostics::{Diagnostics, SourceId};
use flowmesh_frontend::{format, parse, syntax::SyntaxKind};

/// What there is in a text besides its layout.
#[derive(Debug, PartialEq, Eq)]
struct Content {
    words: Vec<String>,
    comments: Vec<String>,
    /// What it says, where nothing is wrong with it.
    meaning: Option<String>,
}

/// Formats a text twice.
pub(super) fn check(text: &str) {
    let Ok(once) = format::format(text) else { return };
    assert_eq!(
        format::format(&once).unwrap_or_default(),
        once,
        "formatting twice changes more"
    );
    let (before, after) = (content(text), content(&once));
    assert_eq!(after.words, before.words, "formatting changes words");
    assert_eq!(after.comments, before.comments, "formatting changes comments");
    if before.meaning.is_some() {
        assert_eq!(after.meaning, before.meaning, "formatting changes the meaning");
    }
}

/// Commas are left out, since the end of a line says the same.
fn content(text: &str) -> Content {
    let mut found = Diagnostics::default();
    let parsed = parse::parse(SourceId(0), text, &mut found);
    let elements = parsed.tree.descendants_with_tokens();
    let (comments, others): (Vec<_>, Vec<_>) = elements
        .filter_map(|element| element.into_token())
        .partition(|token| token.kind().is_comment());
    let words = others
        .iter()
        .filter(|token| !token.kind().is_trivia() && token.kind() != SyntaxKind::Comma);
    Content {
        words: words.map(|token| token.text().trim_end().to_owned()).collect(),
        comments: comments
            .iter()
            .map(|token| token.text().trim_end().to_owned())
            .collect(),
        meaning: (found.iter().count() == 0).then(|| without_places(&format!("{:?}", parsed.module))),
    }
}

/// A tree without the places in the text, each of which begins with the number of its text, `0:`.
fn without_places(tree: &str) -> String {
    let mut parts = tree.split("0:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.'));
    }
    out
}
