//! From the lossless tree to the tree of the program.
//!
//! Every node of the lossless tree was made by the grammar, so its parts are where the grammar puts them; where one is
//! missing because a covered token stood there, the result is `Bad`, and the reason was reported already.

mod branches;
mod climb;
mod expressions;
mod ignores;
mod items;
mod literals;
mod mesh;
mod regions;
mod services;
mod statements;
mod tails;
mod tests;
mod texts;
mod types;
mod waits;

pub(crate) use climb::strength;
pub(crate) use ignores::{about, above, asks_for_code, code_before};

use super::error::ParseError;
use super::prompt::{Part, PartKind};
use crate::ast;
use crate::syntax::{SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};
use flowmesh_diagnostics::{SourceId, Span};
use flowmesh_ir::Name;

/// How deep expressions may nest, counting operators in a row: later stages walk them without limits of their own.
const DEPTH: usize = 200;

/// Reads one tree; what it finds wrong with literals and commas is kept for the caller.
#[derive(Debug)]
pub(super) struct Reader {
    source: SourceId,
    pub(super) problems: Vec<(ParseError, u32, u32)>,
}

impl Reader {
    pub(super) fn new(source: SourceId) -> Self {
        Self {
            source,
            problems: Vec::new(),
        }
    }

    /// The whole file.
    pub(super) fn module(&mut self, root: &SyntaxNode) -> ast::Module {
        let items = root.children().filter_map(|node| self.item(&node)).collect();
        ast::Module {
            doc: module_doc(root),
            items,
            ignores: self.ignores(root),
        }
    }

    /// The declarations, statements and expressions that a prompt's input is, each with what stands before it.
    pub(super) fn prompt(&mut self, root: &SyntaxNode) -> Vec<Part> {
        let nodes: Vec<SyntaxNode> = root.children().collect();
        let mut start = 0;
        let mut parts = Vec::with_capacity(nodes.len());
        for node in nodes {
            let end = node.text_range().end().into();
            let span = Span::new(self.source, start, end);
            start = end;
            parts.push(Part {
                span,
                kind: self.part(&node),
            });
        }
        parts
    }

    fn part(&mut self, node: &SyntaxNode) -> PartKind {
        if let Some(item) = self.item(node) {
            return PartKind::Item(Box::new(item));
        }
        let said = self.test_statement(node);
        if !matches!(said.kind, ast::TestKind::Bad) {
            return PartKind::Test(Box::new(said));
        }
        let statement = self.statement(node, 0);
        match statement.kind {
            ast::StatementKind::Expr { value, tails } if tails.is_empty() => {
                PartKind::Expression(Box::new(value))
            }
            _ => PartKind::Statement(Box::new(statement)),
        }
    }

    /// The expression that the whole text is.
    pub(super) fn lone_expression(&mut self, root: &SyntaxNode) -> Option<ast::Expr> {
        self.child_expr(root)
    }

    fn report(&mut self, error: ParseError, span: Span) {
        self.problems.push((error, span.start, span.end));
    }

    fn span(&self, node: &SyntaxNode) -> Span {
        self.place(node.text_range())
    }

    fn place(&self, range: rowan::TextRange) -> Span {
        Span::new(self.source, range.start().into(), range.end().into())
    }

    fn ident(&self, node: &SyntaxNode) -> ast::Ident {
        let token = node.first_token();
        let text = token
            .as_ref()
            .map_or(Name::default(), |token| Name::new(token.text()));
        ast::Ident {
            text,
            span: self.span(node),
        }
    }

    /// The names that stand directly in a node, in order.
    fn names(&self, node: &SyntaxNode) -> Vec<ast::Ident> {
        children(node, SyntaxKind::Name)
            .map(|name| self.ident(&name))
            .collect()
    }

    /// The first name of a node; the empty name stands for a missing one.
    fn name(&self, node: &SyntaxNode) -> ast::Ident {
        match child(node, SyntaxKind::Name) {
            Some(name) => self.ident(&name),
            None => ast::Ident {
                text: Name::default(),
                span: self.span(node),
            },
        }
    }

    /// The word that a node begins with, or the whole text.
    fn first_word(&self, node: &SyntaxNode) -> ast::Ident {
        if let Some(text) = node
            .first_child()
            .filter(|first| first.kind() == SyntaxKind::Text)
        {
            return ast::Ident {
                text: text.text().to_string().into(),
                span: self.span(&text),
            };
        }
        match node.first_token() {
            Some(token) => ast::Ident {
                text: Name::new(token.text()),
                span: self.place(token.text_range()),
            },
            None => self.name(node),
        }
    }

    /// Entries of a braced list stand on lines of their own or have commas between them.
    fn check_commas(&mut self, entries: &[SyntaxNode]) {
        for (before, entry) in entries.iter().zip(entries.iter().skip(1)) {
            let separated = between(before, entry)
                .any(|token| token.kind() == SyntaxKind::Comma || token.text().contains('\n'));
            if !separated {
                let before = self.first_word(entry);
                self.report(
                    ParseError::MissingComma {
                        before: before.text.to_string(),
                    },
                    before.span,
                );
            }
        }
    }
}

fn child(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxNode> {
    node.children().find(|child| child.kind() == kind)
}

fn children(node: &SyntaxNode, kind: SyntaxKind) -> impl Iterator<Item = SyntaxNode> + use<> {
    node.children().filter(move |child| child.kind() == kind)
}

/// The tokens that stand directly in a node.
fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> + use<> {
    node.children_with_tokens().filter_map(SyntaxElement::into_token)
}

fn has_token(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    tokens(node).any(|token| token.kind() == kind)
}

fn between(before: &SyntaxNode, after: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> + use<> {
    let end = after.text_range().start();
    let next = |element: &SyntaxElement| element.next_sibling_or_token();
    std::iter::successors(before.next_sibling_or_token(), next)
        .take_while(move |element| element.text_range().start() < end)
        .filter_map(SyntaxElement::into_token)
}

/// The `///` lines just before a node.
fn doc(node: &SyntaxNode) -> Option<String> {
    let before = |element: &SyntaxElement| element.prev_sibling_or_token();
    let trivia = std::iter::successors(node.prev_sibling_or_token(), before)
        .map_while(SyntaxElement::into_token)
        .take_while(|token| token.kind().is_trivia());
    let mut lines: Vec<String> = trivia
        .filter(|token| token.kind() == SyntaxKind::Doc)
        .map(|token| doc_line(token.text()))
        .collect();
    lines.reverse();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn module_doc(root: &SyntaxNode) -> Option<String> {
    let lines: Vec<String> = tokens(root)
        .filter(|t| t.kind() == SyntaxKind::ModuleDoc)
        .map(|t| doc_line(t.text()))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The words of a documentation line, without its sign and the blank after it.
fn doc_line(text: &str) -> String {
    let text = text.get(3..).unwrap_or("");
    text.strip_prefix(' ').unwrap_or(text).trim_end().to_owned()
}
