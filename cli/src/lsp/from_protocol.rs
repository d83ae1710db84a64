//! From the editor's positions (UTF-16) to byte offsets, and from its changes to a new text.

use gen_lsp_types::{Position, TextDocumentContentChangeEvent};
use line_index::{LineIndex, WideEncoding, WideLineCol};

/// The byte offset of a position; what lies behind a line's end is its end. The way back is `to_protocol::position`.
pub(crate) fn offset(lines: &LineIndex, text: &str, position: Position) -> u32 {
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let Some(range) = lines.line(position.line) else {
        return end;
    };
    let wide = WideLineCol {
        line: position.line,
        col: position.character,
    };
    let exact = lines
        .to_utf8(WideEncoding::Utf16, wide)
        .and_then(|place| lines.offset(place));
    let line = text
        .get(usize::from(range.start())..usize::from(range.end()))
        .unwrap_or_default();
    let line_end =
        u32::from(range.start()) + u32::try_from(line.trim_end_matches(['\n', '\r']).len()).unwrap_or(0);
    let mut at = exact.map_or(line_end, u32::from).min(line_end);
    while !text.is_char_boundary(at as usize) {
        at -= 1;
    }
    at
}

/// The text after a change.
pub(crate) fn change(text: &str, change: TextDocumentContentChangeEvent) -> String {
    let part = match change {
        TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => return whole.text,
        TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => part,
    };
    let lines = LineIndex::new(text);
    let start = offset(&lines, text, part.range.start) as usize;
    let end = (offset(&lines, text, part.range.end) as usize).max(start);
    let before = text.get(..start).unwrap_or_default();
    let behind = text.get(end..).unwrap_or_default();
    [before, &part.text, behind].concat()
}

#[cfg(test)]
mod tests {
    use super::{change, offset};
    use gen_lsp_types::{Position, Range, TextDocumentContentChangePartial};
    use line_index::LineIndex;

    #[test]
    fn columns_are_utf16() {
        let text = "a\u{1f600}b\nc";
        let at = |line, character| offset(&LineIndex::new(text), text, Position { line, character });
        assert_eq!(
            (at(0, 1), at(0, 3), at(0, 99), at(1, 1), at(7, 0)),
            (1, 5, 6, 8, 8)
        );
    }

    #[test]
    fn a_part_is_replaced() {
        let range = Range {
            start: Position {
                line: 0,
                character: 1,
            },
            end: Position {
                line: 1,
                character: 1,
            },
        };
        let part = TextDocumentContentChangePartial::new(range, None, "X".to_owned());
        assert_eq!(change("ab\ncd", part.into()), "aXd");
    }
}
