//! Changes of the text that mend what is wrong with it, and how they are applied.

use crate::{Diagnostic, SourceId, Sources, Span};
use serde::Serialize;

/// A change of the text that mends something: all of its edits or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// What it does, as an order: `replace by charge`.
    pub title: String,
    /// What is changed, perhaps in several places.
    pub edits: Vec<Edit>,
}

/// One replacement of text.
///
/// It is laid out where it lands, since who computes it sees no text: a line break in `text` is followed by the
/// indentation of the line, a line of which nothing is left is removed whole, and what is removed from a list takes its
/// comma with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// What is replaced; empty where something is inserted.
    pub span: Span,
    /// By what.
    pub text: String,
}

impl Edit {
    /// The bytes that are replaced, and by what, laid out for the text.
    #[must_use]
    pub fn laid_out(&self, text: &str) -> (std::ops::Range<usize>, String) {
        let (start, end) = (self.span.start as usize, self.span.end as usize);
        let (before, after) = (text.get(..start).unwrap_or(text), text.get(end..).unwrap_or(""));
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let head = before.get(line..).unwrap_or("");
        let indent = head.get(..head.len() - head.trim_start().len()).unwrap_or("");
        if !self.text.is_empty() || start == end {
            let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
            return (
                start..end,
                self.text.replace('\n', &format!("{line_end}{indent}")),
            );
        }
        let listed = before.trim_end().ends_with([',', '(', '[', '{']) || head.trim().is_empty();
        let gap = after.len() - after.trim_start().len();
        let (start, end, after, head) = match after.trim_start().strip_prefix(',').filter(|_| listed) {
            Some(rest) => (start, end + gap + 1, rest, head),
            None => match before.trim_end().strip_suffix(',') {
                Some(rest) if after.trim_start().starts_with([')', ']', '}', '{', '=']) => (
                    rest.len(),
                    end,
                    after,
                    rest.get(line.min(rest.len())..).unwrap_or(""),
                ),
                _ => (start, end, after, head),
            },
        };
        let rest = after.split('\n').next().unwrap_or("");
        let whole_line = head.trim().is_empty() && rest.trim().is_empty();
        if whole_line && after.len() > rest.len() {
            return (line..end + rest.len() + 1, String::new());
        }
        // At the end of a line no blanks stay behind, and of two blanks around what is removed one goes with it.
        if rest.trim().is_empty() {
            return (
                start - (head.len() - head.trim_end().len()).min(start)..end,
                String::new(),
            );
        }
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        let doubled = head.is_empty() || head.ends_with([' ', '(', '[']);
        (start..end + if doubled { blanks } else { 0 }, String::new())
    }
}

/// The fixes that can be made together, the first in the text first: where two touch the same place, the first is
/// kept.
#[must_use]
pub fn compatible<'d>(found: impl IntoIterator<Item = &'d Diagnostic>) -> Vec<&'d Fix> {
    let mut chosen: Vec<&Fix> = Vec::new();
    let mut taken: Vec<Span> = Vec::new();
    for fix in found.into_iter().filter_map(|diagnostic| diagnostic.fix.as_ref()) {
        let free = |edit: &Edit| !taken.iter().any(|span| clash(*span, edit.span));
        if chosen.contains(&fix) || !fix.edits.iter().all(free) {
            continue;
        }
        taken.extend(fix.edits.iter().map(|edit| edit.span));
        chosen.push(fix);
    }
    chosen
}

/// Whether two edits could not be told apart any more, when both were made.
fn clash(a: Span, b: Span) -> bool {
    a.source == b.source && a.start <= b.end && b.start <= a.end
}

/// The text of a source with all edits of some fixes in it; nothing if none of them is there.
#[must_use]
pub fn mended(sources: &Sources, id: SourceId, fixes: &[&Fix]) -> Option<String> {
    let source = sources.get(id)?;
    let edits = fixes.iter().flat_map(|fix| &fix.edits);
    let here = edits.filter(|edit| edit.span.source == id);
    let mut made: Vec<_> = here.map(|edit| edit.laid_out(&source.text)).collect();
    if made.is_empty() {
        return None;
    }
    made.sort_by_key(|(range, _)| (range.start, range.end));
    let (mut out, mut at) = (String::with_capacity(source.text.len()), 0);
    for (range, text) in made {
        out += source.text.get(at..range.start).unwrap_or("");
        out += &text;
        at = at.max(range.end);
    }
    out += source.text.get(at..).unwrap_or("");
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{compatible, mended};
    use crate::{Code, Diagnostic, Sources, Span};

    fn after(text: &str, changes: &[(u32, u32, &str)]) -> String {
        let mut sources = Sources::default();
        let id = sources.add("a.flow", text);
        let found: Vec<_> = changes
            .iter()
            .map(|(start, end, by)| {
                let span = Span::new(id, *start, *end);
                Diagnostic::error(Code(1), span, "wrong").fix("mend", span, *by)
            })
            .collect();
        mended(&sources, id, &compatible(&found)).unwrap_or_default()
    }

    #[test]
    fn a_line_of_which_nothing_is_left_goes() {
        assert_eq!(after("a\n  use b\nc\n", &[(4, 9, "")]), "a\nc\n");
        assert_eq!(after("f(a, b)\n", &[(2, 4, "")]), "f(b)\n");
    }

    #[test]
    fn a_new_line_is_indented_like_its_neighbour() {
        assert_eq!(after("  {\n  }\n", &[(6, 6, "  x\n")]), "  {\n    x\n  }\n");
    }

    #[test]
    fn no_blanks_stay_at_the_end_of_a_line() {
        assert_eq!(after("a with b\nc\n", &[(2, 8, "")]), "a\nc\n");
    }

    #[test]
    fn a_new_line_ends_as_the_lines_of_the_text_do() {
        assert_eq!(
            after("  {\r\n  }\r\n", &[(7, 7, "  x\n")]),
            "  {\r\n    x\r\n  }\r\n"
        );
        assert_eq!(after("a\r\n  use b\r\nc\r\n", &[(5, 10, "")]), "a\r\nc\r\n");
    }

    #[test]
    fn of_two_changes_of_one_place_the_first_is_made() {
        assert_eq!(after("abc", &[(0, 2, "x"), (1, 3, "y")]), "xc");
        assert_eq!(after("a b", &[(0, 1, "x"), (2, 3, "y")]), "x y");
    }
}
