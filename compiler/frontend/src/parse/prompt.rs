//! Reads one input of a prompt, and single expressions.

use super::cst_to_ast::Reader;
use super::tokens::tokens;
use super::{Read, read, report, words};
use crate::ast;
use crate::syntax::SyntaxKind;
use flowmesh_diagnostics::{Diagnostics, SourceId, Span};
use flowmesh_grammar::Rule;

/// What was typed at a prompt.
#[derive(Clone, Debug)]
pub enum PromptInput {
    /// Nothing but blanks and comments.
    Empty,
    /// It goes on in the next line: a bracket, text or comment is still open, or it ends with something behind which
    /// more has to come. Nothing was reported.
    Incomplete,
    /// Declarations, statements and expressions, in order; one at least.
    Parts(Vec<Part>),
    /// None of these. Reported.
    Bad,
}

/// One of the things that were typed together.
#[derive(Clone, Debug)]
pub struct Part {
    /// It, and what stands between it and the one before: blanks, and the words above a declaration.
    pub span: Span,
    /// What it is.
    pub kind: PartKind,
}

/// What can be typed.
#[derive(Clone, Debug)]
pub enum PartKind {
    /// A declaration.
    Item(Box<ast::Item>),
    /// A statement of a test, such as `let x = 1` or `mock mail.send(_) -> none`.
    Test(Box<ast::TestStatement>),
    /// A statement that only a flow has.
    Statement(Box<ast::Statement>),
    /// An expression.
    Expression(Box<ast::Expr>),
}

/// Reads declarations, statements and expressions.
pub fn parse_prompt(source: SourceId, text: &str, found: &mut Diagnostics) -> PromptInput {
    let read = read(Rule::prompt, text, None);
    let open = read.open_at_end && !is_crossed(text);
    if open || goes_on(text, !read.problems.is_empty()) {
        return PromptInput::Incomplete;
    }
    let mut reader = Reader::new(source);
    let parts = reader.prompt(&read.tree);
    if !read.problems.is_empty() {
        let read = of_a_file(text).unwrap_or(read);
        report(source, read.problems.into_iter(), found);
        return PromptInput::Bad;
    }
    report(source, reader.problems.into_iter(), found);
    match parts.is_empty() {
        true => PromptInput::Empty,
        false => PromptInput::Parts(parts),
    }
}

/// What begins like a file is read like one: then one slip is one message, wherever it is.
fn of_a_file(text: &str) -> Option<Read> {
    let tokens = tokens(text).all;
    let first = tokens.iter().find(|token| !token.kind.is_trivia())?;
    let word = text.get(first.start as usize..first.end as usize)?;
    let read = words::is_item(word).then(|| read(Rule::module, text, None))?;
    (!read.problems.is_empty()).then_some(read)
}

/// Whether a bracket is closed by one of another kind: no further line would mend that.
fn is_crossed(text: &str) -> bool {
    let mut open = Vec::new();
    tokens(text).all.iter().any(|token| {
        let sign = text.get(token.start as usize..token.end as usize);
        if token.kind.opens() {
            open.push(sign);
            return false;
        }
        let pair = match sign {
            Some(")") => Some("("),
            Some("]") => Some("["),
            Some("}") => Some("{"),
            _ => return false,
        };
        token.kind.closes() && open.pop() != Some(pair)
    })
}

/// Whether a text ends with something behind which more has to come. An empty line ends it all the same.
fn goes_on(text: &str, bad: bool) -> bool {
    let (line, blank) = (text.trim_end_matches([' ', '\t', '\r']), "\n");
    if line.ends_with(blank) {
        return false;
    }
    let tokens = tokens(text).all;
    let Some(last) = tokens.iter().rfind(|token| token.kind != SyntaxKind::Whitespace) else {
        return false;
    };
    if last.kind == SyntaxKind::Doc {
        return true;
    }
    let last = tokens.iter().rfind(|token| !token.kind.is_trivia());
    bad && last.is_some_and(|last| {
        let text = text
            .get(last.start as usize..last.end as usize)
            .unwrap_or_default();
        needs_more(last.kind) || words::OF_TESTS.contains(&text)
    })
}

/// Whether nothing ends with this.
fn needs_more(kind: SyntaxKind) -> bool {
    use SyntaxKind as K;
    // A percent sign ends a share: `10%`.
    let operator = kind.is_operator() && kind != K::Percent;
    operator
        || matches!(
            kind,
            K::Comma
                | K::Colon
                | K::Dot
                | K::QuestionDot
                | K::ElseKw
                | K::AndKw
                | K::OrKw
                | K::NotKw
                | K::InKw
                | K::HasKw
                | K::MatchesKw
                | K::AsKw
                | K::OfKw
        )
}

/// A piece of a text by its kind, for whoever shows it in colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub kind: SyntaxKind,
    /// Its first byte.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

/// All pieces of a text, one behind the other.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece> {
    let all = tokens(text).all;
    let piece = |token: super::tokens::Token| Piece {
        kind: token.kind,
        start: token.start as usize,
        end: token.end as usize,
    };
    all.into_iter().map(piece).collect()
}

/// Reads a text that is one expression. Nothing if it is none, which was reported.
pub fn parse_expression(source: SourceId, text: &str, found: &mut Diagnostics) -> Option<ast::Expr> {
    let read = read(Rule::lone_expression, text, None);
    let mut reader = Reader::new(source);
    let expr = reader.lone_expression(&read.tree);
    let bad = !read.problems.is_empty();
    report(source, read.problems.into_iter().chain(reader.problems), found);
    expr.filter(|_| !bad)
}
