//! Statements and their tails.

use super::{DEPTH, Reader, child, children, has_token, tokens};
use crate::ast::{self, ExprKind, Limit, StatementKind, Tails};
use crate::parse::error::ParseError;
use crate::parse::words::near_statement;
use crate::syntax::{SyntaxElement, SyntaxKind, SyntaxNode};

impl Reader {
    /// The block that stands in a node, `depth` blocks within each other.
    pub(super) fn child_block(&mut self, node: &SyntaxNode, depth: usize) -> ast::Block {
        match child(node, SyntaxKind::Block) {
            Some(block) => self.block(&block, depth),
            None => ast::Block {
                span: self.span(node),
                statements: Vec::new(),
            },
        }
    }

    fn block(&mut self, node: &SyntaxNode, depth: usize) -> ast::Block {
        let mut statements = Vec::new();
        let mut broken = false;
        for statement in node.children() {
            // What follows a misspelt word on its line is the rest of what it was to begin.
            broken &= !begins_a_line(&statement);
            let read = self.statement(&statement, depth + 1);
            if !broken {
                statements.push(read);
            }
            broken |= self.is_misspelt(&statement);
        }
        ast::Block {
            span: self.span(node),
            statements,
        }
    }

    /// Reports a word that stands where a statement ends or begins, and is the beginning of nothing: `retrun x`.
    fn is_misspelt(&mut self, node: &SyntaxNode) -> bool {
        let Some(last) = node.last_token().filter(|token| token.kind() == SyntaxKind::Word) else {
            return false;
        };
        let alone = |node: &SyntaxNode| {
            node.kind() == SyntaxKind::ExprStatement && node.text_range() == last.text_range()
        };
        let near = near_statement(last.text());
        // `a (b)` is a call with a blank too many rather than a word of the language.
        let bracket = |next: &SyntaxNode| {
            near.is_none()
                && next
                    .first_token()
                    .is_some_and(|token| token.text().starts_with(['(', '[']))
        };
        let next = node
            .next_sibling()
            .filter(|next| !begins_a_line(next) && !bracket(next));
        let goes_on = next.is_some();
        let whole = matches!(near, Some("return" | "break" | "continue"));
        if !last.parent_ancestors().any(|node| alone(&node)) || !goes_on && !whole {
            return false;
        }
        let (expected, found) = ("a statement".to_owned(), last.text().to_owned());
        let span = self.place(last.text_range());
        self.report(
            ParseError::Misspelt {
                expected,
                found,
                near,
            },
            span,
        );
        true
    }

    /// A statement, `depth` blocks within each other.
    pub(super) fn statement(&mut self, node: &SyntaxNode, depth: usize) -> ast::Statement {
        let kind = match node.kind() {
            _ if depth > DEPTH => self.too_deep(node),
            SyntaxKind::Let => self.binding(node, depth),
            SyntaxKind::Assign => {
                let (name, value) = (self.name(node), self.expr_in(node));
                StatementKind::Assign {
                    name,
                    value,
                    tails: self.tails(node, depth),
                }
            }
            SyntaxKind::ExprStatement => StatementKind::Expr {
                value: self.expr_in(node),
                tails: self.tails(node, depth),
            },
            SyntaxKind::Return => StatementKind::Return {
                value: self.child_expr(node),
                tails: self.tails(node, depth),
            },
            SyntaxKind::If => self.choice(node, depth),
            SyntaxKind::Match => self.cases_of_match(node, depth),
            SyntaxKind::Await => self.wait(node, depth),
            SyntaxKind::Block => StatementKind::Block(self.block(node, depth)),
            _ => self.loop_or_simple(node, depth),
        };
        ast::Statement {
            span: self.span(node),
            kind,
        }
    }

