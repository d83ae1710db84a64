//! Texts by number, and places in them.

use line_index::LineIndex;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::OnceLock};

/// The number of a text within one [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceId(pub u32);

/// A half-open range of byte offsets in one text.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Which text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A text and where it came from.
#[derive(Debug)]
pub struct Source {
    /// What people call it: a path relative to the project, `std/policy.flow`, or `<prompt>`.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// Made when somebody asks for a line: of most texts nobody does.
    lines: OnceLock<LineIndex>,
}

/// All texts of one compilation, in the order in which they were read.
#[derive(Debug, Default)]
pub struct Sources {
    all: Vec<Source>,
}

impl Span {
    /// The place from `start` to `end` in `source`.
    #[must_use]
    pub fn new(source: SourceId, start: u32, end: u32) -> Self {
        Self { source, start, end }
    }

    /// The smallest span that covers both; both must be in one text.
    #[must_use]
    pub fn to(self, other: Span) -> Self {
        debug_assert_eq!(self.source, other.source);
        Self {
            source: self.source,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Whether `offset` lies inside or just behind the span.
    #[must_use]
    pub fn touches(self, offset: u32) -> bool {
        self.start <= offset && offset <= self.end
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}..{}", self.source.0, self.start, self.end)
    }
}

impl Source {
    /// Line and column of a byte offset, both from 1; the column counts characters.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let mut at = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let place = self
            .lines()
            .line_col(u32::try_from(at).unwrap_or(u32::MAX).into());
        let line_start = at - place.col as usize;
        let column = self
            .text
            .get(line_start..at)
            .map_or(0, |text| text.chars().count());
        (place.line + 1, u32::try_from(column).unwrap_or(u32::MAX) + 1)
    }

    /// The index of line starts, for the editor's positions.
    #[must_use]
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }

    /// The text at `span`, or nothing where the span does not fit the text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }
}

impl Sources {
    /// Adds a text and gives its number.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        self.all.push(Source {
            name: name.into(),
            text: text.into(),
            lines: OnceLock::new(),
        });
        SourceId(u32::try_from(self.all.len() - 1).unwrap_or(u32::MAX))
    }

    /// The text with this number.
    #[must_use]
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.all.get(id.0 as usize)
    }

    /// All texts with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        (0u32..).map(SourceId).zip(&self.all)
    }

    /// `name:line:column` of the start of a span, as people and editors read it.
    #[must_use]
    pub fn place(&self, span: Span) -> String {
        match self.get(span.source) {
            Some(source) => {
                let (line, column) = source.line_column(span.start);
                format!("{}:{line}:{column}", source.name)
            }
            None => "<unknown>".to_owned(),
        }
    }
}
