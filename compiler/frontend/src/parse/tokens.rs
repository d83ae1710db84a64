//! Cuts a text into tokens, trivia included, so that the tree can be the text byte for byte.
//!
//! pest decides what a program is; this decides only where the pieces of the text begin and end. Signs of other
//! languages (`&&`, `;`, `'...'`) are reported here, and `Patch`es hide them from the grammar.

mod signs;
mod texts;

use super::error::ParseError;
use super::words::word_kind;
use crate::syntax::SyntaxKind;
use signs::known_sign;

/// A piece of the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: SyntaxKind,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// What the grammar reads instead of the characters from `start` to `end`: text of the same length.
#[derive(Clone, Debug)]
pub(super) struct Patch {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) by: Cover,
}

/// What covers characters that the grammar should not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cover {
    /// Nothing.
    Blank,
    /// A name.
    Word,
    /// A closed text, or a number where there is room for one character only.
    Value,
    /// An operator between two operands.
    Operator,
    /// An operator before an operand.
    Sign,
}

/// All pieces of a text.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    pub(super) all: Vec<Token>,
    pub(super) patches: Vec<Patch>,
    /// What is wrong with single tokens, and where.
    pub(super) problems: Vec<(ParseError, u32, u32)>,
    /// Whether a text of several lines is still open at the end.
    pub(super) open_text: bool,
}

/// Cuts `text` into tokens.
pub(super) fn tokens(text: &str) -> Tokens {
    let mut lexer = Lexer {
        text,
        at: 0,
        frames: Vec::new(),
        out: Tokens::default(),
        semicolons: Vec::new(),
    };
    while lexer.at < text.len() {
        match lexer.frames.last().copied() {
            Some(Frame::Text { long, .. }) => lexer.text_piece(long),
            _ => lexer.code_piece(),
        }
    }
    lexer.finish();
    lexer.out
}

/// Where the lexer is: inside a text, or inside an expression in a text.
#[derive(Clone, Copy, Debug)]
enum Frame {
    Text { long: bool, start: usize, tokens: usize },
    Hole { braces: u32 },
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    frames: Vec<Frame>,
    out: Tokens,
    /// Where they are.
    semicolons: Vec<u32>,
}

