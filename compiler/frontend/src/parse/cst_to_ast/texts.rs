//! Text literals: escapes, expressions in braces, and the indentation of texts of several lines.

use super::{Reader, child, tokens};
use crate::ast::{Expr, ExprKind, TextPart};
use crate::parse::error::ParseError;
use crate::syntax::{SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};
use flowmesh_diagnostics::Span;

impl Reader {
    /// The text literal that stands in a node.
    pub(super) fn child_text(&mut self, node: &SyntaxNode) -> Expr {
        match child(node, SyntaxKind::Text) {
            Some(text) => self.text(&text, 0),
            None => self.bad(node),
        }
    }

    /// A text literal, `depth` levels down.
    pub(super) fn text(&mut self, node: &SyntaxNode, depth: usize) -> Expr {
        let quote = tokens(node).find(|token| token.kind() == SyntaxKind::Quote);
        let Some(quote) = quote else { return self.bad(node) };
        let layout = if quote.text().len() == 3 {
            Layout::of(node)
        } else {
            Layout::default()
        };
        let mut reading = Reading {
            reader: self,
            layout,
            line_start: layout.drop_first,
            parts: Vec::new(),
        };
        for element in node.children_with_tokens() {
            match element {
                SyntaxElement::Token(token) if token.kind() == SyntaxKind::Chars => reading.chars(&token),
                SyntaxElement::Node(hole) => reading.hole(&hole, depth),
                SyntaxElement::Token(_) => {}
            }
        }
        let parts = reading.finish();
        Expr {
            span: self.span(node),
            kind: ExprKind::Text(parts),
        }
    }
}

/// How the lines of a text literal stand in the file.
#[derive(Clone, Copy, Debug, Default)]
struct Layout {
    /// Blanks that all lines have in common.
    indent: usize,
    /// Whether the literal begins with a line end, which is no part of the text.
    drop_first: bool,
    /// Whether the closing quotes stand on a line of their own, whose line end is no part of the text.
    drop_last: bool,
}

impl Layout {
    fn of(node: &SyntaxNode) -> Self {
        let mut raw = String::new();
        for element in node.children_with_tokens() {
            match element {
                SyntaxElement::Token(token) if token.kind() == SyntaxKind::Chars => {
                    raw.push_str(token.text());
                }
                // A hole counts as one character that is not blank.
                SyntaxElement::Node(_) => raw.push('x'),
                SyntaxElement::Token(_) => {}
            }
        }
        let lines = raw.lines().skip(1).filter(|line| !line.trim().is_empty());
        let indents = lines.map(|line| line.len() - line.trim_start_matches([' ', '\t']).len());
        let last = raw.rsplit_once('\n').map(|(_, last)| last);
        Self {
            indent: indents.min().unwrap_or(0),
            drop_first: raw.starts_with('\n') || raw.starts_with("\r\n"),
            drop_last: last.is_some_and(|last| last.trim().is_empty()),
        }
    }
}

struct Reading<'a> {
    reader: &'a mut Reader,
    layout: Layout,
    line_start: bool,
    parts: Vec<TextPart>,
}

impl Reading<'_> {
    fn hole(&mut self, node: &SyntaxNode, depth: usize) {
        let value = self.reader.expr_at(node, depth + 1);
        self.line_start = false;
        self.parts.push(TextPart::Expr(value));
    }

    fn chars(&mut self, token: &SyntaxToken) {
        let first = self.parts.is_empty();
        let mut text = token.text();
        if first && self.layout.drop_first {
            text = text
                .strip_prefix("\r\n")
                .or_else(|| text.strip_prefix('\n'))
                .unwrap_or(text);
        }
        let skipped = token.text().len() - text.len();
        let start = u32::from(token.text_range().start()) + u32::try_from(skipped).unwrap_or(0);
        let literal = self.unescape(text, start);
        self.parts.push(TextPart::Literal(literal));
    }

    fn unescape(&mut self, text: &str, start: u32) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        loop {
            if std::mem::take(&mut self.line_start) {
                rest = without_indent(rest, self.layout.indent);
            }
            let mut chars = rest.chars();
            match chars.next() {
                None => return out,
                Some('\\') => {
                    let at = start + u32::try_from(text.len() - rest.len()).unwrap_or(0);
                    let length = self.escape(rest, at, &mut out);
                    rest = rest.get(length..).unwrap_or("");
                    continue;
                }
                Some('\r') if rest.starts_with("\r\n") => {}
                Some('\n') => {
                    out.push('\n');
                    self.line_start = true;
                }
                Some(other) => out.push(other),
            }
            rest = chars.as_str();
        }
    }

    /// Reads the escape at the start of `rest`, and gives its length.
    fn escape(&mut self, rest: &str, at: u32, out: &mut String) -> usize {
        let sign = rest.chars().nth(1);
        let plain = match sign {
            Some('n') => Some('\n'),
            Some('t') => Some('\t'),
            Some('r') => Some('\r'),
            Some('"' | '\\' | '{' | '}') => sign,
            _ => None,
        };
        if let Some(plain) = plain {
            out.push(plain);
            return 2;
        }
        if let Some((letter, length)) = unicode(rest) {
            out.push(letter);
            return length;
        }
        let length = 1 + sign.map_or(0, char::len_utf8);
        let end = at + u32::try_from(length).unwrap_or(0);
        let escape = rest.get(..length).unwrap_or("\\").to_owned();
        self.reader.report(
            ParseError::UnknownEscape { escape },
            Span::new(self.reader.source, at, end),
        );
        length
    }

    fn finish(mut self) -> Vec<TextPart> {
        if let (true, Some(TextPart::Literal(last))) = (self.layout.drop_last, self.parts.last_mut()) {
            last.truncate(last.trim_end_matches([' ', '\t']).len());
            if last.ends_with('\n') {
                last.pop();
            }
        }
        self.parts
            .retain(|part| !matches!(part, TextPart::Literal(text) if text.is_empty()));
        self.parts
    }
}

/// `\u{1F600}` at the start of `rest`: the letter, and the length of the escape.
fn unicode(rest: &str) -> Option<(char, usize)> {
    let digits = rest.strip_prefix("\\u{")?.split_once('}')?.0;
    let letter = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
    Some((letter, digits.len() + 4))
}

fn without_indent(line: &str, indent: usize) -> &str {
    let blanks = line
        .bytes()
        .take(indent)
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    line.get(blanks..).unwrap_or(line)
}
