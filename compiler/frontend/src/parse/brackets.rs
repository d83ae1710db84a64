//! Finds brackets that do not pair, and how deep they nest, before the grammar sees the text.
//!
//! The grammar then reads a text whose brackets pair: a bracket that was never closed is closed where the layout says
//! that its author meant the end, and one that was never opened is hidden.

use super::error::ParseError;
use super::tokens::{Cover, Patch, Token};
use super::words::{ITEMS, STATEMENTS};
use crate::syntax::SyntaxKind;

/// How deep brackets may nest.
pub(super) const DEPTH: usize = 128;

/// What was found about the brackets of a text.
#[derive(Debug, Default)]
pub(super) struct Brackets {
    /// Brackets to be added, at places of the text, in order.
    pub(super) inserts: Vec<(u32, char)>,
    /// Brackets to be hidden.
    pub(super) hidden: Vec<Patch>,
    pub(super) problems: Vec<(ParseError, u32, u32)>,
    /// Whether a bracket is still open at the end.
    pub(super) open_at_end: bool,
    /// Whether they nest too deep for the text to be read at all.
    pub(super) too_deep: bool,
}

/// Pairs the brackets. The layout is asked only when they do not pair by themselves.
pub(super) fn brackets(text: &str, tokens: &[Token]) -> Brackets {
    let plain = Matcher::new(text, false).run(tokens);
    if plain.problems.is_empty() || plain.too_deep {
        return plain;
    }
    let open_at_end = plain.open_at_end;
    Brackets {
        open_at_end,
        ..Matcher::new(text, true).run(tokens)
    }
}

#[derive(Clone, Copy, Debug)]
struct Open {
    token: Token,
    /// How far the line of the bracket is indented.
    indent: u32,
    /// The number of that line.
    line: usize,
    /// How far the next line is indented, once it was met.
    inner: Option<u32>,
}

/// A line that was read.
#[derive(Clone, Copy, Debug)]
struct Line {
    indent: u32,
    /// Its last token that is not trivia.
    last: Token,
}

struct Matcher<'a> {
    text: &'a str,
    by_layout: bool,
    stack: Vec<Open>,
    /// How far the current line is indented.
    indent: u32,
    /// Whether no token of the current line was met yet.
    first: bool,
    /// The end of the last token that is not trivia.
    last_end: u32,
    /// Lines with tokens in them so far; kept only where the layout is asked.
    lines: Vec<Line>,
    /// How many lines with tokens were begun.
    line: usize,
    /// Whether the current line begins with a bracket that closes.
    begins_closing: bool,
    out: Brackets,
}

impl<'a> Matcher<'a> {
    fn new(text: &'a str, by_layout: bool) -> Self {
        Self {
            text,
            by_layout,
            stack: Vec::new(),
            indent: 0,
            first: true,
            last_end: 0,
            lines: Vec::new(),
            line: 0,
            begins_closing: false,
            out: Brackets::default(),
        }
    }

    fn run(mut self, tokens: &[Token]) -> Brackets {
        for (at, token) in tokens.iter().enumerate() {
            if token.kind == SyntaxKind::Whitespace {
                self.blanks(*token);
                continue;
            }
            if self.by_layout && self.first && !token.kind.is_comment() {
                self.layout(*token, tokens.get(at + 1..).unwrap_or(&[]));
            }
            self.token(*token);
            if self.out.too_deep {
                return self.out;
            }
        }
        self.out.open_at_end = !self.stack.is_empty();
        self.close_down_to(0);
        self.out.inserts.sort_by_key(|(place, _)| *place);
        self.out
    }

