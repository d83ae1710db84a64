//! Tests in the language.

use super::{Reader, child, children, tokens};
use crate::ast::{self, AnswerKind, Count, Expected, Expr, ExprKind, Ident, TestKind};
use crate::syntax::{SyntaxKind, SyntaxNode};

impl Reader {
    pub(super) fn test(&mut self, node: &SyntaxNode) -> ast::Test {
        let block = child(node, SyntaxKind::TestBlock);
        let statements = block.map(|block| block.children().collect::<Vec<_>>());
        ast::Test {
            title: self.child_text(node),
            body: statements
                .unwrap_or_default()
                .iter()
                .map(|statement| self.test_statement(statement))
                .collect(),
        }
    }

    pub(super) fn test_statement(&mut self, node: &SyntaxNode) -> ast::TestStatement {
        let kind = match node.kind() {
            SyntaxKind::Mock => self.mock(node),
            SyntaxKind::TestLet => self.test_let(node),
            SyntaxKind::TestStart | SyntaxKind::Send => self.begun(node, None),
            SyntaxKind::TestEmit => TestKind::Emit {
                event: self.expr_in(node),
            },
            SyntaxKind::Advance => TestKind::Advance {
                duration: self.expr_in(node),
            },
            SyntaxKind::TestCancel => TestKind::Cancel {
                run: self.expr_in(node),
            },
            SyntaxKind::TestConfig => TestKind::Config {
                name: self.name(node),
                value: self.expr_in(node),
            },
            SyntaxKind::Crash => TestKind::Crash,
            SyntaxKind::Expectation => TestKind::Expect {
                always: self.first_word(node).text == "always",
                what: self.expected(node),
            },
            _ => TestKind::Bad,
        };
        ast::TestStatement {
            span: self.span(node),
            kind,
        }
    }

    fn test_let(&mut self, node: &SyntaxNode) -> TestKind {
        let name = self.name(node);
        let begins = |child: &SyntaxNode| matches!(child.kind(), SyntaxKind::TestStart | SyntaxKind::Send);
        match node.children().find(begins) {
            Some(begun) => self.begun(&begun, Some(name)),
            None => TestKind::Let {
                name,
                value: self.expr_in(node),
            },
        }
    }

    /// `start a()` and `send a() to run`
    fn begun(&mut self, node: &SyntaxNode, bind: Option<ast::Ident>) -> TestKind {
        let mut exprs = self.exprs(node).into_iter();
        let call = exprs.next().unwrap_or_else(|| self.bad(node));
        match node.kind() {
            SyntaxKind::TestStart => TestKind::Start { bind, call },
            _ => TestKind::Send {
                bind,
                signal: call,
                run: exprs.next(),
            },
        }
    }

    fn mock(&mut self, node: &SyntaxNode) -> TestKind {
        let mut exprs = self.exprs(node).into_iter();
        TestKind::Mock {
            call: exprs.next().unwrap_or_else(|| self.bad(node)),
            attempted: child(node, SyntaxKind::Attempted).is_some(),
            condition: exprs.next(),
            answers: children(node, SyntaxKind::MockAnswer)
                .map(|answer| self.answer(&answer))
                .collect(),
        }
    }

    fn answer(&mut self, node: &SyntaxNode) -> ast::Answer {
        let mut exprs = self.exprs(node).into_iter();
        let delay = if self.first_word(node).text == "after" {
            exprs.next()
        } else {
            None
        };
        let kind = match (
            node.children().find_map(|part| self.answered(&part)),
            exprs.next(),
        ) {
            (Some(kind), _) => kind,
            (None, Some(value)) => AnswerKind::Value(value),
            (None, None) => AnswerKind::Never,
        };
        ast::Answer {
            span: self.span(node),
            delay,
            kind,
            times: child(node, SyntaxKind::AnswerTimes).map(|times| self.so_often(&times)),
        }
    }

    /// An answer that is no value.
    fn answered(&mut self, node: &SyntaxNode) -> Option<AnswerKind> {
        match node.kind() {
            SyntaxKind::AnswerFail => Some(AnswerKind::Fail(self.expr_in(node))),
            SyntaxKind::AnswerStatus => {
                let settings = child(node, SyntaxKind::Settings);
                let settings = settings.map(|settings| self.settings(&settings));
                let status = self.status(node);
                Some(AnswerKind::Status(status, settings.unwrap_or_default()))
            }
            _ => None,
        }
    }

    fn expected(&mut self, node: &SyntaxNode) -> Expected {
        let subject = self.expr_in(node);
        if let Some(count) = child(node, SyntaxKind::Count) {
            return Expected::Calls {
                call: subject,
                attempted: child(node, SyntaxKind::Attempted).is_some(),
                count: self.count(&count),
            };
        }
        if let Some(spanned) = child(node, SyntaxKind::Spanned) {
            return self.spanned(subject, &spanned);
        }
        let Some(expected) = child(node, SyntaxKind::Expected) else {
            return Expected::Holds(subject);
        };
        let run = subject;
        let value = self.child_expr(&expected);
        let word = self.first_word(&expected).text;
        if word == "fails" {
            return Expected::Fails { run, error: value };
        }
        if word == "is" {
            return Expected::Is {
                run,
                status: self.name(&expected),
            };
        }
        let value = value.unwrap_or_else(|| self.bad(&expected));
        match word.as_str() {
            "returns" => Expected::Returns { run, value },
            "at" => Expected::At { run, step: value },
            "logs" => Expected::Logs { run, text: value },
            _ => Expected::Before {
                first: run,
                then: value,
            },
        }
    }

    fn spanned(&mut self, run: Expr, node: &SyntaxNode) -> Expected {
        let part = |kind| child(node, kind);
        let spans = ast::Spans {
            span: self.span_name(node),
            inside: part(SyntaxKind::SpanIn).map(|inside| self.span_name(&inside)),
            status: part(SyntaxKind::SpanIs).map(|status| self.name(&status)),
            count: part(SyntaxKind::Count).map(|count| self.count(&count)),
            before: part(SyntaxKind::SpanBefore).map(|before| self.span_name(&before)),
        };
        Expected::Spans {
            run,
            spans: Box::new(spans),
        }
    }

    /// A step by its name or its title.
    fn span_name(&mut self, node: &SyntaxNode) -> Expr {
        let Some(name) = child(node, SyntaxKind::SpanName) else {
            return self.bad(node);
        };
        match child(&name, SyntaxKind::Name) {
            Some(_) => {
                let Ident { text, span } = self.name(&name);
                Expr {
                    span,
                    kind: ExprKind::Name(text),
                }
            }
            None => self.child_text(&name),
        }
    }

    fn count(&mut self, node: &SyntaxNode) -> Count {
        match self.first_word(node).text.as_str() {
            "at" if tokens(node).any(|token| token.text() == "least") => {
                Count::AtLeast(self.child_number(node))
            }
            "at" => Count::AtMost(self.child_number(node)),
            _ => Count::Exactly(self.so_often(node)),
        }
    }

    /// `never`, `once`, `twice`, `3 times`
    fn so_often(&mut self, node: &SyntaxNode) -> Expr {
        let word = self.first_word(node);
        let value = match word.text.as_str() {
            "never" => 0,
            "once" => 1,
            "twice" => 2,
            _ => return self.child_number(node),
        };
        Expr {
            span: word.span,
            kind: ExprKind::Int(value),
        }
    }
}
