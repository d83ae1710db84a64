//! Statements that wait, and what is heard and read from outside.

use super::{Reader, child, children, has_token};
use crate::ast::{self, AwaitOn, Limit, StatementKind, Tails};
use crate::parse::error::ParseError;
use crate::syntax::{SyntaxKind, SyntaxNode};

impl Reader {
    /// A wait, a signal or a view; nothing for a node that is none of them.
    pub(super) fn waiting(&mut self, node: &SyntaxNode, depth: usize) -> Option<StatementKind> {
        Some(match node.kind() {
            SyntaxKind::Sleep => StatementKind::Sleep {
                duration: self.expr_in(node),
            },
            SyntaxKind::SleepUntil => StatementKind::SleepUntil {
                time: self.expr_in(node),
            },
            SyntaxKind::Await => self.wait(node, depth),
            SyntaxKind::Signal => StatementKind::Signal {
                name: self.name(node),
                params: self.params(node),
                result: self.optional_type(node),
                transient: self.first_word(node).text == "transient",
            },
            SyntaxKind::On => StatementKind::On {
                signal: self.name(node),
                params: self.heard_names(node),
                body: self.child_block(node, depth),
            },
            SyntaxKind::View => StatementKind::View {
                name: self.name(node),
                ty: self.optional_type(node),
                value: self.expr_in(node),
            },
            _ => return None,
        })
    }

    /// The names of what a signal carries: its declaration says their types.
    fn heard_names(&mut self, node: &SyntaxNode) -> Vec<ast::Ident> {
        let Some(names) = child(node, SyntaxKind::HeardNames) else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for part in children(&names, SyntaxKind::HeardName) {
            if let Some(ty) = self.optional_type(&part) {
                self.report(ParseError::TypeHeard, ty.span);
            }
            all.push(self.name(&part));
        }
        all
    }

    fn wait(&mut self, node: &SyntaxNode, depth: usize) -> StatementKind {
        if let Some(arms) = child(node, SyntaxKind::AwaitArms) {
            let arms = children(&arms, SyntaxKind::AwaitArm);
            return StatementKind::AwaitAny {
                arms: arms.map(|arm| self.await_arm(&arm, depth)).collect(),
            };
        }
        let (on, bind) = self.awaited(node);
        let limit = self.limit(node, depth);
        let catch = self.catches(node, depth);
        let tails = Tails {
            catch,
            ..Tails::default()
        };
        StatementKind::Await {
            on,
            bind,
            limit,
            tails,
        }
    }

    /// `let NAME = await E`
    pub(super) fn bound_await(&mut self, node: &SyntaxNode, name: ast::Ident, depth: usize) -> StatementKind {
        match self.wait(node, depth) {
            StatementKind::Await {
                on,
                bind,
                limit,
                tails,
            } => {
                if let Some(second) = bind {
                    self.report(ParseError::BoundTwice, second.span);
                }
                StatementKind::Await {
                    on,
                    bind: Some(name),
                    limit,
                    tails,
                }
            }
            arms => {
                self.report(ParseError::ArmsBound, self.first_word(node).span);
                arms
            }
        }
    }

    /// An `await` where only `let` and nothing else may have one.
    pub(super) fn await_elsewhere(&mut self, node: &SyntaxNode) {
        let word = self.first_word(node).span;
        self.report(ParseError::AwaitElsewhere, word);
    }

    fn await_arm(&mut self, node: &SyntaxNode, depth: usize) -> ast::AwaitArm {
        let (on, bind) = self.awaited(node);
        ast::AwaitArm {
            span: self.span(node),
            on,
            bind,
            body: self.body(node, depth),
        }
    }

    /// What is awaited, and the name it gets.
    fn awaited(&mut self, node: &SyntaxNode) -> (AwaitOn, Option<ast::Ident>) {
        if let Some(event) = child(node, SyntaxKind::AwaitedEvent) {
            let mut names = self.names(&event).into_iter();
            let name = names.next().unwrap_or_else(|| self.name(&event));
            let condition = self.rule(&event);
            return (
                AwaitOn::Event {
                    event: name,
                    condition,
                },
                names.next(),
            );
        }
        if let Some(after) = child(node, SyntaxKind::After) {
            return (AwaitOn::After(self.expr_in(&after)), None);
        }
        if let Some(at) = child(node, SyntaxKind::AtTime) {
            return (AwaitOn::At(self.expr_in(&at)), None);
        }
        let bind = child(node, SyntaxKind::Name).map(|name| self.ident(&name));
        (AwaitOn::Expr(self.expr_in(node)), bind)
    }

    /// How long the wait of a node may last.
    pub(super) fn limit(&mut self, node: &SyntaxNode, depth: usize) -> Limit {
        if let Some(forever) = child(node, SyntaxKind::Forever) {
            return Limit::Forever(self.span(&forever));
        }
        let Some(within) = child(node, SyntaxKind::Within) else {
            return Limit::Missing;
        };
        let duration = self.expr_in(&within);
        let has_else = has_token(&within, SyntaxKind::ElseKw);
        let otherwise = has_else.then(|| Box::new(self.body(&within, depth)));
        Limit::Within { duration, otherwise }
    }
}
