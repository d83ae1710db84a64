//! Where the parts of a protobuf file stand, and what is said of them in comments.

use super::Texts;
use flowmesh_diagnostics::Span;
use prost_reflect::FileDescriptor;

/// The places of all files.
pub(super) struct Places<'t>(&'t Texts);

impl<'t> Places<'t> {
    pub(super) fn new(texts: &'t Texts) -> Self {
        Self(texts)
    }

    /// The place of a part by its path in the descriptor, and the comment before it.
    pub(super) fn of(&self, file: &FileDescriptor, path: &[i32]) -> (Span, Option<String>) {
        let Some((source, text)) = self.0.get(file.name()) else {
            return (Span::default(), None);
        };
        let nowhere = Span::new(*source, 0, 0);
        let proto = file.file_descriptor_proto();
        let locations = proto
            .source_code_info
            .as_ref()
            .map(|info| info.location.as_slice());
        let found = locations
            .unwrap_or_default()
            .iter()
            .find(|location| location.path == path);
        let Some(location) = found else {
            return (nowhere, None);
        };
        let doc = location
            .leading_comments
            .as_deref()
            .map(tidy)
            .filter(|doc| !doc.is_empty());
        let span = match location.span.as_slice() {
            [line, start, end] => (offset(text, *line, *start), offset(text, *line, *end)),
            [line, start, last, end] => (offset(text, *line, *start), offset(text, *last, *end)),
            _ => (0, 0),
        };
        (Span::new(*source, span.0, span.1.max(span.0)), doc)
    }
}

/// Lines and columns count from 0; columns are bytes.
fn offset(text: &str, line: i32, column: i32) -> u32 {
    let line = usize::try_from(line).unwrap_or(0);
    let column = usize::try_from(column).unwrap_or(0);
    let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let mut at = before.saturating_add(column).min(text.len());
    while !text.is_char_boundary(at) {
        at = at.saturating_sub(1);
    }
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn tidy(comment: &str) -> String {
    comment
        .lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join("\n")
        .trim()
        .to_owned()
}
