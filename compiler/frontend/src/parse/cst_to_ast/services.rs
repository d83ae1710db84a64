//! Services, their operations and routes.

use super::{Reader, child, children, doc};
use crate::ast;
use crate::syntax::{SyntaxKind, SyntaxNode};

impl Reader {
    pub(super) fn service(&mut self, node: &SyntaxNode) -> ast::Service {
        let entry = |child: &SyntaxNode| {
            matches!(
                child.kind(),
                SyntaxKind::At | SyntaxKind::Setting | SyntaxKind::Operation | SyntaxKind::Route
            )
        };
        self.check_commas(&node.children().filter(entry).collect::<Vec<_>>());
        ast::Service {
            name: self.name(node),
            from: child(node, SyntaxKind::From).map(|from| self.child_text(&from)),
            at: self.addresses(node),
            settings: self.settings(node),
            route: child(node, SyntaxKind::Route).map(|route| self.route(&route)),
            operations: children(node, SyntaxKind::Operation)
                .map(|op| self.operation(&op))
                .collect(),
        }
    }

    /// A bad `at` counts as one, so that nobody says that there is none.
    fn addresses(&mut self, node: &SyntaxNode) -> Vec<ast::At> {
        let good: Vec<ast::At> = children(node, SyntaxKind::At).map(|at| self.at(&at)).collect();
        let bad = children(node, SyntaxKind::BadMember).filter(|bad| self.first_word(bad).text == "at");
        let bad: Vec<ast::At> = bad
            .map(|bad| ast::At {
                span: self.span(&bad),
                subset: None,
                value: self.bad(&bad),
                zones: Vec::new(),
            })
            .collect();
        good.into_iter().chain(bad).collect()
    }

    fn at(&mut self, node: &SyntaxNode) -> ast::At {
        let subset = self.names(node).into_iter().next();
        let (value, zones) = match child(node, SyntaxKind::Zones) {
            Some(zones) => self.zones(&zones),
            None => (self.expr_in(node), Vec::new()),
        };
        ast::At {
            span: self.first_word(node).span,
            subset,
            value,
            zones,
        }
    }

    /// The addresses of all zones, and the zones.
    fn zones(&mut self, node: &SyntaxNode) -> (ast::Expr, Vec<ast::Zone>) {
        let written: Vec<SyntaxNode> = children(node, SyntaxKind::Zone).collect();
        self.check_commas(&written);
        let mut addresses = Vec::new();
        let zones = written.iter().map(|zone| {
            let value = self.expr_in(zone);
            let here = match value.kind {
                // An empty one is left as it is for whoever says what is wrong with it.
                ast::ExprKind::List(items) if !items.is_empty() => items,
                _ => vec![value],
            };
            let count = here.len();
            addresses.extend(here);
            ast::Zone {
                name: self.child_text(zone),
                addresses: count,
            }
        });
        let zones = zones.collect();
        let value = ast::Expr {
            span: self.span(node),
            kind: ast::ExprKind::List(addresses),
        };
        (value, zones)
    }

    fn route(&mut self, node: &SyntaxNode) -> ast::RouteBlock {
        let rules = children(node, SyntaxKind::RouteRule)
            .map(|rule| self.route_rule(&rule))
            .collect();
        ast::RouteBlock {
            span: self.span(node),
            rules,
        }
    }

    fn route_rule(&mut self, node: &SyntaxNode) -> ast::RouteRule {
        let condition = self.child_expr(node);
        let split = children(node, SyntaxKind::Split).map(|split| {
            let share = child(&split, SyntaxKind::Number).map(|number| self.number(&number));
            (self.name(&split), share)
        });
        let split = split.collect();
        ast::RouteRule {
            span: self.span(node),
            condition,
            split,
        }
    }

    fn operation(&mut self, node: &SyntaxNode) -> ast::Operation {
        let (settings, on) = match child(node, SyntaxKind::OperationBody) {
            Some(body) => self.operation_body(&body),
            None => Default::default(),
        };
        let stream = child(node, SyntaxKind::Stream);
        ast::Operation {
            doc: doc(node),
            span: self.span(node),
            name: self.name(node),
            params: self.params(node),
            result: self.optional_type(stream.as_ref().unwrap_or(node)),
            stream: stream.is_some(),
            fails: self.fails(node),
            binding: child(node, SyntaxKind::Binding)
                .map_or_else(|| self.name(node), |word| self.ident(&word)),
            path: self.child_text(node),
            settings,
            on,
        }
    }

    fn operation_body(&mut self, node: &SyntaxNode) -> (Vec<ast::Setting>, Vec<ast::OnStatus>) {
        let entry = |child: &SyntaxNode| matches!(child.kind(), SyntaxKind::Setting | SyntaxKind::OnStatus);
        self.check_commas(&node.children().filter(entry).collect::<Vec<_>>());
        let on = children(node, SyntaxKind::OnStatus)
            .map(|on| self.on_status(&on))
            .collect();
        (self.settings(node), on)
    }

    fn on_status(&mut self, node: &SyntaxNode) -> ast::OnStatus {
        ast::OnStatus {
            span: self.span(node),
            status: self.status(node),
            value: self.expr_in(node),
        }
    }

    /// A number, or a name that stands for one.
    pub(super) fn status(&mut self, node: &SyntaxNode) -> ast::Expr {
        match child(node, SyntaxKind::Name) {
            Some(name) => {
                let name = self.ident(&name);
                ast::Expr {
                    kind: ast::ExprKind::Name(name.text),
                    span: name.span,
                }
            }
            None => self.child_number(node),
        }
    }
}
