//! Says what is read but not carried out yet, so that nothing is silently left out. What is carried out leaves this file.

use super::Checker;
use crate::ast::{Expr, ExprKind, Flow, ForSource, Item, ItemKind, Service, Statement, StatementKind};
use flowmesh_diagnostics::{Code, Diagnostic, Span};

impl Checker<'_> {
    /// Whether a statement is not carried out, which is reported.
    pub(super) fn later_statement(&mut self, statement: &Statement) -> bool {
        let later = later_statement(&statement.kind);
        if let Some(word) = later {
            self.later(word, first_word(statement.span, word));
        }
        later.is_some()
    }

    /// Reports a form of expressions that is not carried out.
    pub(super) fn later_expr(&mut self, expr: &Expr) {
        let word = match &expr.kind {
            ExprKind::Of(..) => return self.later("of", expr.span),
            ExprKind::For(_) => "for",
            _ => return,
        };
        self.later(word, first_word(expr.span, word));
    }

    /// Reports what of declarations is not carried out.
    pub(super) fn later_items(&mut self) {
        let resolved = self.resolved;
        for item in resolved.modules.iter().flat_map(|module| &module.ast.items) {
            self.later_item(item);
        }
    }

    fn later_item(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Gateway(_) => self.later("gateway", first_word(item.span, "gateway")),
            ItemKind::Access(access) => {
                self.later(if access.allow { "allow" } else { "deny" }, access.word);
            }
            ItemKind::Mesh { word, .. } => self.later("mesh", *word),
            ItemKind::Schedule(_) => self.later("schedule", first_word(item.span, "schedule")),
            ItemKind::Migrate(_) => self.later("migrate", first_word(item.span, "migrate")),
            ItemKind::Test(_) => self.later("test", first_word(item.span, "test")),
            ItemKind::Flow(flow) => self.later_flow(flow),
            ItemKind::Service(service) => self.later_service(service),
            _ => {}
        }
    }

    fn later_flow(&mut self, flow: &Flow) {
        let later = |name: &str| matches!(name, "timeout" | "retry");
        for setting in flow.settings.iter().filter(|setting| later(&setting.name.text)) {
            self.later(&setting.name.text, setting.name.span);
        }
    }

    fn later_service(&mut self, service: &Service) {
        if let Some(from) = &service.from {
            self.later("from", from.span);
        }
    }

    fn later(&mut self, word: &str, span: Span) {
        let message = format!("`{word}` is not part of this version of the language");
        self.report(Diagnostic::error(Code(102), span, message));
    }
}

fn later_statement(kind: &StatementKind) -> Option<&'static str> {
    Some(match kind {
        StatementKind::For(looping) if looping.fan.is_some() => "for",
        StatementKind::For(looping) if matches!(looping.source, ForSource::Signal(_)) => "for",
        StatementKind::Parallel { fan: Some(_), .. } => "parallel",
        StatementKind::Race { .. } => "race",
        StatementKind::When { .. } => "when",
        StatementKind::Try { .. } => "try",
        StatementKind::Within { .. } => "within",
        StatementKind::Lock { .. } => "lock",
        StatementKind::Limited { .. } => "limit",
        StatementKind::State { .. } => "state",
        StatementKind::Goto { .. } => "goto",
        StatementKind::Step { .. } => "step",
        _ => return None,
    })
}

/// The place of the first word of something that has `word` there, or, after `let`, of as many letters.
fn first_word(span: Span, word: &str) -> Span {
    let length = u32::try_from(word.len()).unwrap_or(0);
    Span::new(span.source, span.start, (span.start + length).min(span.end))
}
