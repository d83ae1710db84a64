//! Statements: which one it is, and those that bind, choose and end.

use super::{DEPTH, Reader, child, children, has_token, tokens};
use crate::ast::{self, ExprKind, StatementKind};
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

    pub(super) fn block(&mut self, node: &SyntaxNode, depth: usize) -> ast::Block {
        let mut statements = Vec::new();
        let mut broken = false;
        for statement in node.children() {
            if statement.kind() == SyntaxKind::Setting {
                continue;
            }
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
            SyntaxKind::Assign => self.assignment(node, depth),
            SyntaxKind::ExprStatement => StatementKind::Expr {
                value: self.right(node, depth),
                tails: self.tails(node, depth),
            },
            SyntaxKind::Return => self.end(node, depth),
            SyntaxKind::If => self.choice(node, depth),
            SyntaxKind::Match => self.cases_of_match(node, depth),
            SyntaxKind::Block => StatementKind::Block(self.block(node, depth)),
            SyntaxKind::While => StatementKind::While {
                condition: self.condition(node, 0),
                body: self.child_block(node, depth),
            },
            SyntaxKind::Break => StatementKind::Break,
            SyntaxKind::Continue => StatementKind::Continue,
            SyntaxKind::Fail => StatementKind::Fail {
                error: self.expr_in(node),
            },
            SyntaxKind::Log => StatementKind::Log {
                value: self.expr_in(node),
            },
            _ => self.other_statement(node, depth),
        };
        ast::Statement {
            span: self.span(node),
            kind,
        }
    }

    fn other_statement(&mut self, node: &SyntaxNode, depth: usize) -> StatementKind {
        self.branching(node, depth)
            .or_else(|| self.waiting(node, depth))
            .or_else(|| self.region(node, depth))
            .unwrap_or(StatementKind::Bad)
    }

    fn too_deep(&mut self, node: &SyntaxNode) -> StatementKind {
        let span = self.first_word(node).span;
        self.report(ParseError::TooDeep { limit: DEPTH }, span);
        StatementKind::Bad
    }

    /// `let x = E`; `let x = await E` is an `await` that binds.
    fn binding(&mut self, node: &SyntaxNode, depth: usize) -> StatementKind {
        let (name, ty) = (self.name(node), self.optional_type(node));
        let mutable = has_token(node, SyntaxKind::VarKw);
        if let Some(wait) = child(node, SyntaxKind::Await) {
            if mutable || ty.is_some() {
                self.await_elsewhere(&wait);
            }
            return self.bound_await(&wait, name, depth);
        }
        StatementKind::Let {
            mutable,
            name,
            ty,
            value: self.right(node, depth),
            tails: self.tails(node, depth),
        }
    }

    fn assignment(&mut self, node: &SyntaxNode, depth: usize) -> StatementKind {
        StatementKind::Assign {
            name: self.name(node),
            value: self.right(node, depth),
            tails: self.tails(node, depth),
        }
    }

    fn end(&mut self, node: &SyntaxNode, depth: usize) -> StatementKind {
        let value = node.first_child().map(|_| self.right(node, depth));
        StatementKind::Return {
            value,
            tails: self.tails(node, depth),
        }
    }

    /// A whole right side, or an expression that stands alone.
    fn right(&mut self, node: &SyntaxNode, depth: usize) -> ast::Expr {
        let special = |child: &SyntaxNode| {
            matches!(
                child.kind(),
                SyntaxKind::For | SyntaxKind::Spawn | SyntaxKind::Start | SyntaxKind::Await
            )
        };
        let Some(value) = node.children().find(special) else {
            return self.expr_in(node);
        };
        let kind = match value.kind() {
            SyntaxKind::For => ExprKind::For(Box::new(self.looping(&value, depth))),
            SyntaxKind::Spawn => ExprKind::Spawn(Box::new(self.spawned(&value, depth))),
            SyntaxKind::Start => ExprKind::Start(Box::new(self.expr_in(&value))),
            _ => {
                self.await_elsewhere(&value);
                ExprKind::Bad
            }
        };
        ast::Expr {
            span: self.span(&value),
            kind,
        }
    }

    fn spawned(&mut self, node: &SyntaxNode, depth: usize) -> ast::Spawned {
        match child(node, SyntaxKind::Block) {
            Some(block) => ast::Spawned::Block(self.block(&block, depth)),
            None => ast::Spawned::Call(self.expr_in(node)),
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
    pub(super) fn body(&mut self, node: &SyntaxNode, depth: usize) -> ast::Statement {
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
