//! Lines and columns of a text, in bytes or in the units of UTF-16, and texts that change piece by piece.

/// What columns count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16, which most editors count.
    #[default]
    Utf16,
}

/// A place between two characters: both numbers from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column in it.
    pub column: u32,
}

/// A text that is changed piece by piece, and knows where its lines begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    text: String,
    /// Where each line begins; the first at 0.
    starts: Vec<usize>,
}

impl Text {
    /// A text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let mut starts = vec![0];
        starts.extend(line_starts(&text, 0));
        Self { text, starts }
    }

    /// All of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How many lines there are; a text without a line break has one.
    #[must_use]
    pub fn lines(&self) -> u32 {
        number(self.starts.len())
    }

    /// The line and column of a byte offset; what lies behind the end is the end. The way back is [`Self::offset`].
    #[must_use]
    pub fn position(&self, offset: u32, encoding: Encoding) -> Position {
        let at = boundary(&self.text, offset as usize);
        let line = self
            .starts
            .partition_point(|start| *start <= at)
            .saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let before = self.text.get(start..at).unwrap_or("");
        Position {
            line: number(line),
            column: number(width(before, encoding)),
        }
    }

    /// The byte offset of a position; what lies behind the end of a line is its end, and what lies within a character
    /// is its beginning. The way back is [`Self::position`].
    #[must_use]
    pub fn offset(&self, position: Position, encoding: Encoding) -> u32 {
        let line = position.line as usize;
        let Some(start) = self.starts.get(line).copied() else {
            return number(self.text.len());
        };
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        let own = self.text.get(start..end).unwrap_or("");
        let own = own.strip_suffix('\n').unwrap_or(own);
        let own = own.strip_suffix('\r').unwrap_or(own);
        let mut column = 0;
        for (at, letter) in own.char_indices() {
            column += letter_width(letter, encoding);
            if column > position.column as usize {
                return number(start + at);
            }
        }
        number(start + own.len())
    }

    /// Puts a text in the place of what lies between two positions; the end may not come before the start.
    pub fn replace(&mut self, from: Position, to: Position, by: &str, encoding: Encoding) {
        let start = self.offset(from, encoding);
        let end = self.offset(to, encoding).max(start);
        self.replace_at(start, end, by);
    }

    /// The same by offsets.
    pub fn replace_at(&mut self, start: u32, end: u32, by: &str) {
        let start = boundary(&self.text, start as usize);
        let end = boundary(&self.text, end as usize).max(start);
        let first = self.starts.partition_point(|line| *line <= start);
        let behind = self.starts.partition_point(|line| *line <= end);
        let later = self.starts.split_off(behind.max(first));
        self.starts.truncate(first);
        self.starts.extend(line_starts(by, start));
        let moved = later
            .into_iter()
            .map(|line| (line + by.len()).saturating_sub(end - start));
        self.starts.extend(moved);
        self.text.replace_range(start..end, by);
    }
}

/// Where lines begin in a part of a text that itself begins at `from`, but for the first.
fn line_starts(text: &str, from: usize) -> impl Iterator<Item = usize> {
    text.match_indices('\n').map(move |(at, _)| from + at + 1)
}

/// The last place between two characters that is not behind an offset.
fn boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn width(text: &str, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 => text.len(),
        Encoding::Utf16 => text.chars().map(char::len_utf16).sum(),
    }
}

fn letter_width(letter: char, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 => letter.len_utf8(),
        Encoding::Utf16 => letter.len_utf16(),
    }
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Position, Text};

    const ODD: &str = "a\u{1f600}b\r\n\nc\u{e4}d";

    #[test]
    fn every_offset_comes_back() {
        let text = Text::new(ODD);
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            for (at, _) in ODD.char_indices().filter(|(_, letter)| *letter != '\n') {
                let at = u32::try_from(at).unwrap();
                assert_eq!(text.offset(text.position(at, encoding), encoding), at);
            }
        }
    }

    #[test]
    fn columns_count_what_the_editor_counts() {
        let text = Text::new(ODD);
        let column = |encoding| text.position(5, encoding).column;
        assert_eq!((column(Encoding::Utf8), column(Encoding::Utf16)), (5, 3));
    }

    #[test]
    fn what_lies_outside_is_the_nearest_place() {
        let text = Text::new(ODD);
        let at = |line, column| text.offset(Position { line, column }, Encoding::Utf16);
        assert_eq!((at(0, 99), at(0, 2), at(1, 7), at(9, 0)), (6, 1, 8, 13));
        assert_eq!(text.position(99, Encoding::Utf8), Position { line: 2, column: 4 });
    }

    #[test]
    fn pieces_change_as_the_whole_would() {
        let mut text = Text::new("one\ntwo\nthree\n");
        let mut seed = 7u32;
        for _ in 0..500 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let length = u32::try_from(text.as_str().len()).unwrap();
            let start = (seed >> 8) % (length + 1);
            let end = (start + (seed >> 4) % 5).min(length);
            let by = ["", "x", "\n", "a\nb\n\u{1f600}", "\r\n"][(seed >> 16) as usize % 5];
            text.replace_at(start, end, by);
            assert_eq!(text, Text::new(text.as_str()), "{:?}", text.as_str());
        }
    }
}