    fn slice(&self, token: Token) -> &'a str {
        self.text
            .get(token.start as usize..token.end as usize)
            .unwrap_or("")
    }

    fn blanks(&mut self, token: Token) {
        let blanks = self.slice(token);
        if let Some((_, after)) = blanks.rsplit_once('\n') {
            self.first = true;
            self.indent = u32::try_from(after.len()).unwrap_or(u32::MAX);
        }
    }

    fn token(&mut self, token: Token) {
        let first = self.first && !token.kind.is_comment();
        if first {
            self.line += 1;
            self.begins_closing = token.kind.closes();
            let unmet = self
                .stack
                .iter_mut()
                .rev()
                .take_while(|open| open.inner.is_none());
            unmet.for_each(|open| open.inner = Some(self.indent));
        }
        self.first &= token.kind.is_comment();
        if token.kind.opens() {
            self.stack.push(Open {
                token,
                indent: self.indent,
                line: self.line,
                inner: None,
            });
            if self.stack.len() > DEPTH {
                self.out.problems = vec![(ParseError::TooDeep { limit: DEPTH }, token.start, token.end)];
                self.out.too_deep = true;
            }
        } else if token.kind.closes() {
            self.close(token, first);
        }
        if !token.kind.is_trivia() {
            self.last_end = token.end;
            self.remember(token, first);
        }
    }

    fn remember(&mut self, token: Token, first: bool) {
        if !self.by_layout {
            return;
        }
        match self.lines.last_mut().filter(|_| !first) {
            Some(line) => line.last = token,
            None => self.lines.push(Line {
                indent: self.indent,
                last: token,
            }),
        }
    }

    fn close(&mut self, token: Token, first: bool) {
        let pairs = |open: &Open| closer(open.token.kind).0 == token.kind;
        let at = self.stack.iter().rposition(pairs);
        let opened = at.and_then(|at| self.stack.get(at).copied());
        match (at, opened) {
            (Some(at), Some(open)) if !self.lies_too_deep(token, open) => {
                self.close_down_to(at + 1);
                self.stack.pop();
                self.doubled(open);
            }
            _ => self.unopened(token, first),
        }
    }

    /// A `}` further right than the line of its `{`, several lines on, closes something else.
    fn lies_too_deep(&self, token: Token, open: Open) -> bool {
        let brace = token.kind == SyntaxKind::BraceClose && self.begins_closing;
        let inside = open.inner == Some(self.indent) && open.indent < self.indent;
        self.by_layout && brace && inside && open.line < self.line
    }

    /// Of `{{` with one `}`, one was too many.
    fn doubled(&mut self, inner: Open) {
        let Some(outer) = self.stack.last().copied().filter(|_| self.by_layout) else {
            return;
        };
        let same = outer.token.kind == inner.token.kind && outer.line < self.line;
        if same && outer.token.end == inner.token.start {
            self.stack.pop();
            let sign = self.slice(inner.token).to_owned();
            self.hide(inner.token, ParseError::Unopened { sign });
        }
    }

    fn unopened(&mut self, token: Token, first: bool) {
        if let Some(head) = self.head_without_brace(token, first) {
            let after = self.slice(head).to_owned();
            self.out.inserts.push((head.end, '{'));
            let problem = ParseError::NoOpening {
                after,
                closed: (token.start, token.end),
            };
            return self.out.problems.push((problem, head.start, head.end));
        }
        let sign = self.slice(token).to_owned();
        self.hide(token, ParseError::Unopened { sign });
    }

    /// The end of the line that lost its `{`: the last one as far left as this `}`, with lines further right between.
    fn head_without_brace(&self, token: Token, first: bool) -> Option<Token> {
        let brace = token.kind == SyntaxKind::BraceClose;
        let at = self.lines.iter().rposition(|line| line.indent <= self.indent)?;
        let head = self.lines.get(at).filter(|line| line.indent == self.indent)?;
        let between = self.lines.get(at + 1).is_some();
        let ends = head.last.kind.opens() || head.last.kind == SyntaxKind::BraceClose;
        (self.by_layout && first && brace && between && !ends).then_some(head.last)
    }

    fn hide(&mut self, token: Token, problem: ParseError) {
        let Token { start, end, .. } = token;
        self.out.hidden.push(Patch {
            start,
            end,
            by: Cover::Blank,
        });
        self.out.problems.push((problem, start, end));
    }

    /// Closes what the author forgot, with one message for all that ends at one place: the innermost is the likeliest.
    fn close_down_to(&mut self, depth: usize) {
        let forgotten = self.stack.split_off(depth.min(self.stack.len()));
        let Some(innermost) = forgotten.last() else { return };
        for open in forgotten.iter().rev() {
            self.out.inserts.push((self.last_end, closer(open.token.kind).1));
        }
        let Token { start, end, .. } = innermost.token;
        let sign = self.slice(innermost.token).to_owned();
        let missing = closer(innermost.token.kind).1;
        // On one line the bracket itself says most; over several lines, where its end was expected.
        let one_line = self
            .text
            .get(end as usize..self.last_end as usize)
            .is_none_or(|text| !text.contains('\n'));
        let (opened, place) = if one_line {
            (None, (start, end))
        } else {
            (Some((start, end)), (self.last_end, self.last_end))
        };
        let all = forgotten
            .iter()
            .rev()
            .map(|open| closer(open.token.kind).1)
            .collect();
        let problem = ParseError::Unclosed {
            sign,
            missing,
            opened,
            at: self.last_end,
            all,
        };
        self.out.problems.push((problem, place.0, place.1));
    }

    /// What the first token of a line says about brackets that are still open.
    fn layout(&mut self, token: Token, after: &[Token]) {
        let word = self.slice(token);
        if token.kind == SyntaxKind::BraceClose {
            self.close_by_indent();
        } else if let Some(outside) = self.outside().filter(|_| token.kind.is_word() && !goes_on(word)) {
            self.close_down_to(outside);
        } else if self.indent == 0 && ITEMS.contains(&word) && followed_by_word(after) {
            self.close_down_to(0);
        } else if STATEMENTS.contains(&word) {
            let is_brace = |open: &Open| open.token.kind == SyntaxKind::BraceOpen;
            let depth = self.stack.iter().rposition(is_brace).map_or(0, |at| at + 1);
            self.close_down_to(depth);
        }
    }

    /// The first bracket whose content was indented, while the line at hand is as far left as the line of the bracket.
    fn outside(&self) -> Option<usize> {
        self.stack.iter().position(|open| {
            open.indent >= self.indent && open.inner.is_some_and(|inner| inner > open.indent)
        })
    }

    /// A `}` as far left as the line of an outer `{` closes that one, and what was opened further right is forgotten.
    fn close_by_indent(&mut self) {
        let further_right = self.stack.last().is_some_and(|open| open.indent > self.indent);
        let same = |open: &Open| open.indent == self.indent && open.token.kind == SyntaxKind::BraceOpen;
        if let (true, Some(at)) = (further_right, self.stack.iter().rposition(same)) {
            self.close_down_to(at + 1);
        }
    }
}

/// Whether a word goes on with the statement of the line before.
fn goes_on(word: &str) -> bool {
    matches!(word, "undo" | "catch" | "with" | "and" | "or" | "as")
}

fn followed_by_word(after: &[Token]) -> bool {
    let next = after.iter().find(|token| !token.kind.is_trivia());
    next.is_some_and(|token| token.kind.is_word())
}

fn closer(open: SyntaxKind) -> (SyntaxKind, char) {
    match open {
        SyntaxKind::RoundOpen => (SyntaxKind::RoundClose, ')'),
        SyntaxKind::SquareOpen => (SyntaxKind::SquareClose, ']'),
        _ => (SyntaxKind::BraceClose, '}'),
    }
}