    fn loop_or_simple(&mut self, node: &SyntaxNode, depth: usize) -> StatementKind {
        match node.kind() {
            SyntaxKind::For => {
                let (name, list) = (self.name(node), self.expr_in(node));
                StatementKind::For(Box::new(ast::For {
                    name,
                    source: ast::ForSource::In(list),
                    fan: None,
                    limit: Limit::Missing,
                    body: self.child_block(node, depth),
                }))
            }
            SyntaxKind::While => StatementKind::While {
                condition: self.condition(node, 0),
                body: self.child_block(node, depth),
            },
            SyntaxKind::Break => StatementKind::Break,
            SyntaxKind::Continue => StatementKind::Continue,
            SyntaxKind::Parallel => StatementKind::Parallel {
                fan: None,
                branches: self.child_block(node, depth),
            },
            SyntaxKind::Sleep => StatementKind::Sleep {
                duration: self.expr_in(node),
            },
            SyntaxKind::Signal => StatementKind::Signal {
                name: self.name(node),
                params: self.params(node),
                result: None,
                transient: false,
            },
            SyntaxKind::Fail => StatementKind::Fail {
                error: self.expr_in(node),
            },
            SyntaxKind::Log => StatementKind::Log {
                value: self.expr_in(node),
            },
            SyntaxKind::LaterStatement => StatementKind::Unsupported(self.later(node)),
            _ => StatementKind::Bad,
        }
    }

    fn too_deep(&mut self, node: &SyntaxNode) -> StatementKind {
        let span = self.first_word(node).span;
        self.report(ParseError::TooDeep { limit: DEPTH }, span);
        StatementKind::Bad
    }

    fn binding(&mut self, node: &SyntaxNode, depth: usize) -> StatementKind {
        if let Some(later) = child(node, SyntaxKind::LaterStatement) {
            self.later(&later);
        }
        StatementKind::Let {
            mutable: has_token(node, SyntaxKind::VarKw),
            name: self.name(node),
            ty: self.optional_type(node),
            value: self.expr_in(node),
            tails: self.tails(node, depth),
        }
    }

    /// `if a { } else if b { } else { }`: what follows an `else if` becomes a block with one `if` in it.
    fn choice(&mut self, node: &SyntaxNode, depth: usize) -> StatementKind {
        let conditions: Vec<_> = children(node, SyntaxKind::Condition).collect();
        if depth + conditions.len() > DEPTH {
            return self.too_deep(node);
        }
        let mut conditions: Vec<_> = conditions
            .iter()
            .map(|condition| self.one_condition(condition, 0))
            .collect();
        let blocks: Vec<_> = children(node, SyntaxKind::Block).collect();
        let deeper = depth + conditions.len();
        let mut blocks: Vec<_> = blocks.iter().map(|block| self.block(block, deeper)).collect();
        let mut otherwise = if blocks.len() > conditions.len() {
            blocks.pop()
        } else {
            None
        };
        while conditions.len() > 1 {
            let (Some(condition), Some(then)) = (conditions.pop(), blocks.pop()) else {
                break;
            };
            let end = otherwise.as_ref().map_or(then.span, |block| block.span);
            let span = condition.span.to(end);
            let inner = StatementKind::If {
                condition,
                then,
                otherwise,
            };
            otherwise = Some(ast::Block {
                span,
                statements: vec![ast::Statement { span, kind: inner }],
            });
        }
        match (conditions.pop(), blocks.pop()) {
            (Some(condition), Some(then)) => StatementKind::If {
                condition,
                then,
                otherwise,
            },
            _ => StatementKind::Bad,
        }
    }

    fn cases_of_match(&mut self, node: &SyntaxNode, depth: usize) -> StatementKind {
        let subject = self.expr_in(node);
        let arms = children(node, SyntaxKind::Arm)
            .map(|arm| self.statement_arm(&arm, depth))
            .collect();
        StatementKind::Match { subject, arms }
    }

    fn statement_arm(&mut self, node: &SyntaxNode, depth: usize) -> ast::StatementArm {
        let pattern = self.arm_pattern(node);
        ast::StatementArm {
            span: self.span(node),
            pattern,
            body: self.body(node, depth),
        }
    }

    /// The statement at the end of a node, after `->` or `else`.
    fn body(&mut self, node: &SyntaxNode, depth: usize) -> ast::Statement {
        match node.last_child() {
            Some(body)
                if !matches!(
                    body.kind(),
                    SyntaxKind::Pattern | SyntaxKind::Name | SyntaxKind::Expr
                ) =>
            {
                self.statement(&body, depth + 1)
            }
            _ => ast::Statement {
                span: self.span(node),
                kind: StatementKind::Bad,
            },
        }
    }

