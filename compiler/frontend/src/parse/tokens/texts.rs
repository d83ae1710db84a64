//! Cuts text literals: characters, the expressions among them, and texts that never end.

use super::{Cover, Frame, Lexer};
use crate::parse::error::ParseError;
use crate::syntax::SyntaxKind;

impl Lexer<'_> {
    pub(super) fn open_text(&mut self) {
        let long = self.rest().starts_with("\"\"\"");
        self.frames.push(Frame::Text {
            long,
            start: self.at,
            tokens: self.out.all.len(),
        });
        self.push(SyntaxKind::Quote, self.at + if long { 3 } else { 1 });
    }

    /// Characters up to the next hole or the end of the text.
    pub(super) fn text_piece(&mut self, long: bool) {
        let end = self.chars_end(long);
        if end > self.at {
            self.push(SyntaxKind::Chars, end);
        }
        match self.byte(0) {
            b'"' => {
                self.frames.pop();
                self.push(SyntaxKind::Quote, self.at + if long { 3 } else { 1 });
            }
            b'{' => {
                self.frames.push(Frame::Hole { braces: 0 });
                self.push(SyntaxKind::BraceOpen, self.at + 1);
            }
            _ if self.at < self.text.len() => self.broken_text(self.frames.len().saturating_sub(1), self.at),
            _ => {}
        }
    }

    /// Before the first `"`, hole or line end that ends the characters of a text.
    fn chars_end(&self, long: bool) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'\\' if at + 1 < bytes.len() && (long || bytes.get(at + 1) != Some(&b'\n')) => at += 2,
                b'"' if !long || self.text.get(at..).is_some_and(|rest| rest.starts_with("\"\"\"")) => break,
                b'\n' if !long => break,
                b'{' => match self.counted(at) {
                    Some(end) => at = end,
                    None => break,
                },
                _ => at += 1,
            }
        }
        while !self.text.is_char_boundary(at) {
            at += 1;
        }
        at
    }

    /// The end of `{3}` or `{1,3}`, which is no hole.
    fn counted(&self, at: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut end = self.run(at + 1, |b| b.is_ascii_digit());
        if end == at + 1 {
            return None;
        }
        if bytes.get(end) == Some(&b',') {
            end = self.run(end + 1, |b| b.is_ascii_digit());
        }
        (bytes.get(end) == Some(&b'}')).then_some(end + 1)
    }

    /// The text of frame number `frame` does not end: all of it up to `end` becomes one token.
    pub(super) fn broken_text(&mut self, frame: usize, end: usize) {
        let Some(Frame::Text { start, tokens, .. }) = self.frames.get(frame).copied() else {
            self.at = self.text.len();
            return;
        };
        let in_hole = self.frames.len() > frame + 1;
        self.frames.truncate(frame);
        self.out.all.truncate(tokens);
        while self
            .out
            .patches
            .pop_if(|patch| patch.start as usize >= start)
            .is_some()
        {}
        while self
            .out
            .problems
            .pop_if(|(_, at, _)| *at as usize >= start)
            .is_some()
        {}
        self.at = start;
        let stop = self
            .text
            .get(start..end)
            .map_or(end, |broken| start + broken.trim_end().len());
        self.push_bad(
            SyntaxKind::Stray,
            stop,
            Cover::Value,
            ParseError::UnclosedText { in_hole },
        );
    }
}
