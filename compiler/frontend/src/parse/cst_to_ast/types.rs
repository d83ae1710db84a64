//! Types and patterns.

use super::{Reader, child, children, has_token, tokens};
use crate::ast::{self, ExprKind, PatternKind, TypeKind};
use crate::syntax::{SyntaxKind, SyntaxNode};
use flowmesh_ir::expr::Unary;

impl Reader {
    /// The type that stands in a node.
    pub(super) fn child_type(&mut self, node: &SyntaxNode) -> ast::Type {
        let missing = ast::Type {
            span: self.span(node),
            kind: TypeKind::Bad,
        };
        self.optional_type(node).unwrap_or(missing)
    }

    /// The type that stands in a node, if there is one.
    pub(super) fn optional_type(&mut self, node: &SyntaxNode) -> Option<ast::Type> {
        child(node, SyntaxKind::Type).map(|ty| self.ty(&ty))
    }

    /// A type, as deep as the brackets allow.
    pub(super) fn ty(&mut self, node: &SyntaxNode) -> ast::Type {
        let span = self.span(node);
        let Some(base) = node.first_child() else {
            return ast::Type {
                span,
                kind: TypeKind::Bad,
            };
        };
        let kind = match base.kind() {
            SyntaxKind::NamedType => match self.names(&base) {
                names if matches!(names.as_slice(), [only] if only.text == "service") => TypeKind::Service,
                names => TypeKind::Name(names),
            },
            SyntaxKind::OperationType => {
                TypeKind::Operation(self.params(&base), self.optional_type(&base).map(Box::new))
            }
            SyntaxKind::SubsetType => TypeKind::Subset(self.name(&base)),
            SyntaxKind::ListType => TypeKind::List(Box::new(self.child_type(&base))),
            SyntaxKind::MapType => self.map_type(&base),
            _ => TypeKind::Bad,
        };
        if has_token(node, SyntaxKind::Question) {
            let inner = ast::Type {
                span: self.span(&base),
                kind,
            };
            return ast::Type {
                span,
                kind: TypeKind::Optional(Box::new(inner)),
            };
        }
        ast::Type { span, kind }
    }

    fn map_type(&mut self, node: &SyntaxNode) -> TypeKind {
        let mut types = children(node, SyntaxKind::Type);
        match (types.next(), types.next()) {
            (Some(key), Some(value)) => TypeKind::Map(Box::new(self.ty(&key)), Box::new(self.ty(&value))),
            _ => TypeKind::Bad,
        }
    }

    /// The pattern of an arm; nothing for `else`.
    pub(super) fn arm_pattern(&mut self, arm: &SyntaxNode) -> Option<ast::Pattern> {
        child(arm, SyntaxKind::Pattern).map(|pattern| self.pattern(&pattern))
    }

    fn pattern(&mut self, node: &SyntaxNode) -> ast::Pattern {
        let span = self.span(node);
        let Some(form) = node.first_child() else {
            return ast::Pattern {
                span,
                kind: PatternKind::Bad,
            };
        };
        let kind = match form.kind() {
            SyntaxKind::AnyPattern => PatternKind::Any,
            SyntaxKind::NumberPattern => self.number_pattern(&form),
            SyntaxKind::Text => PatternKind::Literal(self.text(&form, 0)),
            SyntaxKind::Constant => PatternKind::Literal(self.constant(&form)),
            SyntaxKind::CasePattern => self.case_pattern(&form),
            _ => PatternKind::Bad,
        };
        ast::Pattern { span, kind }
    }

    fn number_pattern(&mut self, node: &SyntaxNode) -> PatternKind {
        let mut numbers = children(node, SyntaxKind::SignedNumber);
        match (numbers.next(), numbers.next()) {
            (Some(from), Some(to)) => PatternKind::Range(self.signed_number(&from), self.signed_number(&to)),
            (Some(one), None) => PatternKind::Literal(self.signed_number(&one)),
            _ => PatternKind::Bad,
        }
    }

    fn signed_number(&mut self, node: &SyntaxNode) -> ast::Expr {
        let number = self.child_number(node);
        if has_token(node, SyntaxKind::Minus) {
            return ast::Expr {
                span: self.span(node),
                kind: ExprKind::Unary(Unary::Negate, Box::new(number)),
            };
        }
        number
    }

    fn case_pattern(&mut self, node: &SyntaxNode) -> PatternKind {
        let mut path = self.names(node);
        if let Some(binds) = child(node, SyntaxKind::Binds) {
            let binds = children(&binds, SyntaxKind::Bind)
                .map(|bind| self.bind(&bind))
                .collect();
            return PatternKind::Case(path, binds);
        }
        match (path.pop(), path.is_empty()) {
            (Some(name), true) if name.text == "null" => PatternKind::Literal(self.null(name.span)),
            (Some(name), true) => PatternKind::Name(name),
            (Some(last), false) => {
                path.push(last);
                PatternKind::Path(path)
            }
            (None, _) => PatternKind::Bad,
        }
    }

    fn bind(&mut self, node: &SyntaxNode) -> (ast::Ident, ast::Ident) {
        let field = self.name(node);
        let name = self
            .names(node)
            .into_iter()
            .nth(1)
            .unwrap_or_else(|| field.clone());
        (field, name)
    }

    /// `true`, `false`, `none`
    pub(super) fn constant(&mut self, node: &SyntaxNode) -> ast::Expr {
        let kind = match tokens(node).next().map(|token| token.kind()) {
            Some(SyntaxKind::TrueKw) => ExprKind::Bool(true),
            Some(SyntaxKind::FalseKw) => ExprKind::Bool(false),
            Some(SyntaxKind::NoneKw) => ExprKind::None,
            _ => ExprKind::Bad,
        };
        ast::Expr {
            span: self.span(node),
            kind,
        }
    }
}
