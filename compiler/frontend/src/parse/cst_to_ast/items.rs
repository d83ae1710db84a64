//! Declarations.

use super::{Reader, child, children, doc};
use crate::ast::{self, ItemKind};
use crate::parse::error::ParseError;
use crate::syntax::{SyntaxKind, SyntaxNode};

impl Reader {
    /// A declaration; nothing for a node that is none.
    pub(in crate::parse) fn item(&mut self, node: &SyntaxNode) -> Option<ast::Item> {
        let name = self.name(node);
        let kind = match node.kind() {
            SyntaxKind::Import => ItemKind::Use(self.names(node)),
            SyntaxKind::Config => {
                let (ty, default) = (self.child_type(node), self.child_expr(node));
                ItemKind::Config { name, ty, default }
            }
            SyntaxKind::Secret => ItemKind::Secret { name },
            SyntaxKind::RecordType => self.record_type(node, name),
            SyntaxKind::Enumeration => ItemKind::Enum {
                name,
                tag: None,
                cases: self.cases(node),
            },
            SyntaxKind::ErrorItem => ItemKind::Error {
                name,
                fields: self.params(node),
            },
            SyntaxKind::EventItem => ItemKind::Event {
                name,
                fields: self.params(node),
            },
            SyntaxKind::Policy => ItemKind::Policy {
                name,
                settings: self.child_settings(node),
            },
            SyntaxKind::Service => ItemKind::Service(self.service(node)),
            SyntaxKind::Function => {
                let (params, result, body) = (self.params(node), self.child_type(node), self.expr_in(node));
                ItemKind::Function {
                    name,
                    params,
                    result,
                    body,
                }
            }
            SyntaxKind::FlowItem => ItemKind::Flow(Box::new(self.flow(node))),
            SyntaxKind::Gateway => ItemKind::Gateway(Box::new(self.gateway(node))),
            SyntaxKind::Access => ItemKind::Access(Box::new(self.access(node))),
            SyntaxKind::Mesh => ItemKind::Mesh {
                word: self.first_word(node).span,
                settings: self.child_settings(node),
            },
            SyntaxKind::Schedule => ItemKind::Schedule(Box::new(self.schedule(node))),
            SyntaxKind::Migrate => ItemKind::Migrate(Box::new(self.migrate(node))),
            SyntaxKind::Test => ItemKind::Test(Box::new(self.test(node))),
            SyntaxKind::BadItem => ItemKind::Bad,
            _ => return None,
        };
        Some(ast::Item {
            doc: doc(node),
            span: self.span(node),
            kind,
        })
    }

    fn record_type(&mut self, node: &SyntaxNode, name: ast::Ident) -> ItemKind {
        match child(node, SyntaxKind::Fields) {
            Some(fields) => ItemKind::Record {
                name,
                fields: self.fields(&fields, true),
            },
            None => ItemKind::Alias {
                name,
                ty: self.child_type(node),
                rule: self.rule(node),
            },
        }
    }

    fn cases(&mut self, node: &SyntaxNode) -> Vec<ast::Case> {
        let cases: Vec<SyntaxNode> = children(node, SyntaxKind::Case).collect();
        self.check_commas(&cases);
        cases
            .iter()
            .map(|case| ast::Case {
                name: self.name(case),
                wire: None,
                fields: self.params(case),
            })
            .collect()
    }

    /// The fields in the round brackets of a node, if it has some.
    pub(super) fn params(&mut self, node: &SyntaxNode) -> Vec<ast::Field> {
        match child(node, SyntaxKind::Params) {
            Some(params) => self.fields(&params, false),
            None => Vec::new(),
        }
    }

    fn fields(&mut self, node: &SyntaxNode, braced: bool) -> Vec<ast::Field> {
        let fields: Vec<SyntaxNode> = children(node, SyntaxKind::Field).collect();
        if braced {
            self.check_commas(&fields);
        }
        fields.iter().map(|field| self.field(field)).collect()
    }

    fn field(&mut self, node: &SyntaxNode) -> ast::Field {
        let (name, ty, rule) = (self.name(node), self.child_type(node), self.rule(node));
        ast::Field {
            doc: doc(node),
            name,
            ty,
            rule,
        }
    }

    /// The condition after `where` that stands in a node.
    pub(super) fn rule(&mut self, node: &SyntaxNode) -> Option<ast::Expr> {
        child(node, SyntaxKind::Rule).map(|rule| self.expr_in(&rule))
    }

    /// The settings in the braces of a node.
    pub(super) fn child_settings(&mut self, node: &SyntaxNode) -> Vec<ast::Setting> {
        child(node, SyntaxKind::Settings).map_or_else(Vec::new, |settings| {
            let all: Vec<SyntaxNode> = children(&settings, SyntaxKind::Setting).collect();
            self.check_commas(&all);
            self.settings(&settings)
        })
    }

    /// The settings that stand directly in a node.
    pub(super) fn settings(&mut self, node: &SyntaxNode) -> Vec<ast::Setting> {
        let settings = children(node, SyntaxKind::Setting);
        settings
            .map(|setting| ast::Setting {
                name: self.name(&setting),
                value: self.expr_in(&setting),
            })
            .collect()
    }

    fn flow(&mut self, node: &SyntaxNode) -> ast::Flow {
        for clause in [
            SyntaxKind::Fails,
            SyntaxKind::Key,
            SyntaxKind::Trigger,
            SyntaxKind::Produces,
        ] {
            self.report_second(node, clause, "in the head of a flow");
        }
        ast::Flow {
            name: self.name(node),
            params: self.params(node),
            result: self.optional_type(node),
            fails: self.fails(node),
            key: child(node, SyntaxKind::Key).map(|key| self.expr_in(&key)),
            trigger: child(node, SyntaxKind::Trigger).map(|trigger| self.trigger(&trigger)),
            produces: child(node, SyntaxKind::Produces).map(|produces| self.expr_in(&produces)),
            settings: child(node, SyntaxKind::Block)
                .map_or_else(Vec::new, |block| self.settings_of_flow(&block)),
            body: self.child_block(node, 0),
        }
    }

    fn trigger(&mut self, node: &SyntaxNode) -> ast::Trigger {
        ast::Trigger {
            span: self.span(node),
            product: child(node, SyntaxKind::Produced).map(|product| self.expr_in(&product)),
            event: self.name(node),
            condition: self.rule(node),
        }
    }

    /// The settings at the head of a flow's body.
    fn settings_of_flow(&mut self, block: &SyntaxNode) -> Vec<ast::Setting> {
        let head: Vec<SyntaxNode> = children(block, SyntaxKind::Setting).collect();
        self.check_commas(&head);
        let is_statement =
            |part: &SyntaxNode| !matches!(part.kind(), SyntaxKind::Setting | SyntaxKind::BadStatement);
        let first = block.children().find(is_statement);
        let start = first.map_or(block.text_range().end(), |first| first.text_range().start());
        for late in head.iter().filter(|setting| setting.text_range().start() > start) {
            let name = self.name(late);
            self.report(
                ParseError::LateSetting {
                    name: name.text.to_string(),
                },
                name.span,
            );
        }
        self.settings(block)
    }

    /// The errors that `fails` names.
    pub(super) fn fails(&mut self, node: &SyntaxNode) -> Vec<ast::Ident> {
        child(node, SyntaxKind::Fails).map_or_else(Vec::new, |fails| self.names(&fails))
    }
}
