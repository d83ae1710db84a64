//! Reads one input of a prompt, and single expressions.

use super::cst_to_ast::Reader;
use super::{read, report};
use crate::ast;
use flowmesh_diagnostics::{Diagnostics, SourceId};
use flowmesh_grammar::Rule;

/// What was typed at a prompt.
#[derive(Clone, Debug)]
pub enum PromptInput {
    /// Nothing but blanks and comments.
    Empty,
    /// A bracket, text or comment is still open: the input goes on in the next line. Nothing was reported.
    Incomplete,
    /// A declaration.
    Item(Box<ast::Item>),
    /// A statement, such as `let x = 1`.
    Statement(Box<ast::Statement>),
    /// An expression.
    Expression(Box<ast::Expr>),
    /// None of these. Reported.
    Bad,
}

/// Reads a declaration, a statement or an expression.
pub fn parse_prompt(source: SourceId, text: &str, found: &mut Diagnostics) -> PromptInput {
    let read = read(Rule::prompt, text);
    if read.open_at_end {
        return PromptInput::Incomplete;
    }
    let mut reader = Reader::new(source);
    let input = reader.prompt(&read.tree);
    let bad = !read.problems.is_empty();
    report(source, read.problems.into_iter().chain(reader.problems), found);
    if bad { PromptInput::Bad } else { input }
}

/// Reads a text that is one expression. Nothing if it is none, which was reported.
pub fn parse_expression(source: SourceId, text: &str, found: &mut Diagnostics) -> Option<ast::Expr> {
    let read = read(Rule::lone_expression, text);
    let mut reader = Reader::new(source);
    let expr = reader.lone_expression(&read.tree);
    let bad = !read.problems.is_empty();
    report(source, read.problems.into_iter().chain(reader.problems), found);
    expr.filter(|_| !bad)
}
