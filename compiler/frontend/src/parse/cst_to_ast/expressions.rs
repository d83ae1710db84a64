//! Expressions except their operators: operands, and what touches them.

use super::{DEPTH, Reader, child, children};
use crate::ast::{self, Expr, ExprKind};
use crate::parse::error::ParseError;
use crate::syntax::{SyntaxKind, SyntaxNode};
use flowmesh_diagnostics::Span;
use flowmesh_ir::Name;

impl Reader {
    /// The expression that stands in a node.
    pub(super) fn expr_in(&mut self, node: &SyntaxNode) -> Expr {
        self.expr_at(node, 0)
    }

    /// The expression that stands in a node, if there is one.
    pub(super) fn child_expr(&mut self, node: &SyntaxNode) -> Option<Expr> {
        child(node, SyntaxKind::Expr).map(|expr| self.expr(&expr, 0))
    }

    /// The expression that stands in a node, `depth` levels down.
    pub(super) fn expr_at(&mut self, node: &SyntaxNode, depth: usize) -> Expr {
        match child(node, SyntaxKind::Expr) {
            Some(expr) => self.expr(&expr, depth),
            None => self.bad(node),
        }
    }

    /// Stands for what was reported already.
    pub(super) fn bad(&self, node: &SyntaxNode) -> Expr {
        Expr {
            span: self.span(node),
            kind: ExprKind::Bad,
        }
    }

    pub(super) fn too_deep_expr(&mut self, node: &SyntaxNode) -> Expr {
        self.report(ParseError::TooDeep { limit: DEPTH }, self.span(node));
        self.bad(node)
    }

    /// `null`, which is `none` here.
    pub(super) fn null(&mut self, span: Span) -> Expr {
        self.report(ParseError::foreign("null", "none"), span);
        Expr {
            span,
            kind: ExprKind::None,
        }
    }

    /// An operand with its calls, indices and members.
    pub(super) fn operand(&mut self, node: &SyntaxNode, depth: usize) -> Expr {
        let mut parts = node.children();
        let suffixes = node.children().skip(1).count();
        let Some(first) = parts.next() else {
            return self.bad(node);
        };
        if depth + suffixes > DEPTH {
            return self.too_deep_expr(node);
        }
        let mut value = self.primary(&first, depth + suffixes);
        for suffix in parts {
            value = self.suffix(value, &suffix, depth + suffixes);
        }
        value
    }

    fn primary(&mut self, node: &SyntaxNode, depth: usize) -> Expr {
        let span = self.span(node);
        let kind = match node.kind() {
            SyntaxKind::Reference => return self.reference(node),
            SyntaxKind::Number => return self.number(node),
            SyntaxKind::Text => return self.text(node, depth),
            SyntaxKind::Constant => return self.constant(node),
            SyntaxKind::Paren => {
                Expr {
                    span,
                    ..self.expr_at(node, depth + 1)
                }
                .kind
            }
            SyntaxKind::List => ExprKind::List(
                children(node, SyntaxKind::Expr)
                    .map(|e| self.expr(&e, depth + 1))
                    .collect(),
            ),
            SyntaxKind::Record => self.record(node, depth),
            SyntaxKind::IfExpr => self.if_expr(node, depth),
            SyntaxKind::MatchExpr => {
                let subject = Box::new(self.expr_at(node, depth + 1));
                ExprKind::Match(
                    subject,
                    children(node, SyntaxKind::ExprArm)
                        .map(|a| self.arm(&a, depth))
                        .collect(),
                )
            }
            _ => ExprKind::Bad,
        };
        Expr { span, kind }
    }

    fn reference(&mut self, node: &SyntaxNode) -> Expr {
        let word = self.ident(node);
        match word.text.as_str() {
            "null" => self.null(word.span),
            _ => Expr {
                span: word.span,
                kind: ExprKind::Name(word.text),
            },
        }
    }

    fn suffix(&mut self, value: Expr, node: &SyntaxNode, depth: usize) -> Expr {
        let span = value.span.to(self.span(node));
        let value = Box::new(value);
        let kind = match node.kind() {
            SyntaxKind::Call => {
                let arguments = children(node, SyntaxKind::Argument)
                    .map(|a| self.argument(&a, depth))
                    .collect();
                ExprKind::Call(value, arguments)
            }
            SyntaxKind::Index => ExprKind::Index(value, Box::new(self.expr_at(node, depth + 1))),
            SyntaxKind::Member => ExprKind::Field(value, self.name(node)),
            SyntaxKind::OptionalMember => ExprKind::OptionalField(value, self.name(node)),
            _ => ExprKind::Bad,
        };
        Expr { span, kind }
    }

    pub(super) fn argument(&mut self, node: &SyntaxNode, depth: usize) -> ast::Argument {
        let name = child(node, SyntaxKind::Name).map(|name| self.ident(&name));
        ast::Argument {
            name,
            value: self.expr_at(node, depth + 1),
        }
    }

    fn record(&mut self, node: &SyntaxNode, depth: usize) -> ExprKind {
        let entries: Vec<SyntaxNode> = children(node, SyntaxKind::Entry).collect();
        self.check_commas(&entries);
        let joined = entries.iter().flat_map(|entry| {
            std::iter::successors(Some(entry.clone()), |entry| child(entry, SyntaxKind::Entry))
        });
        ExprKind::Record(joined.map(|entry| self.entry(&entry, depth)).collect())
    }

    /// `a: 1`, `GET "/a"`, or `a` for the value that has that name.
    fn entry(&mut self, node: &SyntaxNode, depth: usize) -> (ast::Ident, Expr) {
        let name = self.name(node);
        let value = match (child(node, SyntaxKind::Expr), child(node, SyntaxKind::Text)) {
            (Some(expr), _) => self.expr(&expr, depth + 1),
            (None, Some(text)) => self.text(&text, depth + 1),
            (None, None) => Expr {
                span: name.span,
                kind: ExprKind::Name(Name::clone(&name.text)),
            },
        };
        (name, value)
    }

    fn if_expr(&mut self, node: &SyntaxNode, depth: usize) -> ExprKind {
        let conditions: Vec<SyntaxNode> = children(node, SyntaxKind::Condition).collect();
        let values: Vec<SyntaxNode> = children(node, SyntaxKind::ValueBlock).collect();
        let deeper = depth + 1 + conditions.len();
        if deeper > DEPTH {
            return self.too_deep_expr(node).kind;
        }
        let mut values = values
            .iter()
            .rev()
            .map(|value| self.expr_at(value, deeper))
            .collect::<Vec<_>>()
            .into_iter();
        let Some(mut otherwise) = values.next() else {
            return ExprKind::Bad;
        };
        for (condition, then) in conditions.iter().rev().zip(values) {
            let condition = self.one_condition(condition, deeper);
            let span = condition.span.to(otherwise.span);
            let kind = ExprKind::If(Box::new(condition), Box::new(then), Box::new(otherwise));
            otherwise = Expr { span, kind };
        }
        otherwise.kind
    }

    fn arm(&mut self, node: &SyntaxNode, depth: usize) -> ast::ExprArm {
        let pattern = self.arm_pattern(node);
        ast::ExprArm {
            span: self.span(node),
            pattern,
            body: self.expr_at(node, depth + 1),
        }
    }
}
