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
        self.first = false;
        if token.kind.opens() {
            self.stack.push(Open {
                token,
                indent: self.indent,
            });
            if self.stack.len() > DEPTH {
                self.out.problems = vec![(ParseError::TooDeep { limit: DEPTH }, token.start, token.end)];
                self.out.too_deep = true;
            }
        } else if token.kind.closes() {
            self.close(token);
        }
        if !token.kind.is_trivia() {
            self.last_end = token.end;
        }
    }

    fn close(&mut self, token: Token) {
        let pairs = |open: &Open| closer(open.token.kind).0 == token.kind;
        match self.stack.iter().rposition(pairs) {
            Some(at) => {
                self.close_down_to(at + 1);
                self.stack.pop();
            }
            None => {
                self.out.hidden.push(Patch {
                    start: token.start,
                    end: token.end,
                    by: Cover::Blank,
                });
                let sign = self.slice(token).to_owned();
                self.out
                    .problems
                    .push((ParseError::Unopened { sign }, token.start, token.end));
            }
        }
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
        self.out
            .problems
            .push((ParseError::Unclosed { sign, missing }, start, end));
    }

    /// What the first token of a line says about brackets that are still open.
    fn layout(&mut self, token: Token, after: &[Token]) {
        let word = self.slice(token);
        if token.kind == SyntaxKind::BraceClose {
            self.close_by_indent();
        } else if self.indent == 0 && ITEMS.contains(&word) && followed_by_word(after) {
            self.close_down_to(0);
        } else if STATEMENTS.contains(&word) {
            let is_brace = |open: &Open| open.token.kind == SyntaxKind::BraceOpen;
            let depth = self.stack.iter().rposition(is_brace).map_or(0, |at| at + 1);
            self.close_down_to(depth);
        }
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
