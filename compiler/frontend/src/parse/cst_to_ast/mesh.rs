//! Gateways, access rules, schedules and migrations.

use super::{Reader, child, children, has_token, tokens};
use crate::ast::{self, Expr, WhoKind};
use crate::syntax::{SyntaxKind, SyntaxNode};

impl Reader {
    pub(super) fn gateway(&mut self, node: &SyntaxNode) -> ast::Gateway {
        let entry =
            |child: &SyntaxNode| matches!(child.kind(), SyntaxKind::GatewayRoute | SyntaxKind::Setting);
        self.check_commas(&node.children().filter(entry).collect::<Vec<_>>());
        ast::Gateway {
            name: self.name(node),
            settings: self.settings(node),
            routes: children(node, SyntaxKind::GatewayRoute)
                .map(|route| self.gateway_route(&route))
                .collect(),
        }
    }

    fn gateway_route(&mut self, node: &SyntaxNode) -> ast::GatewayRoute {
        let mut exprs = self.exprs(node);
        let target = exprs.pop().unwrap_or_else(|| self.bad(node));
        ast::GatewayRoute {
            span: self.span(node),
            method: child(node, SyntaxKind::GatewayMethod)
                .map_or_else(|| self.first_word(node), |word| self.ident(&word)),
            path: self.child_text(node),
            condition: exprs.pop(),
            target,
            settings: self.child_settings(node),
        }
    }

    pub(super) fn access(&mut self, node: &SyntaxNode) -> ast::Access {
        let word = self.first_word(node);
        ast::Access {
            allow: word.text == "allow",
            word: word.span,
            who: children(node, SyntaxKind::Who)
                .map(|who| self.who(&who))
                .collect(),
            what: children(node, SyntaxKind::What)
                .map(|what| self.what(&what))
                .collect(),
            condition: self.child_expr(node),
        }
    }

    fn who(&mut self, node: &SyntaxNode) -> ast::Who {
        let names = self.names(node);
        let gateway = tokens(node).any(|token| token.text() == "gateway") && names.len() == 1;
        let kind = match (child(node, SyntaxKind::Text), names.as_slice()) {
            (Some(_), _) => WhoKind::Identity(self.child_text(node)),
            (None, [name]) if gateway => WhoKind::Gateway(name.clone()),
            (None, [name]) if name.text == "anyone" => WhoKind::Anyone,
            (None, _) => WhoKind::Name(names),
        };
        ast::Who {
            span: self.span(node),
            kind,
        }
    }

    fn what(&mut self, node: &SyntaxNode) -> ast::What {
        ast::What {
            span: self.span(node),
            path: self.names(node),
            all: has_token(node, SyntaxKind::Star),
        }
    }

    pub(super) fn schedule(&mut self, node: &SyntaxNode) -> ast::Schedule {
        let mut exprs = self.exprs(node).into_iter();
        ast::Schedule {
            name: self.name(node),
            when: exprs.next().unwrap_or_else(|| self.bad(node)),
            target: exprs.next().unwrap_or_else(|| self.bad(node)),
            settings: self.child_settings(node),
        }
    }

    pub(super) fn migrate(&mut self, node: &SyntaxNode) -> ast::Migrate {
        let rules: Vec<SyntaxNode> = children(node, SyntaxKind::MoveRule).collect();
        self.check_commas(&rules);
        ast::Migrate {
            flow: self.name(node),
            moves: rules.iter().map(|rule| self.move_rule(rule)).collect(),
        }
    }

    fn move_rule(&mut self, node: &SyntaxNode) -> (Expr, Expr) {
        let mut texts = children(node, SyntaxKind::Text).map(|text| self.text(&text, 0));
        let from = texts.next();
        let to = texts.next();
        drop(texts);
        (
            from.unwrap_or_else(|| self.bad(node)),
            to.unwrap_or_else(|| self.bad(node)),
        )
    }

    /// The expressions that stand directly in a node, in order.
    pub(super) fn exprs(&mut self, node: &SyntaxNode) -> Vec<Expr> {
        children(node, SyntaxKind::Expr)
            .map(|expr| self.expr(&expr, 0))
            .collect()
    }
}