impl Lexer<'_> {
    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// The token from here to `end`.
    fn push(&mut self, kind: SyntaxKind, end: usize) {
        let start = offset(self.at);
        self.out.all.push(Token {
            kind,
            start,
            end: offset(end),
        });
        self.at = end;
    }

    /// A token that is reported, and covered for the grammar.
    fn push_bad(&mut self, kind: SyntaxKind, end: usize, by: Cover, problem: ParseError) {
        let (start, stop) = (offset(self.at), offset(end));
        self.out.patches.push(Patch { start, end: stop, by });
        self.out.problems.push((problem, start, stop));
        self.push(kind, end);
    }

    /// From here to before the first byte that does not fit.
    fn run(&self, from: usize, fits: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(from..).unwrap_or(&[]);
        from + rest.iter().position(|b| !fits(*b)).unwrap_or(rest.len())
    }

    fn line_end(&self) -> usize {
        self.run(self.at, |b| b != b'\n')
    }

    fn code_piece(&mut self) {
        let byte = self.byte(0);
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => self.blanks(),
            b'/' if self.byte(1) == b'/' => self.comment(),
            b'/' if self.byte(1) == b'*' => self.foreign_comment(),
            b'"' => self.open_text(),
            b'0'..=b'9' => self.push(SyntaxKind::NumberToken, self.number_end()),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            b'{' | b'}' => self.brace(byte),
            128.. => self.foreign_letters(),
            _ => self.sign(),
        }
    }

    /// A line end inside a hole of a text of one line means that the text was never closed.
    fn blanks(&mut self) {
        let end = self.run(self.at, |b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
        let breaks = self.text.get(self.at..end).and_then(|blanks| blanks.find('\n'));
        match (breaks, self.short_text()) {
            (Some(_), Some(frame)) => self.broken_text(frame, self.line_end()),
            _ => self.push(SyntaxKind::Whitespace, end),
        }
    }

    /// The innermost text, if it must end with its line.
    fn short_text(&self) -> Option<usize> {
        let is_text = |frame: &Frame| matches!(frame, Frame::Text { .. });
        let at = self.frames.iter().rposition(is_text)?;
        matches!(self.frames.get(at), Some(Frame::Text { long: false, .. })).then_some(at)
    }

    fn comment(&mut self) {
        if let Some(frame) = self.short_text() {
            return self.broken_text(frame, self.line_end());
        }
        let rest = self.rest();
        let kind = match (
            rest.starts_with("//!"),
            rest.starts_with("///") && !rest.starts_with("////"),
        ) {
            (true, _) => SyntaxKind::ModuleDoc,
            (_, true) => SyntaxKind::Doc,
            _ => SyntaxKind::Comment,
        };
        self.push(kind, self.line_end());
    }

    fn foreign_comment(&mut self) {
        let end = self
            .rest()
            .find("*/")
            .map_or(self.text.len(), |length| self.at + length + 2);
        self.push_bad(
            SyntaxKind::Comment,
            end,
            Cover::Blank,
            ParseError::foreign("/* */", "//"),
        );
    }

    fn word(&mut self) {
        let end = self.run(self.at, is_word_byte);
        if self.text.as_bytes().get(end).is_some_and(|b| *b >= 128) {
            return self.foreign_letters();
        }
        let kind = word_kind(self.text.get(self.at..end).unwrap_or(""));
        self.push(kind, end);
    }

    fn brace(&mut self, byte: u8) {
        let kind = if byte == b'{' {
            SyntaxKind::BraceOpen
        } else {
            SyntaxKind::BraceClose
        };
        match self.frames.last_mut() {
            Some(Frame::Hole { braces }) if byte == b'{' => *braces += 1,
            Some(Frame::Hole { braces: 0 }) => drop(self.frames.pop()),
            Some(Frame::Hole { braces }) => *braces -= 1,
            _ => {}
        }
        self.push(kind, self.at + 1);
    }

    /// Where a number ends, as the rule `number` of the grammar says.
    fn number_end(&self) -> usize {
        let bytes = self.text.as_bytes();
        let digits = |from: usize| self.run(from, |b| b.is_ascii_digit() || b == b'_');
        let mut end = digits(self.at);
        if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
            end = digits(end + 1);
        }
        end = self.run(end, is_word_byte);
        match bytes.get(end) {
            Some(b'%') if !bytes.get(end + 1).is_some_and(|b| is_word_byte(*b) || *b == b'(') => end + 1,
            Some(b'/') => {
                let unit = self.run(end + 1, is_word_byte);
                let known = matches!(self.text.get(end + 1..unit), Some("ms" | "s" | "m" | "h" | "d"));
                if known { unit } else { end }
            }
            _ => end,
        }
    }

    /// Letters that no name may have; what is no letter at all is stray.
    fn foreign_letters(&mut self) {
        let fits = |c: char| c.is_alphanumeric() || c == '_';
        let length = self.rest().find(|c| !fits(c)).unwrap_or(self.rest().len());
        if self.rest().starts_with('\u{FEFF}') {
            // A byte order mark is blank to everyone.
            let start = offset(self.at);
            self.out.patches.push(Patch {
                start,
                end: start + 3,
                by: Cover::Blank,
            });
            return self.push(SyntaxKind::Whitespace, self.at + 3);
        }
        if length > 0 {
            let word = self.rest().get(..length).unwrap_or("").to_owned();
            return self.push_bad(
                SyntaxKind::Word,
                self.at + length,
                Cover::Word,
                ParseError::ForeignLetters(word),
            );
        }
        let sign = self.rest().chars().next().unwrap_or(' ');
        self.push_bad(
            SyntaxKind::Stray,
            self.at + sign.len_utf8(),
            Cover::Blank,
            ParseError::StraySign(sign),
        );
    }

    fn sign(&mut self) {
        if let Some((kind, length)) = known_sign(self.rest()) {
            return self.push(kind, self.at + length);
        }
        match (self.byte(0), self.byte(1)) {
            (b'&', b'&') => self.slip(SyntaxKind::AndKw, 2, Cover::Operator, "&&", "and"),
            (b'|', b'|') => self.slip(SyntaxKind::OrKw, 2, Cover::Operator, "||", "or"),
            (b'!', _) => self.slip(SyntaxKind::NotKw, 1, Cover::Sign, "!", "not"),
            (b';', _) => self.semicolon(),
            (b'\'', _) => self.single_quotes(),
            (b'#', _) => {
                self.push_bad(
                    SyntaxKind::Comment,
                    self.line_end(),
                    Cover::Blank,
                    ParseError::foreign("#", "//"),
                );
            }
            (byte, _) => {
                let problem = ParseError::StraySign(char::from(byte));
                self.push_bad(SyntaxKind::Stray, self.at + 1, Cover::Blank, problem);
            }
        }
    }

    fn slip(&mut self, kind: SyntaxKind, length: usize, by: Cover, found: &'static str, say: &'static str) {
        self.push_bad(kind, self.at + length, by, ParseError::foreign(found, say));
    }

    /// One message for all semicolons of a file: who ends lines with them does it everywhere.
    fn semicolon(&mut self) {
        self.semicolons.push(offset(self.at));
        let (start, end) = (offset(self.at), offset(self.at + 1));
        self.out.patches.push(Patch {
            start,
            end,
            by: Cover::Blank,
        });
        if self.semicolons.len() == 1 {
            self.out.problems.push((ParseError::Semicolon, start, end));
        }
        self.push(SyntaxKind::Semicolon, self.at + 1);
    }

    fn single_quotes(&mut self) {
        let line = self.text.get(self.at + 1..self.line_end()).unwrap_or("");
        let (length, by) = line
            .find('\'')
            .map_or((1, Cover::Blank), |length| (length + 2, Cover::Value));
        let closed = length > 1;
        self.push_bad(
            SyntaxKind::Stray,
            self.at + length,
            by,
            ParseError::SingleQuotes { closed },
        );
    }

    fn finish(&mut self) {
        let is_text = |frame: &Frame| matches!(frame, Frame::Text { .. });
        if let Some(outermost) = self.frames.iter().position(is_text) {
            self.out.open_text = self
                .frames
                .iter()
                .any(|frame| matches!(frame, Frame::Text { long: true, .. }));
            self.broken_text(outermost, self.text.len());
            if self.at < self.text.len() {
                self.push(SyntaxKind::Whitespace, self.text.len());
            }
        }
        if self.semicolons.len() > 1
            && let Some(problem) = self
                .out
                .problems
                .iter_mut()
                .find(|(p, ..)| matches!(p, ParseError::Semicolon))
        {
            problem.0 = ParseError::Semicolons(std::mem::take(&mut self.semicolons));
        }
    }
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Texts longer than 4 GB are refused long before.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