    fn wait(&mut self, node: &SyntaxNode, depth: usize) -> StatementKind {
        let mut names = self.names(node).into_iter();
        let Some(signal) = names.next() else {
            return StatementKind::Bad;
        };
        let (span, kind) = (signal.span, ast::ExprKind::Name(signal.text));
        StatementKind::Await {
            on: ast::AwaitOn::Expr(ast::Expr { span, kind }),
            bind: names.next(),
            limit: self.limit(node, depth),
            tails: ast::Tails::default(),
        }
    }

    fn limit(&mut self, node: &SyntaxNode, depth: usize) -> Limit {
        if let Some(forever) = child(node, SyntaxKind::Forever) {
            return Limit::Forever(self.span(&forever));
        }
        let Some(within) = child(node, SyntaxKind::Within) else {
            return Limit::Missing;
        };
        let duration = self.expr_in(&within);
        let has_else = tokens(&within).any(|token| token.kind() == SyntaxKind::ElseKw);
        let otherwise = has_else.then(|| Box::new(self.body(&within, depth)));
        Limit::Within { duration, otherwise }
    }

    fn tails(&mut self, node: &SyntaxNode, depth: usize) -> Tails {
        let undo =
            child(node, SyntaxKind::Undo).map(|tail| (self.first_word(&tail).span, self.expr_in(&tail)));
        let catch = children(node, SyntaxKind::Catch)
            .map(|tail| self.catch(&tail, depth))
            .collect();
        let with = child(node, SyntaxKind::With).map(|tail| (self.span(&tail), self.child_settings(&tail)));
        self.report_second(node, SyntaxKind::Undo);
        self.report_second(node, SyntaxKind::With);
        Tails { undo, catch, with }
    }

    /// A call has one `undo` and one `with`.
    fn report_second(&mut self, node: &SyntaxNode, kind: SyntaxKind) {
        if let Some(second) = children(node, kind).nth(1) {
            let word = self.first_word(&second);
            let expected = format!("one `{}` at a call", word.text);
            let found = "a second one".to_owned();
            self.report(
                ParseError::Unexpected {
                    expected,
                    after: None,
                    found,
                    help: None,
                },
                word.span,
            );
        }
    }

    fn catch(&mut self, node: &SyntaxNode, depth: usize) -> ast::Catch {
        let bind = self.names(node).into_iter().nth(1);
        let (error, body) = (self.name(node), Box::new(self.body(node, depth)));
        ast::Catch {
            span: self.span(node),
            error,
            bind,
            body,
        }
    }

    /// The condition that stands in a node.
    pub(super) fn condition(&mut self, node: &SyntaxNode, depth: usize) -> ast::Expr {
        match child(node, SyntaxKind::Condition) {
            Some(condition) => self.one_condition(&condition, depth),
            None => self.bad(node),
        }
    }

    /// A condition, with `=` read as `==` after a message.
    pub(super) fn one_condition(&mut self, node: &SyntaxNode, depth: usize) -> ast::Expr {
        let slip = tokens(node).find(|token| token.kind() == SyntaxKind::Equals);
        let Some(slip) = slip else {
            return self.expr_at(node, depth);
        };
        let span = self.place(slip.text_range());
        self.report(ParseError::foreign("=", "=="), span);
        let mut sides = children(node, SyntaxKind::Expr);
        let (Some(left), Some(right)) = (sides.next(), sides.next()) else {
            return self.bad(node);
        };
        let left = Box::new(self.expr(&left, depth + 1));
        let right = Box::new(self.expr(&right, depth + 1));
        let kind = ExprKind::Binary(flowmesh_ir::expr::Binary::Equal, span, left, right);
        ast::Expr {
            span: self.span(node),
            kind,
        }
    }
}

/// Whether a line break stands between a statement and what is before it.
fn begins_a_line(node: &SyntaxNode) -> bool {
    let before = |element: &SyntaxElement| element.prev_sibling_or_token();
    std::iter::successors(node.prev_sibling_or_token(), before)
        .map_while(SyntaxElement::into_token)
        .take_while(|token| token.kind().is_trivia())
        .any(|token| token.text().contains('\n'))
}
